import { describe, expect, test } from "vitest";
import {
  asCompleted,
  all,
  call,
  cancelScope,
  CancelledError,
  cede,
  coroutine,
  createTask,
  currentTask,
  Future,
  InvalidStateError,
  map,
  shield,
  sleep,
  sleepForever,
  sleepUntil,
  taskGroup,
  until,
  type Awaitable,
  type Task,
} from "../index.ts";
import { park } from "../lowlevel.ts";
import { runVirtual, transcript, type Transcript } from "../testing/index.ts";

const nothing = coroutine(function* nothing(): Awaitable<void> {});
const settled = (settle: (future: Future<number>) => void): Future<number> => {
  const future = new Future<number>();
  settle(future);
  return future;
};

function cancelling<T>(task: Task<T>, reason?: unknown): Task<T> {
  void task.cancel(reason);
  return task;
}

describe("S4: a task that is cancelled before its first step", () => {
  test("never runs, not even its function", async () => {
    const ran: string[] = [];
    const work = coroutine(function* work(): Awaitable<void> {
      try {
        ran.push("coroutine");
        yield;
      } finally {
        ran.push("finally");
      }
    });
    await runVirtual(function* () {
      const tasks = [createTask(work()), createTask(work), createTask(() => (ran.push("arrow"), work()))];
      for (const task of tasks) cancelling(task);
      expect(tasks.map((task) => task.state)).toEqual(["ready", "ready", "ready"]);
      yield;
      expect(tasks.map((task) => task.cancelled)).toEqual([true, true, true]);
    });
    expect(ran).toEqual([]);
  });

  test('with {start: "always"} runs to its first checkpoint, and cleans up', async () => {
    const log = transcript();
    await runVirtual(function* () {
      const task = createTask(
        function* () {
          try {
            log("has it");
            yield* nothing(); // a call is no checkpoint
            log("still has it");
            yield* sleep(5);
            log("wrong");
          } finally {
            yield* sleep(1);
            log("released");
          }
        },
        { start: "always" },
      );
      yield* cancelling(task).cancel();
      expect(task.cancelled).toBe(true);
    });
    expect(log.lines).toEqual(["0 has it", "0 still has it", "1 released"]);
  });
});

describe("S5: a task that cancels itself goes on to its next checkpoint", () => {
  const checkpoints: Record<string, () => Awaitable<unknown>> = {
    "a sleep": () => sleep(1),
    "a sleep of no time": () => sleep(0),
    "a time that has passed": () => sleepUntil(-1),
    "a sleep for ever": () => sleepForever(),
    "cede()": () => cede(),
    "a bare yield in a coroutine": coroutine(function* () {
      yield;
    }),
    "a future that is there": () => settled((future) => future.setResult(1)),
    "a future that has failed": () => settled((future) => future.setError(new Error("no"))),
    "a future that was cancelled": () => settled((future) => void future.cancel()),
    "a promise that is there": () => until(Promise.resolve(1)),
    "a call": () => call(async () => expect.fail("called")),
    "a task": () => createTask(nothing),
    "the end of a cancelled task": () => createTask(nothing).cancel(),
    "a wait of one's own": () => park({ label: "a tick" }, () => expect.fail("arranged")),
    "a group with a task": () =>
      taskGroup(function* (group) {
        group.createTask(nothing());
      }),
    "all of what is there": () => all([settled((future) => future.setResult(1))]),
    "map over something": () => map([1], nothing),
    "the next that is completed": () => [...asCompleted([settled((future) => future.setResult(1))])][0]!,
  };
  test.each(Object.entries(checkpoints))("%s", async (_, wait) => {
    const lines: string[] = [];
    const { task } = await runVirtual(function* () {
      const task: Task<void> = createTask(function* () {
        void task.cancel();
        lines.push("goes on");
        try {
          yield* wait();
          lines.push("wrong");
        } catch {
          lines.push("wrong: caught");
        } finally {
          lines.push("finally");
        }
      });
      yield* sleep(10);
      return { task };
    });
    expect(task.cancelled).toBe(true);
    expect(lines).toEqual(["goes on", "finally"]);
  });

  test.each([
    ["result", () => "result", "result"],
    ["error", (): never => { throw new Error("failed"); }, "Error: failed"], // prettier-ignore
  ])("and ends with its %s if there is none", async (_, end, outcome) => {
    await runVirtual(function* () {
      const task: Task<string> = createTask(function* () {
        void task.cancel();
        yield* nothing();
        return end();
      });
      try {
        expect(yield* task).toBe(outcome);
      } catch (error) {
        expect(String(error)).toBe(outcome);
      }
      expect(task.cancelled).toBe(false);
    });
  });

  test("where it is in a shield, to the next one after that", async () => {
    const log = transcript();
    await runVirtual(function* () {
      const task: Task<void> = createTask(function* () {
        yield* shield(function* () {
          void task.cancel();
          yield* sleep(1);
          log("shielded");
        });
        log("no checkpoint so far");
        yield;
        log("wrong");
      });
      yield* sleep(5);
    });
    expect(log.lines).toEqual(["1 shielded", "1 no checkpoint so far"]);
  });
});

describe("S3: what cancel() returns", () => {
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
    const log = transcript();
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
    const log = transcript();
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
          yield* isCancelled ? sleep(0) : sleep(5);
          yield* isCancelled ? task.cancel() : task;
        } catch (error) {
          return error;
        }
      });
      expect(error).toBeInstanceOf(InvalidStateError);
      expect((error as Error).message).toMatch(refused);
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

describe("S4: cancelling again", () => {
  test("keeps the first reason, and who asked first", async () => {
    const error = await runVirtual(function* () {
      const task = createTask(sleepForever());
      createTask(
        function* () {
          void task.cancel("second");
        },
        { name: "other" },
      );
      void task.cancel("first");
      yield* task.cancel("again");
      return task.error();
    });
    expect(error).toMatchObject({ reason: "first", by: expect.stringMatching(/^main#/) });
  });

  test.each<[string, () => Awaitable<unknown>, string]>([
    ["with a result", () => nothing(), "undefined"],
    ["with an error", () => { throw new Error("failed"); }, "Error: failed"], // prettier-ignore
    ["cancelled", () => shield(() => sleep(0)), "undefined"],
  ])("does nothing to a task that has ended %s", async (_, body, outcome) => {
    await runVirtual(function* () {
      const task = createTask(body);
      task.addDoneCallback(() => {}); // observed
      yield* sleep(1);
      const before = [task.state, task.cancelled, String(task.error())];
      void task.cancel("late");
      yield;
      expect([task.state, task.cancelled, String(task.error())]).toEqual(before);
      expect(String(task.error())).toBe(outcome);
    });
  });

  test("does nothing while the cleanup runs, from wherever it comes", async () => {
    const log = transcript();
    const controller = new AbortController();
    const program = runVirtual(
      function* () {
        yield* cancelScope(function* (scope) {
          try {
            yield* sleep(1);
            void currentTask()!.cancel("first");
            yield;
          } finally {
            scope.cancel();
            scope.deadline = 0;
            controller.abort("second");
            void currentTask()!.cancel("third");
            yield* sleep(5);
            log("cleaned up");
          }
        });
      },
      { signal: controller.signal },
    );
    await expect(program).rejects.toBe("second"); // it is what the signal's owner asked for
    expect(log.lines).toEqual(["6 cleaned up"]);
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
    const log = transcript();
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
