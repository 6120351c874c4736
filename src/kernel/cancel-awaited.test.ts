import { describe, expect, test } from "vitest";
import {
  CancelledError,
  coroutine,
  createTask,
  currentTask,
  EventLoop,
  InvalidStateError,
  shield,
  sleep,
  sleepForever,
  type Awaitable,
  type Task,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock, type Transcript } from "../testing/index.ts";

const nothing = coroutine(function* nothing(): Awaitable<void> {});
describe("S3: what cancel() returns", () => {
  test("may be awaited in an async function: it ends after the cleanup, and throws what that threw", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const lines: string[] = [];
    const task = (fail: boolean): Task<void> =>
      loop.createTask(
        function* (): Awaitable<void> {
          try {
            yield* sleepForever();
          } finally {
            yield* sleep(5);
            lines.push("cleaned up");
            if (fail) throw new Error("in cleanup");
          }
        },
        { start: "always" },
      );
    const [good, bad] = [task(false), task(true)];
    clock.advance(0);
    const cancelled = Promise.allSettled([good.cancel(), bad.cancel()]).then(([one, other]) => {
      lines.push(one.status, String((other as PromiseRejectedResult).reason));
    });
    await Promise.resolve(); // an awaited thenable is asked in a microtask
    clock.runAll();
    await cancelled;
    expect(lines).toEqual(["cleaned up", "cleaned up", "fulfilled", "Error: in cleanup"]);
  });

  const ends: Record<
    string,
    [body: (log: Transcript) => Awaitable<unknown>, awaited: string, lines: string[]]
  > = {
    "ends after the cleanup": [
      function* (log) {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(3);
          log("cleaned up");
        }
      },
      "undefined",
      ["4 cleaned up"],
    ],
    "returns nothing, where the task was cancelled": [() => sleepForever(), "undefined", []],
    "returns nothing, where the task ends well": [() => shield(() => sleep(3)), "undefined", []],
    "returns nothing, where the task has ended well": [() => nothing(), "undefined", []],
    "throws what the cleanup throws": [
      function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(3);
          throw new Error("cleanup failed"); // eslint-disable-line no-unsafe-finally
        }
      },
      "Error: cleanup failed",
      [],
    ],
    "throws what the task throws while it cannot be cancelled": [
      () =>
        shield(function* () {
          yield* sleep(3);
          throw new Error("failed");
        }),
      "Error: failed",
      [],
    ],
    "throws what the task had thrown before": [
      function* () {
        throw new Error("failed before");
      },
      "Error: failed before",
      [],
    ],
  };
  test.each(Object.entries(ends))("%s; it may be awaited twice", async (_, [body, awaited, lines]) => {
    const log = transcript({ tasks: false });
    const got = await runVirtual(function* () {
      const task = createTask(() => body(log));
      task.addDoneCallback(() => {}); // observed
      yield* sleep(1);
      const cancel = task.cancel();
      const got: string[] = [];
      for (let i = 0; i < 2; i++) {
        try {
          got.push(String(yield* cancel));
        } catch (error) {
          got.push(String(error));
        }
        expect(task.done).toBe(true);
      }
      return got;
    });
    expect(got).toEqual([awaited, awaited]);
    expect(log.lines).toEqual(lines);
  });

  test("need not be awaited; a cleanup that then fails is nobody's, and fails the run", async () => {
    const program = runVirtual(function* () {
      const task = createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          throw new Error("cleanup failed"); // eslint-disable-line no-unsafe-finally
        }
      });
      yield;
      void task.cancel();
      yield* sleep(5);
      return "result";
    });
    await expect(program).rejects.toThrow("cleanup failed");
  });

  test("may be awaited by several tasks, and whoever is cancelled meanwhile leaves the others", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const task = createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(5);
        }
      });
      yield;
      const waiters = ["a", "b", "c"].map((name) =>
        createTask(function* () {
          yield* task.cancel();
          log(name);
        }),
      );
      yield;
      yield* waiters[1]!.cancel();
      yield* sleep(10);
    });
    expect(log.lines).toEqual(["5 a", "5 c"]);
  });

  describe("throws at once where the wait would never end: awaited by the task itself", () => {
    const refused =
      /^Cannot await task self#\d+ from inside itself: it would wait for ever. Return, and let another task await it.$/;
    const own = (await_: (task: Task<unknown>) => Awaitable<unknown>): (() => Awaitable<unknown>) => {
      return function* self() {
        const task = currentTask()!;
        try {
          yield* sleep(1);
        } finally {
          yield* await_(task);
        }
      };
    };
    test.each<[string, boolean, (task: Task<unknown>) => Awaitable<unknown>]>([
      ["in its cleanup", true, (task) => task],
      ["its cancel() in its cleanup", true, (task) => task.cancel()],
      ["in a coroutine of its cleanup", true, coroutine(function* (task: Task<unknown>) { yield* task.cancel(); })], // prettier-ignore
      ["on its way out", false, (task) => task],
    ])("%s", async (_, isCancelled, await_) => {
      const error = await runVirtual(function* () {
        const task = createTask(own(await_));
        try {
          yield* sleep(0);
          yield* isCancelled ? task.cancel() : task;
        } catch (error) {
          return error;
        }
      });
      expect(error).toBeInstanceOf(InvalidStateError);
      expect((error as Error).message).toMatch(refused);
    });

    test("and that is no observation: nobody else would hear that it failed", async () => {
      const running = runVirtual(function* () {
        const task: Task<void> = createTask(() => task, { name: "self" });
        yield* sleep(5);
      });
      await expect(running).rejects.toThrow(refused);
    });

    test("its own cancel() outside cleanup: the cancellation comes first", async () => {
      const lines: string[] = [];
      await runVirtual(function* () {
        const task: Task<void> = createTask(function* () {
          try {
            yield* task.cancel("enough");
          } catch {
            lines.push("wrong");
          }
        });
        yield* sleep(1);
        expect(task.error()).toMatchObject({ name: "CancelledError", reason: "enough", by: task.name });
      });
      expect(lines).toEqual([]);
    });
  });
});

describe("S6: a task is cancelled only if it was itself unwound", () => {
  test("an uncaught CancelledError of another task is a failure", async () => {
    await runVirtual(function* () {
      const inner = createTask(sleepForever());
      const outer = createTask(() => inner);
      yield;
      void inner.cancel("why");
      try {
        yield* outer;
      } catch (error) {
        expect(error).toBeInstanceOf(CancelledError);
        expect(error).toMatchObject({ task: inner.name, reason: "why" });
      }
      expect([inner.cancelled, outer.cancelled, outer.error()]).toEqual([
        true,
        false,
        expect.any(CancelledError),
      ]);
    });
  });

  test("a task that throws a CancelledError itself has failed", async () => {
    const program = runVirtual(function* () {
      throw new CancelledError("thrown");
    });
    await expect(program).rejects.toThrow("thrown");
    await runVirtual(function* () {
      const task = createTask(function* () {
        throw new CancelledError("thrown");
      });
      try {
        yield* task;
      } catch {}
      expect(task.cancelled).toBe(false);
    });
  });

  test("cancelling an awaiter, through any number of tasks, leaves the awaited one alone", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const work = createTask(function* () {
        yield* sleep(10);
        log("work done");
        return "work";
      });
      let last: Task<unknown> = work;
      for (let i = 0; i < 5; i++) last = createTask(last);
      yield* sleep(1);
      yield* last.cancel();
      log(`${yield* work}`);
    });
    expect(log.lines).toEqual(["10 work done", "10 work"]);
  });
});
