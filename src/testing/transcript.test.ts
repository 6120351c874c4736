import { expect, test } from "vitest";
import { all, coroutine, sleep } from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "./index.ts";

test("a transcript notes what was said, and when", async () => {
  const log = transcript();
  const walk = coroutine(function* walk(name: string, ms: number) {
    log(`${name} sets out`);
    yield* sleep(ms);
    log(`${name} arrives`);
  });
  await runVirtual(() => all([walk("hare", 1.5), walk("tortoise", 2000)]));
  expect(log.lines).toEqual([
    "0 hare sets out",
    "0 tortoise sets out",
    "1.5 hare arrives",
    "2000 tortoise arrives",
  ]);
  expect(String(log)).toBe("0 hare sets out\n0 tortoise sets out\n1.5 hare arrives\n2000 tortoise arrives");
});

test("its time is the running loop's", async () => {
  const log = transcript();
  for (const start of [0, 500]) {
    await runVirtual(
      function* () {
        log("here");
      },
      { host: new VirtualClock(start) },
    );
  }
  expect(log.lines).toEqual(["0 here", "500 here"]);
});

test("one that nobody wrote in is empty", () => {
  expect(`${transcript()}`).toBe("");
});

test("outside a program there is no time, and it says so", () => {
  expect(() => transcript()("here")).toThrow("Cannot tell the running loop: no task is running here.");
});
