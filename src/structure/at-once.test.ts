import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  sleepUntil,
  suppressedErrors,
  taskGroup,
  timeout,
  type Awaitable,
} from "../index.ts";

import { outcome, programs, tidy, timedOut, unheard } from "../../tests/support/deadlines.ts";
import type { Log } from "../../tests/support/small.ts";

const failingCleanup = coroutine(function* failingCleanup(ms: number): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    yield* sleep(ms);
    throw new Error("cleanup"); // eslint-disable-line no-unsafe-finally
  }
});

describe("S18: when several things come at once", () => {
  programs({
    "equal nested deadlines: the outer one takes all, the inner one is only told": [
      (log) => timeout(5, () => timeout(5, () => tidy(log))),
      timedOut(5),
      `5 ${unheard(5)}`,
      "5 cleaned up",
    ],
    "the inner deadline first: the caller inside goes on, until the outer one": [
      (log) =>
        timeout(5, function* () {
          try {
            yield* timeout(4, () => tidy(log));
          } catch (error) {
            log(String(error));
          }
          yield* tidy(log);
        }),
      timedOut(5),
      "4 cleaned up",
      `4 ${timedOut(4)}`,
      "5 cleaned up",
    ],
    "S12: the outer deadline while the inner one's cleanup runs: the first is the error": [
      (log) =>
        timeout(5, function* () {
          try {
            yield* timeout(4, () => tidy(log, 3));
          } catch {
            log("wrong");
          }
        }),
      `${timedOut(4)}, besides ${timedOut(5)}`,
      "7 cleaned up",
    ],
    "S12: an inner deadline that the outer one overtakes does not make it come after the cleanup's error": [
      () =>
        timeout(5, () =>
          timeout(4, function* () {
            yield* shield(() => sleep(5));
            yield* failingCleanup(0);
          }),
        ),
      `${timedOut(5)}, besides Error: cleanup`,
      `5 ${unheard(4)}`,
    ],
    "S12: in cleanup, no outer deadline overtakes it: the first is the error": [
      () =>
        timeout(5, () =>
          cancelScope(function* (scope) {
            scope.cancel();
            try {
              yield;
            } finally {
              yield* timeout(4, function* () {
                yield* shield(() => sleep(5));
                yield;
              });
            }
          }),
        ),
      `${timedOut(4)}, besides ${timedOut(5)}`,
    ],
    "a cancellation from further out, then the deadline: it is only told": [
      (log) =>
        cancelScope(function* (outer) {
          createTask(function* () {
            yield* sleep(5);
            outer.cancel();
          });
          yield; // so that its sleep comes before the deadline
          yield* timeout(5, () => tidy(log));
        }),
      '{"cancelled":true}',
      "5 cleaned up",
      `5 ${unheard(5)}`,
    ],
    "the deadline, then a cancellation from further out: too late": [
      (log) =>
        cancelScope(function* (outer) {
          yield* timeout(5, function* () {
            createTask(function* () {
              yield* sleep(5);
              outer.cancel();
            });
            yield* tidy(log);
          });
        }),
      timedOut(5),
      "5 cleaned up",
    ],
    "a cancellation of its own scope, then the deadline during the cleanup: it is only told": [
      (log) =>
        timeout(5, function* (scope) {
          scope.cancel("enough");
          yield* tidy(log, 9);
        }),
      "CancelledError: the timeout was cancelled by main#N: enough",
      `5 ${unheard(5)}`,
      "9 cleaned up",
    ],
    "an error of a child, then the deadline during the cleanup: the error": [
      (log) =>
        timeout(5, () =>
          taskGroup(function* (group) {
            group.createTask(function* () {
              yield* sleep(4);
              throw new Error("child");
            });
            yield* tidy(log, 3);
          }),
        ),
      `Error: child, besides ${timedOut(5)}`,
      "7 cleaned up",
    ],
    "an error of a cleanup, then the deadline during the cleanup further out: the error": [
      (log) =>
        timeout(5, function* () {
          try {
            yield* moveOnAfter(3, function* () {
              try {
                yield* failingCleanup(1);
              } finally {
                yield* sleep(5);
                log("inner cleaned up");
              }
            });
          } finally {
            log("outer cleaned up");
          }
        }),
      `Error: cleanup, besides ${timedOut(5)}`,
      "9 inner cleaned up",
      "9 outer cleaned up",
    ],
    "the deadline during a cleanup, then an error of that cleanup: the deadline": [
      (log) =>
        timeout(5, function* () {
          try {
            yield* moveOnAfter(3, () => failingCleanup(3));
          } finally {
            log("outer cleaned up");
          }
        }),
      `${timedOut(5)}, besides Error: cleanup`,
      "6 outer cleaned up",
    ],
    "a deadline in a cleanup that an error passes through, then an error in there: the deadline": [
      (log) =>
        moveOnAfter(1, function* () {
          try {
            yield* failingCleanup(1);
          } finally {
            try {
              yield* timeout(5, () => failingCleanup(1));
            } catch (error) {
              log([error, ...suppressedErrors(error)].join(", besides "));
            }
          }
        }),
      "Error: cleanup",
      `8 ${timedOut(5)}, besides Error: cleanup`,
    ],
    "the deadline while a group waits for its tasks, then the failure of one: the deadline": [
      () =>
        timeout(5, () =>
          taskGroup(function* (group) {
            group.createTask(failingCleanup(1));
          }),
        ),
      `${timedOut(5)}, besides Error: cleanup`,
    ],
    "the failure of a task of a group that is left, then the deadline while it waits for the others: the failure":
      [
        (log) =>
          timeout(5, () =>
            taskGroup(function* (group) {
              group.createTask(() => tidy(log, 3));
              group.createTask(function* () {
                yield* sleep(4);
                throw new Error("child");
              });
            }),
          ),
        `Error: child, besides ${timedOut(5)}`,
        "7 cleaned up",
      ],
    "the deadline, then an error of the cleanup: the deadline": [
      () =>
        timeout(5, function* () {
          try {
            yield* sleepForever();
          } finally {
            throw new Error("cleanup"); // eslint-disable-line no-unsafe-finally
          }
        }),
      `${timedOut(5)}, besides Error: cleanup`,
    ],
    "a result that was there when the deadline passed": [
      () =>
        timeout(Infinity, function* (scope) {
          createTask(function* () {
            scope.deadline = 5; // behind the sleep
          });
          yield* sleep(5);
          return "result";
        }),
      '"result"',
      `5 ${unheard(5)}`,
    ],
    "a deadline that passes before what the body waits for, at the same time": [
      () => timeout(5, () => sleepUntil(5)),
      timedOut(5),
    ],
    "a deadline in a shield's time, and a body that ends there": [
      (log) =>
        timeout(5, function* () {
          yield* shield(() => sleep(9));
          log("shielded");
          return "result";
        }),
      '"result"',
      "9 shielded",
      `9 ${unheard(5)}`,
    ],
    "a deadline while a group waits for its tasks: its result is not there yet": [
      (log) =>
        timeout(5, () =>
          taskGroup(function* (group) {
            group.createTask(() => tidy(log, 1));
            return "result";
          }),
        ),
      timedOut(5),
      "6 cleaned up",
    ],
  });
});

describe("moveOnAfter tells", () => {
  programs({
    "the value": [
      () =>
        moveOnAfter(5, function* () {
          yield* sleep(1);
          return 7;
        }),
      '{"expired":false,"value":7}',
    ],
    "that the time was up": [(log) => moveOnAfter(5, () => tidy(log, 3)), '{"expired":true}', "8 cleaned up"],
    "which of two equal ones it was: the outer": [
      (log) => moveOnAfter(5, () => moveOnAfter(5, () => tidy(log))),
      '{"expired":true}',
      "5 cleaned up",
    ],
    "which of two it was: the inner": [
      (log) => moveOnAfter(6, () => moveOnAfter(5, () => tidy(log))),
      '{"expired":false,"value":{"expired":true}}',
      "5 cleaned up",
    ],
    "an expiry, not the error of a timeout that expires with it": [
      (log) => moveOnAfter(5, () => timeout(5, () => tidy(log))),
      '{"expired":true}',
      `5 ${unheard(5)}`,
      "5 cleaned up",
    ],
    "the error of a cleanup": [
      () =>
        moveOnAfter(5, function* () {
          try {
            yield* sleepForever();
          } finally {
            throw new Error("cleanup"); // eslint-disable-line no-unsafe-finally
          }
        }),
      "Error: cleanup",
    ],
  });
});

test("a thousand nested timeouts of one deadline: the outermost throws, the others are told", async () => {
  const nested = (depth: number, log: Log): Awaitable<unknown> =>
    depth === 0 ? tidy(log) : timeout(5, () => nested(depth - 1, log));
  const [error, ...lines] = await outcome((log) => nested(1000, log));
  expect(error).toBe(timedOut(5));
  expect(lines.filter((line) => line === `5 ${unheard(5)}`)).toHaveLength(999);
  expect(lines.at(-1)).toBe("5 cleaned up");
});
