import { describe, expect, test } from "vitest";
import {
  cancelScope,
  cede,
  coroutine,
  createTask,
  currentDeadline,
  defer,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  timeoutAt,
  TimeoutError,
  type Awaitable,
  type CancelScope,
} from "../index.ts";
import { cancelEverywhere } from "../testing/index.ts";
import { outcome, programs, tidy, timedOut, unheard } from "../../tests/support/deadlines.ts";
import type { Log } from "../../tests/support/small.ts";

describe("a timeout", () => {
  programs({
    "gives the body's value": [() => timeout(5, () => sleep(4)), "undefined"],
    "throws the body's error": [
      () =>
        timeout(5, function* () {
          yield* sleep(1);
          throw new Error("body");
        }),
      "Error: body",
    ],
    "throws once the body has cleaned up": [
      (log) => timeout(5, () => tidy(log, 3)),
      timedOut(5),
      "8 cleaned up",
    ],
    "says seconds where they are more readable": [
      (log) => timeout(2500, () => tidy(log)),
      "TimeoutError: Timed out after 2.5 s.",
      "2500 cleaned up",
    ],
    "may be caught, and the caller goes on": [
      function* (log) {
        try {
          yield* timeout(5, () => tidy(log));
        } catch (error) {
          log(`${error instanceof TimeoutError} ${(error as TimeoutError).ms}`);
        }
        yield* sleep(5);
        log("goes on");
      },
      "undefined",
      "5 cleaned up",
      "5 true 5",
      "10 goes on",
    ],
    "reaches the tasks of groups in it, not those of the run": [
      (log) =>
        timeout(5, function* () {
          createTask(function* () {
            yield* sleep(6);
            log("of the run");
          });
          yield* taskGroup(function* (group) {
            group.createTask(() => tidy(log, 2));
            group.createTask(() => timeout(9, () => tidy(log, 1)));
          });
        }),
      timedOut(5),
      "6 of the run",
      "6 cleaned up",
      "7 cleaned up",
    ],
    "of Infinity never comes": [
      () =>
        timeout(Infinity, function* (scope) {
          yield* sleep(1e9);
          return String(scope.deadline);
        }),
      '"Infinity"',
    ],
    "of 0 cancels at the first checkpoint": [
      (log) =>
        timeout(0, function* () {
          log("body begins");
          yield* sleep(0);
          log("wrong");
        }),
      timedOut(0),
      "0 body begins",
    ],
    "S18: of 0 is only told where the body has no checkpoint": [
      () =>
        timeout(0, function* () {
          return "result";
        }),
      '"result"',
      `0 ${unheard(0)}`,
    ],
    "awaited twice is two timeouts, each from its beginning": [
      function* (log) {
        const both = timeout(5, () => sleep(4));
        yield* both;
        yield* both;
        log("twice");
      },
      "undefined",
      "8 twice",
    ],
    "in cleanup works as anywhere": [
      (log) =>
        timeout(5, function* () {
          try {
            yield* sleepForever();
          } finally {
            try {
              yield* timeout(3, () => tidy(log, 1));
            } catch (error) {
              log(String(error));
            }
            yield* sleep(1);
            log("outer cleaned up");
          }
        }),
      timedOut(5),
      "9 cleaned up",
      `9 ${timedOut(3)}`,
      "10 outer cleaned up",
    ],
  });

  test.each([NaN, -1, -Infinity, null, undefined])("S17: of %s is a RangeError, at once", (ms) => {
    for (const [limit, what] of [
      [timeout, "set a timeout of"],
      [moveOnAfter, "move on after"],
    ] as const) {
      expect(() => limit(ms as number, () => sleep(1))).toThrow(
        new RangeError(
          `Cannot ${what} ${ms} ms: a delay is a number of milliseconds, 0 or more (or Infinity).`,
        ),
      );
    }
  });
});

describe("S18: the deadline of a timeout may be moved", () => {
  const moved = (ms: number, to: (scope: CancelScope) => number) => (log: Log) =>
    timeout(ms, function* (scope) {
      yield* sleep(2);
      scope.deadline = to(scope);
      log(`now ${scope.deadline}`);
      yield* tidy(log);
    });
  programs({
    later: [moved(5, (scope) => scope.deadline + 10), timedOut(15), "2 now 15", "15 cleaned up"],
    earlier: [moved(50, () => 4), timedOut(4), "2 now 4", "4 cleaned up"],
    "to now": [moved(50, () => 2), timedOut(2), "2 now 2", "2 cleaned up"],
    "to the past": [moved(50, () => -1), timedOut(2), "2 now -1", "2 cleaned up"],
    "to -Infinity": [moved(50, () => -Infinity), timedOut(2), "2 now -Infinity", "2 cleaned up"],
    "from Infinity": [moved(Infinity, () => 7), timedOut(7), "2 now 7", "7 cleaned up"],
    "to where it is": [moved(5, (scope) => scope.deadline), timedOut(5), "2 now 5", "5 cleaned up"],
    "to Infinity": [
      () =>
        timeout(5, function* (scope) {
          scope.deadline = Infinity;
          yield* sleep(100);
          return "result";
        }),
      '"result"',
    ],
    "by another task, again and again: a watchdog": [
      (log) =>
        timeout(5, function* (scope) {
          createTask(function* () {
            for (let i = 0; i < 4; i++) {
              yield* sleep(3);
              scope.deadline += 3;
            }
          });
          yield* tidy(log);
        }),
      timedOut(17),
      "17 cleaned up",
    ],
    "once it has passed, in vain: it passes once": [
      (log) =>
        timeout(5, function* (scope) {
          try {
            yield* sleepForever();
          } finally {
            scope.deadline = 6;
            yield* sleep(4);
            log("cleaned up");
          }
        }),
      timedOut(5),
      "9 cleaned up",
    ],
    "once it was cancelled, in vain": [
      (log) =>
        moveOnAfter(50, () =>
          moveOnAfter(50, function* (scope) {
            try {
              scope.cancel();
              yield;
            } finally {
              scope.deadline = 2;
              yield* sleep(4);
              scope.deadline = -1;
              log(`cleaned up by ${currentDeadline()}`);
            }
          }),
        ),
      '{"expired":false,"value":{"expired":true}}',
      "4 cleaned up by Infinity",
    ],
    "once it was cancelled, in vain, and nobody is told": [
      (log) =>
        cancelScope(function* (outer) {
          yield* timeout(50, function* (scope) {
            try {
              outer.cancel();
              yield;
            } finally {
              scope.cancel();
              scope.deadline = 2;
              yield* sleep(4);
              log("cleaned up");
            }
          });
        }),
      '{"cancelled":true}',
      "4 cleaned up",
    ],
  });

  test.each([NaN, "5", null, undefined])(
    "S17: to %s is a RangeError, and it stays where it was",
    async (to) => {
      const [result] = await outcome(() =>
        timeout(5, function* (scope) {
          expect(() => (scope.deadline = to as number)).toThrow(
            new RangeError("Cannot set a deadline that is not a number: it is a time in milliseconds."),
          );
          return scope.deadline;
        }),
      );
      expect(result).toBe("5");
    },
  );
});

test("timeouts in a loop leave no timer, however they end", async () => {
  const main = function* (): Awaitable<void> {
    for (let i = 0; i < 1000; i++) {
      for (const ms of [0.25, 2]) {
        try {
          yield* timeout(1, function* () {
            yield* sleep(ms);
            if (i % 2 === 0) throw new Error("left by a throw");
          });
          if (i % 3 === 0) break;
        } catch {}
      }
    }
  };
  expect(await outcome(main)).toEqual(["undefined"]); // and no deadline is left
});

test("a program of timeouts ends wherever it is cancelled", async () => {
  let open = 0;
  const work = coroutine(function* work(ms: number, release: () => Awaitable<void>): Awaitable<void> {
    open++;
    try {
      yield* sleep(ms);
    } finally {
      yield* release();
      open--;
    }
  });
  const none = function* (): Awaitable<void> {};
  await cancelEverywhere(
    function* () {
      for (const [outer, inner, ms] of [
        [5, 5, 9],
        [5, 3, 9],
        [3, 5, 9],
        [9, 9, 1],
        [0, 9, 1],
      ] as const) {
        yield* moveOnAfter(outer, () => moveOnAfter(inner, () => work(ms, () => shield(() => sleep(1)))));
        try {
          yield* timeout(outer, () => moveOnAfter(inner, () => work(ms, none)));
          yield* moveOnAfter(outer, () => timeout(inner, () => work(ms, none)));
        } catch (error) {
          if (!(error instanceof TimeoutError)) throw error;
        }
      }
    },
    { check: () => expect(open).toBe(0) },
  );
});

test("S12: an error that was on its way when the time was up, and is caught, makes no later one the first", async () => {
  const failing = coroutine(function* failing(): Awaitable<void> {
    defer(() => sleep(10)); // the time is up meanwhile
    throw new Error("caught");
  });
  const [end] = await outcome(() =>
    timeout(5, function* () {
      try {
        try {
          yield* failing();
        } catch {}
        yield* cede();
      } finally {
        throw new Error("cleanup");
      }
    }),
  );
  expect(end).toBe(`${timedOut(5)}, besides Error: cleanup`);
});

test("S18: thousands in one another that pass one after another, the innermost first: in time for a test", async () => {
  const nested = coroutine(function* nested(depth: number, end: number): Awaitable<void> {
    if (depth > 0) return yield* timeoutAt(end + depth * 1e-6, () => nested(depth - 1, end));
    try {
      yield* sleepForever();
    } finally {
      yield* sleep(1); // meanwhile all the others pass
    }
  });
  const [end, ...heard] = await outcome(() => nested(4000, 1));
  expect([end, heard.length]).toMatchInlineSnapshot(`
    [
      "TimeoutError: Timed out after 1 ms., besides TimeoutError: Timed out after 1 ms.",
      3998,
    ]
  `);
});
