import { describe, expect, test } from "vitest";
import {
  asCompleted,
  all,
  call,
  cancelScope,
  cede,
  coroutine,
  createTask,
  currentTask,
  Future,
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
import { runVirtual, transcript } from "../testing/index.ts";

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
    const log = transcript({ tasks: false });
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
    const log = transcript({ tasks: false });
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

  test("keeps the first reason where the scope around its group is cancelled later", async () => {
    await runVirtual(() =>
      cancelScope((scope) =>
        taskGroup(function* (group) {
          const task = group.createTask(function* () {
            try {
              yield* sleepForever();
            } finally {
              yield* sleep(5);
            }
          });
          yield;
          void task.cancel("first");
          scope.cancel("second");
          yield* shield(() => task.cancel("third"));
          expect(task.error()).toMatchObject({ reason: "first" });
        }),
      ),
    );
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
    const log = transcript({ tasks: false });
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
