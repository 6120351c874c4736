import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  EventLoop,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  TimeoutError,
  type Awaitable,
} from "../index.ts";
import { park, type ParkedWait } from "../lowlevel.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";

/** Frames in frames; those named fail in their cleanup, after they have waited. */
const levels = coroutine(function* levels(
  depth: number,
  fails: readonly number[],
  log: string[],
): Awaitable<void> {
  try {
    if (depth > 1) yield* levels(depth - 1, fails, log);
    else yield* sleepForever();
    log.push(`wrong: ${depth}`);
  } catch {
    log.push(`wrong: ${depth} caught`);
  } finally {
    yield* sleep(1);
    log.push(`${depth}`);
    if (fails.includes(depth)) throw new Error(`cleanup ${depth}`); // eslint-disable-line no-unsafe-finally
  }
});
const ALL = ["1", "2", "3", "4", "5"];

/** An error and those beside it. */
function told(error: unknown): unknown[] {
  return [error, ...suppressedErrors(error)].map((error) => (error instanceof Error ? error.message : error));
}

describe("S15: a cleanup that throws while a cancellation is under way", () => {
  test.each([
    [[1], ["cleanup 1"]],
    [[3], ["cleanup 3"]],
    [[5], ["cleanup 5"]],
    [
      [2, 4],
      ["cleanup 2", "cleanup 4"],
    ],
    [
      [1, 2, 3, 4, 5],
      ["cleanup 1", "cleanup 2", "cleanup 3", "cleanup 4", "cleanup 5"],
    ],
  ])(
    "at levels %j: the lower frames are unwound, never resumed; the task has failed with the first",
    async (fails, errors) => {
      const log: string[] = [];
      const reports: unknown[] = [];
      const error = await runVirtual(
        function* () {
          const task = createTask(levels(5, fails, log));
          yield;
          try {
            yield* task.cancel();
          } catch (error) {
            expect([task.cancelled, task.error()]).toEqual([false, error]);
            return error;
          }
        },
        { onReport: ({ kind, error }) => reports.push(kind, (error as Error).message) },
      );
      expect(log).toEqual(ALL);
      expect(told(error)).toEqual(errors);
      expect(reports).toEqual(errors.slice(1).flatMap((message) => ["suppressed-error", message]));
    },
  );

  test.each<[string, (body: () => Awaitable<void>) => Awaitable<unknown>]>([
    ["a scope that is cancelled", (body) => cancelScope((scope) => ((scope.deadline = 1), body()))],
    ["moveOnAfter", (body) => moveOnAfter(1, body)],
    [
      "a group",
      (body) =>
        taskGroup(function* (group) {
          group.createTask(function* () {
            yield* sleep(1);
            group.cancel();
          });
          yield* body();
        }),
    ],
  ])("in %s: there the cancellation ends, and its caller is thrown the error", async (_, within) => {
    const log: string[] = [];
    const error = await runVirtual(function* () {
      try {
        yield* within(() => levels(5, [2, 4], log));
        log.push("wrong");
      } catch (error) {
        yield* sleep(1);
        log.push("goes on");
        return error;
      }
    });
    expect(log).toEqual([...ALL, "goes on"]);
    expect(told(error)).toEqual(["cleanup 2", "cleanup 4"]);
  });

  test("S12: after a deadline that expired: the TimeoutError is first", async () => {
    const log: string[] = [];
    const error: unknown = await runVirtual(() => timeout(1, () => levels(5, [2, 4], log))).catch(
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(told(error)).toEqual(["Timed out after 1 ms.", "cleanup 2"]);
    expect(told(suppressedErrors(error)[0])).toEqual(["cleanup 2", "cleanup 4"]); // as they came
    expect(log).toEqual(ALL);
  });

  test("S12: of main, cancelled by a signal: the run rejects with it, not with the signal's reason", async () => {
    const log: string[] = [];
    const controller = new AbortController();
    const program = runVirtual(
      function* () {
        createTask(function* () {
          controller.abort("reason");
        });
        yield* levels(5, [3], log);
      },
      { signal: controller.signal },
    );
    await expect(program).rejects.toThrow("cleanup 3");
    expect(log).toEqual(ALL);
  });

  test("of a frame that was only called by cleanup: it ends there like any other, and may be caught", async () => {
    const log = transcript({ tasks: false });
    const failing = coroutine(function* failing(): Awaitable<void> {
      try {
        yield* sleep(1);
        throw new Error("called by cleanup");
      } finally {
        yield* sleep(1);
        log("its own cleanup");
      }
    });
    await runVirtual(function* () {
      const task = createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          try {
            yield* failing();
          } catch (error) {
            log((error as Error).message);
          }
          yield* sleep(1);
          log("cleanup goes on");
        }
      });
      yield;
      yield* task.cancel();
      expect(task.cancelled).toBe(true);
    });
    expect(log.lines).toEqual(["2 its own cleanup", "2 called by cleanup", "3 cleanup goes on"]);
  });

  test("in several finally blocks of one frame: the language keeps the last, the others are lost to it", async () => {
    const error = await runVirtual(function* () {
      const task = createTask(function* () {
        try {
          try {
            yield* sleepForever();
          } finally {
            yield* sleep(1);
            throw new Error("inner"); // eslint-disable-line no-unsafe-finally
          }
        } finally {
          yield* sleep(1);
          throw new Error("outer"); // eslint-disable-line no-unsafe-finally
        }
      });
      yield;
      try {
        yield* task.cancel();
      } catch (error) {
        return error;
      }
    });
    expect(told(error)).toEqual(["outer"]);
  });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a string", "text"],
    ["a frozen object", Object.freeze({ message: "frozen" })],
    ["a function", () => {}],
  ])("that throws %s", async (_, thrown) => {
    const log: string[] = [];
    const caught: unknown[] = [];
    await runVirtual(function* () {
      const task = createTask(
        coroutine(function* () {
          try {
            yield* coroutine(function* () {
              try {
                yield* levels(2, [], log);
              } finally {
                throw thrown; // eslint-disable-line no-unsafe-finally
              }
            })();
          } finally {
            yield* sleep(1);
            throw new Error("later"); // eslint-disable-line no-unsafe-finally
          }
        }),
      );
      yield;
      try {
        yield* task.cancel();
        log.push("wrong");
      } catch (error) {
        caught.push(error);
      }
      expect(task.cancelled).toBe(false);
    });
    expect(caught).toEqual([thrown]);
    expect(log).toEqual(["1", "2"]);
    expect(suppressedErrors(thrown)).toMatchObject(
      (typeof thrown === "object" && thrown !== null) || typeof thrown === "function"
        ? [{ message: "later" }]
        : [],
    );
  });

  test("the same error from two frames is not beside itself", async () => {
    const same = new Error("same");
    const raising = coroutine(function* raising(depth: number): Awaitable<void> {
      try {
        if (depth > 0) yield* raising(depth - 1);
        else yield* sleepForever();
      } finally {
        throw same; // eslint-disable-line no-unsafe-finally
      }
    });
    const reports: string[] = [];
    const program = runVirtual(() => moveOnAfter(1, () => raising(3)), {
      onReport: ({ kind }) => reports.push(kind),
    });
    await expect(program).rejects.toBe(same);
    expect([suppressedErrors(same), reports]).toEqual([[], []]);
  });
});

describe("an unwinding that carries an error", () => {
  // The error ends the scope that was cancelled; the one around it was cancelled meanwhile, and goes on with it.
  test("S12: goes on with it where something further out was cancelled meanwhile", async () => {
    const log: string[] = [];
    const error = await runVirtual(function* () {
      const task = createTask(function* () {
        try {
          yield* cancelScope((scope) => ((scope.deadline = 1), levels(5, [2], log)));
          log.push("wrong");
        } catch {
          log.push("wrong: caught");
        } finally {
          log.push("task cleaned up");
        }
      });
      yield* sleep(4);
      try {
        yield* task.cancel();
      } catch (error) {
        expect(task.cancelled).toBe(false);
        return error;
      }
    });
    expect(told(error)).toEqual(["cleanup 2"]);
    expect(log).toEqual([...ALL, "task cleaned up"]);
  });

  test("S12: an abort() of a wait that throws is told, and changes nothing", async () => {
    const reports: string[] = [];
    const log: string[] = [];
    await runVirtual(
      function* () {
        const { expired } = yield* moveOnAfter(1, function* () {
          try {
            yield* park({ label: "a tick" }, () => () => {
              throw new Error("cannot undo");
            });
          } finally {
            yield* sleep(1);
            log.push("cleaned up");
          }
        });
        log.push(`expired ${expired}`);
      },
      { onReport: ({ kind, message }) => reports.push(`${kind}: ${message}`) },
    );
    expect(reports).toEqual(["late-error: Aborting a tick failed: Error: cannot undo"]);
    expect(log).toEqual(["cleaned up", "expired true"]);
  });

  test("S2: what abandoned cleanup waited for is taken back, and cannot be given it any more", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock, onReport: () => {} });
    const lines: string[] = [];
    let given!: ParkedWait<void>;
    const ended = loop.runUntilComplete(
      function* () {
        createTask(function* () {
          try {
            yield* sleepForever();
          } finally {
            yield* park<void>({ label: "a tick" }, (wait) => {
              given = wait;
              return () => lines.push("undone");
            });
            lines.push("wrong");
          }
        });
        yield;
        return "result";
      },
      { shutdownTimeout: 5 },
    );
    clock.runAll();
    expect(await ended).toBe("result");
    expect([given.complete(), given.fail(new Error("no"))]).toEqual([false, false]);
    expect(lines).toEqual(["undone"]);
    expect(loop.statistics).toEqual({ ready: 0, deadlines: 0, external: 0, hostWork: 0 });
  });

  test.each<[string, () => Awaitable<unknown>]>([
    ["a group", () => taskGroup(function* (group) { group.createTask(() => shield(sleepForever)); })], // prettier-ignore
    ["a group that is cancelled", () => taskGroup(function* (group) { group.cancel(); yield* shield(sleepForever); })], // prettier-ignore
    ["a timeout", () => timeout(1000, () => sleepForever())],
    ["a timeout that is cancelled", () => timeout(1000, function* (scope) { scope.cancel(); yield* shield(sleepForever); })], // prettier-ignore
    ["a scope", () => cancelScope(() => sleepForever())],
  ])("S2: cleanup that is abandoned in %s is no error: nobody asked for a value", async (_, stuck) => {
    const kinds: string[] = [];
    const program = runVirtual(
      function* () {
        createTask(function* () {
          try {
            yield* sleepForever();
          } finally {
            yield* stuck();
          }
        });
        yield;
        return "result";
      },
      { shutdownTimeout: 5, onReport: ({ kind }) => kinds.push(kind) },
    );
    expect(await program).toBe("result");
    expect(new Set(kinds)).toEqual(new Set(["cleanup-abandoned"]));
  });
});
