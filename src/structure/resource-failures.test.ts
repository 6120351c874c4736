import { describe, expect, test } from "vitest";
import {
  allTasks,
  cancelScope,
  coroutine,
  createTask,
  defer,
  resource,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  use,
  type Awaitable,
  type Task,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";

/** An error and those beside it, which may have some beside them. */
function told(error: unknown): string[] {
  return [String(error), ...suppressedErrors(error).flatMap(told)];
}

describe("S11: a resource that fails while it is used", () => {
  /** Fails after some time; its group cancels what it provides. */
  const flaky = (ms: number, error: unknown = new Error("lost")) =>
    resource<string>(function* flaky(provide) {
      yield* taskGroup(function* (group) {
        group.createTask(function* () {
          yield* sleep(ms);
          throw error;
        });
        yield* provide("flaky");
        group.cancel();
      });
    });

  test("cancels the coroutine that uses it, which throws that error; others go on", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      defer(() => log("main left"));
      try {
        yield* coroutine(function* () {
          defer(function* () {
            yield* sleep(2);
            log("deferred before");
          });
          yield* use(flaky(10));
          defer(() => log("deferred after"));
          try {
            yield* coroutine(function* () {
              yield* sleepForever();
            })();
          } catch {
            log("wrong: caught inside");
          } finally {
            yield* sleep(1);
            log("cut");
          }
        })();
      } catch (error) {
        log(String(error));
      }
      yield* sleep(1);
    });
    expect(log.lines).toEqual([
      "11 cut",
      "11 deferred after",
      "13 deferred before",
      "13 Error: lost",
      "14 main left",
    ]);
  });

  test("does nothing of the kind when it is released in time", async () => {
    expect(
      await runVirtual(function* () {
        const used = yield* coroutine(function* (): Awaitable<string> {
          return yield* use(flaky(10));
        })();
        yield* sleep(20);
        return used;
      }),
    ).toBe("flaky");
  });

  test("where the coroutine ends without a further checkpoint, fails it all the same", async () => {
    const error = await runVirtual(function* () {
      yield* use(flaky(5));
      yield* shield(() => sleep(10));
      return "wrong";
    }).catch((error: unknown) => error);
    expect(String(error)).toBe("Error: lost");
  });

  test("and two of them: the first error is thrown, the other is beside it", async () => {
    const error = await runVirtual(function* () {
      yield* use(flaky(5, new Error("first")));
      yield* use(flaky(8, new Error("second")));
      yield* shield(() => sleep(10));
      yield* sleepForever();
    }).catch((error: unknown) => error);
    expect(told(error)).toEqual(["Error: first", "Error: second"]);
  });

  test.each([
    ["while the coroutine is cancelled from outside", ["Error: lost"]],
    ["after the coroutine has failed", ["Error: body", "Error: lost"]],
  ])("%s: the error comes with that", async (way, errors) => {
    const error = await runVirtual(function* () {
      const task = createTask(function* () {
        yield* use(flaky(10));
        defer(() => sleep(10));
        yield* sleep(5);
        if (way.startsWith("after")) throw new Error("body");
        yield* sleepForever();
      });
      yield* sleep(7);
      try {
        yield* task.cancel();
      } catch (error) {
        return error;
      }
    });
    expect(told(error)).toEqual(errors);
  });

  test("in cleanup, which nothing cancels, its error is thrown at the end of the cleanup", async () => {
    const log = transcript({ tasks: false });
    const error = await runVirtual(function* () {
      const { cancelled } = yield* cancelScope(function* (scope) {
        try {
          scope.cancel();
          yield;
        } finally {
          yield* use(flaky(5));
          yield* sleep(10);
          log("cleaned up");
        }
      });
      return cancelled;
    }).catch((error: unknown) => error);
    expect([String(error), log.lines]).toEqual(["Error: lost", ["10 cleaned up"]]);
  });

  test("the tasks of later cleanup are still found when the run is abandoned", async () => {
    const reports: string[] = [];
    await runVirtual(
      function* () {
        createTask(function* () {
          defer(() =>
            taskGroup(function* (group) {
              group.createTask(() => sleepForever(), { name: "stuck" });
            }),
          );
          yield* use(flaky(1));
          yield* sleepForever();
        });
        yield* sleep(5);
      },
      { shutdownTimeout: 10, onReport: ({ message }) => reports.push(message) },
    ).catch((error: unknown) => reports.push(String(error)));
    expect(reports).toContainEqual("Error: lost");
    expect(reports).toContainEqual(expect.stringMatching(/^The cleanup of stuck#/));
  });
});

describe("mistakes with resources", () => {
  test("one that a plain helper begins to acquire in its cleanup is cancelled at once, and the escape told", async () => {
    const log = transcript({ tasks: false });
    const slow = resource(function* slow(provide) {
      defer(() => log("cleaned up"));
      yield* sleep(1000);
      yield* provide(1);
    });
    function* helper(): Awaitable<void> {
      try {
        yield* sleepForever();
      } finally {
        yield* use(slow);
      }
    }
    const error = await runVirtual(function* () {
      const task = createTask(
        coroutine(function* caller() {
          yield* helper();
          log("wrong: went on");
        })(),
      );
      yield* sleep(1);
      yield* task.cancel();
    }).catch((error: unknown) => error);
    expect(String(error)).toMatch(/^CancellationEscapedError: Cannot finish the cleanup of helper/);
    expect(log.lines).toEqual([]);
  });

  test.each([
    [
      "one that ends without providing",
      resource(function* empty() {}),
      "Cannot use the resource empty: it ended without providing a value. Write `yield* provide(value)` in it.",
    ],
    [
      "one that provides twice",
      resource(function* twice(provide) {
        yield* provide(1);
        yield* provide(2);
      }),
      "Cannot provide twice: the resource twice has provided its value. Provide one object that holds them all.",
    ],
    [
      "one that cancels itself",
      resource(function* quitter() {
        for (const task of allTasks()) if (task.name.startsWith("quitter")) void task.cancel("no use");
        yield;
      }),
      /^task quitter#\d+ was cancelled by quitter#\d+: no use$/,
    ],
    [
      "one whose body is no coroutine",
      resource((() => 5) as never),
      "Cannot run 5: what is run is an awaitable",
    ],
  ])("%s is told so", async (_, wrong, message) => {
    await expect(
      runVirtual(function* () {
        yield* use(wrong);
      }),
    ).rejects.toThrow(message);
  });

  test("what cannot be a body is refused", () => {
    expect(() => resource(5 as never)).toThrow(TypeError);
    expect(() => resource(5 as never)).toThrow(
      "Cannot make a resource of 5: it takes a function, as in `resource(function* (provide) { … })`.",
    );
  });

  test("S23: one whose user it waits for is a circle, which is told at once, also where others go on", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      createTask(() => sleep(1000));
      const user: Task<void> = createTask(function* () {
        yield* use(
          resource<number>(function* stuck(provide) {
            defer(() => log("cleaned up"));
            yield* user;
            yield* provide(1);
          }),
        );
      });
      try {
        yield* user;
      } catch (error) {
        log(String(error));
      }
    });
    expect(log.lines).toEqual([
      "0 cleaned up",
      expect.stringMatching(
        /^0 DeadlockError: [^]*task#\d+ waits for the resource stuck[^]*stuck#\d+ waits for task task#\d+/,
      ),
    ]);
  });
});
