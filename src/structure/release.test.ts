import { expect, test } from "vitest";
import { defer } from "../index.ts";
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
