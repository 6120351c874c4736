import { describe, expect, test } from "vitest";
import { createTask, interval, moveOnAfter, runningLoop, sleep, type IntervalOptions } from "../index.ts";
import { runVirtual } from "../testing/index.ts";
import { failureOf } from "../../tests/support/failure.ts";

/** When each tick begins, as "number at time"; the ticks take as long as `takes` says. */
async function ticks(
  ms: number,
  takes: (n: number) => number,
  options: IntervalOptions,
  limit = 1000,
): Promise<string[]> {
  const lines: string[] = [];
  await runVirtual(() =>
    moveOnAfter(limit, () =>
      interval(
        ms,
        function* (n) {
          lines.push(`${n} at ${runningLoop().time()}`);
          yield* sleep(takes(n));
        },
        options,
      ),
    ),
  );
  return lines;
}

test("interval() does not drift: tick n is at the start plus n times the interval", async () => {
  expect(await ticks(10, (n) => n % 7, { last: 4 })).toEqual(["1 at 10", "2 at 20", "3 at 30", "4 at 40"]);
  const fine = await ticks(0.1, () => 0.03, { last: 1000 });
  expect(fine.at(-1)).toBe(`1000 at ${1000 * 0.1}`);
  expect(fine).toHaveLength(1000);
});

test("interval() begins with tick 0 at once, if it is to", async () => {
  expect(await ticks(10, () => 0, { last: 2, immediate: true })).toEqual(["0 at 0", "1 at 10", "2 at 20"]);
});

test("interval() goes on until it is cancelled", async () => {
  expect(await ticks(10, () => 0, {}, 35)).toEqual(["1 at 10", "2 at 20", "3 at 30"]);
});

describe("what becomes of missed ticks", () => {
  const slow = (n: number): number => (n === 1 ? 35 : 0); // it ends at 45

  test("skip: they are left out, and the next is in time", async () => {
    expect(await ticks(10, slow, { last: 7 })).toEqual(["1 at 10", "5 at 50", "6 at 60", "7 at 70"]);
  });

  test("skip: one that is due at the very end of a call is in time", async () => {
    expect(await ticks(10, (n) => (n === 1 ? 30 : 0), { last: 5 })).toEqual([
      "1 at 10",
      "4 at 40",
      "5 at 50",
    ]);
    expect(await ticks(10, () => 10, { last: 3 })).toEqual(["1 at 10", "2 at 20", "3 at 30"]);
  });

  test("burst: they come one after another until the time is made up for", async () => {
    expect(await ticks(10, slow, { last: 6, missed: "burst" })).toEqual([
      "1 at 10",
      "2 at 45",
      "3 at 45",
      "4 at 45",
      "5 at 50",
      "6 at 60",
    ]);
  });

  test("delay: all later ones are so much later", async () => {
    expect(await ticks(10, slow, { last: 4, missed: "delay" })).toEqual([
      "1 at 10",
      "2 at 45",
      "3 at 55",
      "4 at 65",
    ]);
  });

  test("a burst that never catches up can be cancelled", async () => {
    const lines = await ticks(10, () => 11, { missed: "burst" }, 100);
    expect(lines).toHaveLength(9);
  });
});

test("interval() ends with what its body throws", async () => {
  const error = await failureOf(
    runVirtual(() =>
      interval(10, function* (n) {
        if (n === 2) throw new Error(`tick ${n}`);
      }),
    ),
  );
  expect(error.message).toBe("tick 2");
});

test("interval() says which tick it waits for", async () => {
  await runVirtual(function* () {
    const task = createTask(() => interval(10, function* poll() {}));
    yield* sleep(15);
    expect(task.waitingFor).toBe("tick 2 of poll, every 10 ms");
    yield* task.cancel();
  });
});

test("interval() refuses what is no interval", () => {
  const body = function* () {};
  expect(() => interval(0, body)).toThrow(
    "Cannot set an interval of 0 ms: all ticks would be due at once. Write a loop with `cede()`.",
  );
  expect(() => interval(-1, body)).toThrow("Cannot set an interval of -1 ms");
  expect(() => interval(1, sleep(1) as never)).toThrow(
    "Cannot call at each tick sleep 1 ms: it takes a function",
  );
  expect(() => interval(1, body, { missed: "catch up" as never })).toThrow(
    'Cannot treat missed ticks by "catch up": `missed` is "skip", "burst" or "delay".',
  );
  expect(() => interval(1, body, { last: NaN })).toThrow(
    "Cannot end an interval after tick NaN: `last` is a number.",
  );
});
