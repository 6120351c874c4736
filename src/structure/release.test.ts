import { expect, test } from "vitest";
import { defer, moveOnAfter, runningLoop, sleep, sleepForever } from "../index.ts";
import { runVirtual } from "../testing/index.ts";

test("what a short arrow gives by the way is not awaited", async () => {
  const list = [{ open: true }];
  const result = await runVirtual(function* () {
    for (const give of [
      () => list.splice(0),
      () => new Set([1]),
      () => new Map([[1, 2]]),
      () => new Uint8Array(2),
    ]) {
      defer(give as () => void);
    }
    return "result";
  });
  expect([result, list]).toEqual(["result", []]);
});

test("S2: a promise of a release that was abandoned is told when it is resolved after all", async () => {
  const told: string[] = [];
  const program = function* () {
    const close = () => new Promise<void>((resolve) => runningLoop().callLater(900, resolve));
    const work = function* () {
      defer(close);
      yield* sleepForever();
    };
    yield* moveOnAfter(5, work, { cleanupTimeout: 100 });
    yield* sleep(2000);
  };
  await runVirtual(program, { onReport: ({ kind, message }) => told.push(`${kind}: ${message}`) });
  expect(told).toEqual([
    expect.stringMatching(/^cleanup-abandoned: .* while it waited for the promise of a release\.$/),
    "work-ended: A release of main#1, which was abandoned, has ended after all, 800 ms later.",
  ]);
});
