import { expect, test } from "vitest";
import { all, coroutine, sleep } from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "./index.ts";

test("a transcript notes what was said, when, and in which task", async () => {
  const log = transcript();
  const walk = coroutine(function* walk(name: string, ms: number) {
    log(`${name} sets out`);
    yield* sleep(ms);
    log(`${name} arrives`);
  });
  await runVirtual(() => all([walk("hare", 1.5), walk("tortoise", 2000)]));
  expect(log.lines).toEqual([
    "0 walk#2 hare sets out",
    "0 walk#3 tortoise sets out",
    "1.5 walk#2 hare arrives",
    "2000 walk#3 tortoise arrives",
  ]);
  expect(String(log)).toBe(log.lines.join("\n"));
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
  expect(log.lines).toEqual(["0 main#1 here", "500 main#1 here"]);
});

test("without tasks, a line is the time and what was said", async () => {
  const log = transcript({ tasks: false });
  await runVirtual(function* () {
    yield* sleep(3);
    log("here");
  });
  expect(log.lines).toEqual(["3 here"]);
});

test("one that nobody wrote in is empty", () => {
  expect(`${transcript()}`).toBe("");
});

test("outside a program there is no time, and it says so", () => {
  expect(() => transcript()("here")).toThrow("Cannot tell the running loop: no task is running here.");
});
