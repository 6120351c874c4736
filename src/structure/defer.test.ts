import { describe, expect, test } from "vitest";
import {
  cancelScope,
  cede,
  CancellationEscapedError,
  coroutine,
  createTask,
  currentTask,
  defer,
  Future,
  InvalidStateError,
  moveOnAfter,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  type Awaitable,
} from "../index.ts";
import { cancelEverywhere, runVirtual, transcript } from "../testing/index.ts";

/** Every way out of a coroutine, and what its caller is told. */
const ways: Record<string, [leave: () => Awaitable<unknown>, outcome: string]> = {
  "its return": [() => cede(), "returned"],
  "an error": [
    function* () {
      throw new Error("failed");
    },
    "Error: failed",
  ],
  "a cancellation of its task": [
    function* () {
      void currentTask()!.cancel();
      yield;
    },
    "cancelled",
  ],
  "a timeout": [
    function* () {
      yield* sleepForever();
    },
    "TimeoutError: Timed out after 100 ms.",
  ],
};

/** Runs `body` in a coroutine that is left in that way, and tells how it ended. */
const outcomeOf = coroutine(function* outcomeOf(
  body: () => void,
  leave: () => Awaitable<unknown>,
): Awaitable<string> {
  const task = createTask(() =>
    timeout(100, () =>
      coroutine(function* work() {
        body();
        yield* leave();
      })(),
    ),
  );
  try {
    yield* task;
    return "returned";
  } catch (error) {
    return task.cancelled ? "cancelled" : String(error);
  }
});

/** An error and those beside it, which may have some beside them. */
function told(error: unknown): string[] {
  return [String(error), ...suppressedErrors(error).flatMap(told)];
}

describe.each(Object.entries(ways))(
  "S8: what was deferred is called on the way out by %s",
  (way, [leave, outcome]) => {
    const start = way === "a timeout" ? 100 : 0;

    test("the last one first, whether it waits or not, each to its end", async () => {
      const log = transcript({ tasks: false });
      const ended = await runVirtual(() =>
        outcomeOf(() => {
          defer(() => log("first"));
          defer(function* second() {
            yield* sleep(5);
            log("second");
          });
          defer(() => sleep(5));
          defer(
            coroutine(function* fourth() {
              yield;
              yield* sleep(1);
              log("fourth");
            }),
          );
          defer(() => log("fifth"));
        }, leave),
      );
      expect(ended).toBe(outcome);
      const [one, two] = [start + 1, start + 11];
      expect(log.lines).toEqual([`${start} fifth`, `${one} fourth`, `${two} second`, `${two} first`]);
    });

    test("and nothing cancels it from outside: a cancellation that comes meanwhile waits", async () => {
      const log = transcript({ tasks: false });
      await runVirtual(function* () {
        const { cancelled } = yield* cancelScope(function* (scope) {
          createTask(function* () {
            yield* sleep(start + 2);
            scope.cancel();
            log("cancelled");
          });
          yield* outcomeInline(function* () {
            defer(function* () {
              yield* sleep(5);
              yield* cede();
              log("released");
            });
            yield* leave();
          });
          yield* cede();
          log("wrong: went on");
        });
        expect(cancelled).toBe(way !== "a cancellation of its task");
      }).catch(() => {});
      expect(log.lines).toEqual([`${start + 2} cancelled`, `${start + 5} released`]);
    });

    test("whose error is the outcome, unless there is one: then it is among the suppressed", async () => {
      let error: unknown;
      const ended = await runVirtual(function* () {
        const task = createTask(() =>
          timeout(100, function* () {
            defer(() => {
              throw new Error("release 1");
            });
            defer(function* () {
              yield* sleep(1);
              throw new Error("release 2");
            });
            defer(() => new Future<void>("never").setError(new Error("unheard")));
            yield* leave();
          }),
        );
        try {
          yield* task;
        } catch (thrown) {
          error = thrown;
        }
        return task.cancelled;
      });
      expect(ended).toBe(false);
      const primary = outcome.includes("Error") ? [outcome] : [];
      expect(told(error)).toEqual([...primary, "Error: release 2", "Error: release 1"]);
    });
  },
);

const outcomeInline = coroutine(function* outcomeInline(body: () => Awaitable<unknown>): Awaitable<void> {
  yield* moveOnAfter(100, function* () {
    try {
      yield* coroutine(body)();
    } catch {
      // what it failed with is not what this is about
    }
  });
});

describe("defer", () => {
  test("S30: belongs to the coroutine that calls it; in a plain helper that is the helper's caller", async () => {
    const log: string[] = [];
    function* helper(): Awaitable<void> {
      defer(() => log.push("helper") as never);
      yield* cede();
    }
    const inner = coroutine(function* inner() {
      defer(() => void log.push("inner"));
      yield* helper();
      log.push("inner goes on");
    });
    await runVirtual(function* () {
      defer(() => void log.push("main"));
      yield* inner();
      log.push("main goes on");
    });
    expect(log).toEqual(["inner goes on", "helper", "inner", "main goes on", "main"]);
  });

  test("in a body belongs to that body: it is called before its group waits, and before its scope is left", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(() =>
      taskGroup(function* (group) {
        group.createTask(function* () {
          yield* sleep(5);
          log("child");
        });
        defer(() => log("body"));
      }),
    );
    expect(log.lines).toEqual(["0 body", "5 child"]);
  });

  test("a result waits for it; a deadline that passes meanwhile comes too late to change it", async () => {
    const result = await runVirtual(() =>
      timeout(10, function* () {
        defer(() => sleep(50));
        return "in time";
      }),
    );
    expect(result).toBe("in time");
  });

  test("inside what is deferred works as well, and so does all that waits", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      defer(function* () {
        defer(() => log("inside"));
        yield* taskGroup(function* (group) {
          group.createTask(() => sleep(3));
        });
        const { expired } = yield* moveOnAfter(2, () => sleepForever());
        log(`outside ${expired}`);
      });
      defer(() => defer(() => log("by one that does not wait")));
    });
    expect(log.lines).toEqual(["0 by one that does not wait", "5 outside true", "5 inside"]);
  });

  test("S2: a promise that it gives is awaited, under cancellation too, and its rejection is the error", async () => {
    const log: string[] = [];
    const error = await runVirtual(function* () {
      const task = createTask(function* () {
        defer(() => void log.push("before"));
        defer(async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          log.push("promise");
          throw new Error("rejected");
        });
        yield* sleepForever();
      });
      yield;
      try {
        yield* task.cancel();
      } catch (error) {
        return error;
      }
    });
    expect([log, String(error)]).toEqual([["promise", "before"], "Error: rejected"]);
  });

  test("S15: where one fails under cancellation the lower frames are unwound, never resumed", async () => {
    const log: string[] = [];
    const inner = coroutine(function* inner() {
      defer(function* () {
        yield;
        throw new Error("release");
      });
      yield* sleepForever();
    });
    const error = await runVirtual(function* () {
      const task = createTask(function* () {
        try {
          yield* inner();
          log.push("wrong: resumed");
        } catch {
          log.push("wrong: caught");
        } finally {
          log.push("outer");
        }
      });
      yield;
      try {
        yield* task.cancel();
      } catch (error) {
        return error;
      }
    });
    expect([log, String(error)]).toEqual([["outer"], "Error: release"]);
  });

  test("is called where the coroutine escapes its cancellation, and the escape outranks what it throws", async () => {
    const log: string[] = [];
    const error = await runVirtual(function* () {
      const task = createTask(function* () {
        defer(function* () {
          yield;
          log.push("released");
          throw new Error("release");
        });
        // eslint-disable-next-line no-unsafe-finally
        for (;;)
          try {
            yield* sleepForever();
          } finally {
            break;
          }
      });
      yield;
      yield* task.cancel();
    }).catch((error: unknown) => error);
    expect(log).toEqual(["released"]);
    expect(error).toBeInstanceOf(CancellationEscapedError);
    expect(suppressedErrors(error).map(String)).toContain("Error: release");
  });

  test("S2: where the run is abandoned the others are called, those that wait as far as they do not suspend", async () => {
    const log = transcript({ tasks: false });
    const reports: string[] = [];
    await runVirtual(
      function* () {
        createTask(function* () {
          defer(() => log("last"));
          defer(function* () {
            log("begun");
            try {
              yield* sleep(1);
              log("wrong: went on");
            } finally {
              log("told to return");
              yield* sleep(1);
              log("wrong: waited");
            }
          });
          defer(
            coroutine(function* marked() {
              log("a coroutine is begun");
              yield* sleep(1);
            }),
          );
          defer(() => Promise.reject(new Error("rejected late")));
          defer(function* () {
            yield* sleepForever();
          });
          yield* sleepForever();
        });
        yield* sleep(1);
      },
      { shutdownTimeout: 20, onReport: ({ kind, message }) => reports.push(`${kind}: ${message}`) },
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.lines).toEqual(
      ["a coroutine is begun", "begun", "told to return", "last"].map((line) => `21 ${line}`),
    );
    expect(reports).toEqual([
      expect.stringMatching(
        /^cleanup-abandoned: The cleanup of task#\d+ exceeded its bound .*sleep for ever/,
      ),
      expect.stringMatching(
        /^late-error: A release of task#\d+, which was abandoned, failed: Error: rejected late/,
      ),
    ]);
  });

  test("S2: one that holds up a cancellation for a second is reported; on other ways out it may take its time", async () => {
    const reports: string[] = [];
    const work = coroutine(function* work(ms: number) {
      defer(function* close() {
        yield* sleep(1500);
      });
      defer(() => sleep(900));
      yield* sleep(ms);
    });
    await runVirtual(
      function* () {
        yield* work(1);
        yield* moveOnAfter(1, () => work(5000));
      },
      { onReport: ({ kind, message }) => reports.push(`${kind}: ${message}`) },
    );
    expect(reports).toEqual([
      expect.stringMatching(
        /^slow-cleanup: The cleanup of the deferred function close in main#\d+ has taken a second, and waits for sleep 1500 ms/,
      ),
    ]);
  });

  test("leaves nothing behind wherever the program is cancelled: what was opened is closed, once, in order", async () => {
    let open: number[] = [];
    const worker = coroutine(function* worker(depth: number): Awaitable<void> {
      open.push(depth);
      defer(function* () {
        yield* cede();
        yield* sleep(1);
        expect(open.pop()).toBe(depth);
      });
      if (depth > 0) yield* worker(depth - 1);
      yield* sleep(1);
    });
    const points = await cancelEverywhere(
      function* () {
        open = [];
        yield* timeout(50, () => worker(3));
        yield* moveOnAfter(2, () => worker(2));
      },
      { check: () => expect(open).toEqual([]) },
    );
    expect(points).toBe(80); // forty, each by the signal and by a deadline
  });

  test.each<[string, () => Awaitable<void> | void]>([
    ["that wait", () => cede()],
    ["that do not wait", () => {}],
  ])("a hundred thousand of one coroutine %s: in reverse order, and in linear time", async (_, release) => {
    const count = 100_000;
    let next = count;
    await runVirtual(function* () {
      const task = createTask(function* () {
        for (let i = 0; i < count; i++) {
          defer(() => {
            if (--next !== i) throw new Error(`${i} is called out of order`);
            return release();
          });
        }
        yield* sleepForever();
      });
      yield;
      yield* task.cancel();
    });
    expect(next).toBe(0);
  });

  test.each([
    [
      5,
      "Cannot defer 5: it takes a function, to be called when the coroutine is left. Write `defer(() => …)`.",
    ],
    [sleep(5), /^Cannot defer sleep 5 ms: it takes a function/],
    [coroutine(function* close() {})(), /^Cannot defer the coroutine close\(…\): it takes a function/],
    [undefined, /^Cannot defer undefined: /],
  ])("refuses %s", (wrong, message) => {
    expect(() => defer(wrong as never)).toThrow(message);
  });

  test("refuses to be called outside every task", () => {
    const close = (): void => {};
    expect(() => defer(close)).toThrow(InvalidStateError);
    expect(() => defer(close)).toThrow(/^Cannot defer the function close: no task is running here/);
  });
});
