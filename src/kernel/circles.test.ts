import { describe, expect, test } from "vitest";
import {
  all,
  cede,
  coroutine,
  createTask,
  currentTask,
  DeadlockError,
  EventLoop,
  Future,
  run,
  runSync,
  sleep,
  sleepForever,
  taskGroup,
  type Awaitable,
  type Task,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";

const CIRCLE =
  "Cannot go on: these tasks wait for each other, in a circle. Let one of them go on without another.";

const withoutNumbers = (error: unknown): string => String((error as Error).message).replace(/#\d+/g, "");

/** How a program fails: the message, with the tasks' numbers left out. */
async function failureOf(main: () => Awaitable<unknown>): Promise<string> {
  return runVirtual(main).then(() => "it did not fail", withoutNumbers);
}
/** Tasks of which each awaits the next, and the last the first. */
function circle(...names: string[]): Task<void>[] {
  const tasks: Task<void>[] = names.map((name, i) =>
    createTask(
      function* (): Awaitable<void> {
        yield* tasks[(i + 1) % names.length]!;
      },
      { name },
    ),
  );
  return tasks;
}
const twoInACircle = `${CIRCLE}\n  one waits for task two\n  two waits for task one`;

describe("S23: tasks that wait for each other in a circle", () => {
  const others: [what: string, other: () => Awaitable<unknown>][] = [
    ["waits for the outside", () => sleepForever()],
    ["waits for a future", () => new Future<void>()],
    ["sleeps", () => sleep(1e6)],
    [
      "never waits",
      function* () {
        for (;;) yield;
      },
    ],
  ];
  test.each(others)("are told at once, though another task %s", async (_, other) => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      createTask(other);
      try {
        yield* circle("one", "two")[0]!;
      } catch (error) {
        log(withoutNumbers(error));
      }
    });
    expect(log.lines).toEqual([`0 ${twoInACircle}`]);
  });

  test("are told in the real world, too", async () => {
    await expect(
      run(function* () {
        createTask(sleepForever());
        yield* circle("one", "two")[0]!;
      }),
    ).rejects.toThrow(CIRCLE);
  });

  test("are told in a runSync", () => {
    expect(() =>
      runSync(function* () {
        yield* circle("one", "two")[0]!;
      }),
    ).toThrow(CIRCLE);
  });

  test("are told when the circle closes, however late", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const one: Task<void> = createTask(function* one(): Awaitable<void> {
        yield* two;
      });
      const two: Task<void> = createTask(function* two(): Awaitable<void> {
        yield* sleep(1000);
        yield* one;
      });
      try {
        yield* one;
      } catch (error) {
        log(withoutNumbers(error));
      }
    });
    expect(log.lines).toEqual([`1000 ${twoInACircle}`]);
  });

  test("are named with what each waits for, in words and as data; whoever awaits one of them is not", async () => {
    const error: unknown = await runVirtual(function* () {
      yield* circle("one", "two", "three")[1]!;
    }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(DeadlockError);
    const { waiting } = error as DeadlockError;
    const pairs = waiting.map(({ task, label }) => `${task} waits for ${label}`.replace(/#\d+/g, ""));
    expect(pairs).toEqual(["one waits for task two", "two waits for task three", "three waits for task one"]);
    expect(withoutNumbers(error)).toBe(`${CIRCLE}\n  ${pairs.join("\n  ")}`);
  });

  test("are each told where they wait, with one error, and may go on", async () => {
    const errors: unknown[] = [];
    const log = transcript({ tasks: false });
    const results = await runVirtual(function* () {
      const tasks: Task<string>[] = ["one", "two"].map((name, i) =>
        createTask(function* (): Awaitable<string> {
          try {
            return yield* tasks[1 - i]!;
          } catch (error) {
            errors.push(error);
            yield* sleep(5);
            log(name);
            return name;
          }
        }),
      );
      return yield* all(tasks);
    });
    expect(results).toEqual(["one", "two"]);
    expect(log.lines).toEqual(["5 one", "5 two"]);
    expect(errors).toHaveLength(2);
    expect(errors[0]).toBe(errors[1]);
  });

  test("are told again, if they do it again", async () => {
    let told = 0;
    await runVirtual(function* () {
      const tasks: Task<void>[] = [0, 1].map((i) =>
        createTask(function* (): Awaitable<void> {
          for (let round = 0; round < 3; round++) {
            try {
              yield* tasks[1 - i]!;
            } catch {
              told++;
            }
          }
        }),
      );
      yield* all(tasks);
    });
    expect(told).toBe(6);
  });

  test("in their cleanup are told there: it goes on to its end", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const tasks: Task<void>[] = ["one", "two"].map((name, i) =>
        createTask(function* (): Awaitable<void> {
          try {
            yield* sleepForever();
          } finally {
            try {
              yield* tasks[1 - i]!;
            } catch (error) {
              log(`${name}: ${(error as Error).name}`);
            }
            yield* sleep(5);
            log(`${name}: cleaned up`);
          }
        }),
      );
      yield* sleep(1);
    });
    expect(log.lines).toEqual([
      "1 one: DeadlockError",
      "1 two: DeadlockError",
      "6 one: cleaned up",
      "6 two: cleaned up",
    ]);
  });

  test("of several circles are told each its own", async () => {
    const failures = await runVirtual(function* () {
      const failureOfTask = coroutine(function* failureOfTask(task: Task<void>): Awaitable<string> {
        try {
          yield* task;
          return "it did not fail";
        } catch (error) {
          return withoutNumbers(error);
        }
      });
      return yield* all([...circle("one", "two"), ...circle("a", "b", "c")].map(failureOfTask));
    });
    const three = `${CIRCLE}\n  a waits for task b\n  b waits for task c\n  c waits for task a`;
    expect(failures).toEqual([twoInACircle, twoInACircle, three, three, three]);
  });

  test("of several runs of one loop are told", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const mains: Task<unknown>[] = [];
    const runs = [0, 1].map((i) =>
      loop.runUntilComplete(function* () {
        mains.push(currentTask()!);
        yield* cede();
        yield* mains[1 - i]!;
      }),
    );
    const settled = Promise.allSettled(runs);
    clock.runAll();
    for (const result of await settled) {
      expect(withoutNumbers((result as PromiseRejectedResult).reason)).toBe(
        `${CIRCLE}\n  main waits for task main\n  main waits for task main`,
      );
    }
  });
});

describe("S23: a circle goes through", () => {
  test("the end of a group, which itself is told nothing: its task is", async () => {
    const log = transcript({ tasks: false });
    const failure = await failureOf(() =>
      taskGroup(
        function* (group) {
          const whole = currentTask()!;
          group.createTask(function* child(): Awaitable<void> {
            try {
              yield* whole;
            } finally {
              log("child");
            }
          });
          group.createTask(sleepForever());
        },
        { name: "crawl" },
      ),
    );
    expect(failure).toBe(
      `${CIRCLE}\n  main waits for group "crawl", 2 of 2 left\n  child waits for task main`,
    );
    expect(log.lines).toEqual(["0 child"]);
  });

  test("all", async () => {
    const failure = await failureOf(function* () {
      const whole = currentTask()!;
      yield* all([
        sleepForever(),
        coroutine(function* item() {
          yield* whole;
        })(),
      ]);
    });
    expect(failure).toBe(`${CIRCLE}\n  main waits for group "all", 2 of 2 left\n  item waits for task main`);
  });

  test("waiting for a task that one cancels", async () => {
    const failure = await failureOf(function* () {
      const one: Task<void> = createTask(function* one(): Awaitable<void> {
        yield;
        yield* two.cancel();
      });
      const two: Task<void> = createTask(function* two(): Awaitable<void> {
        try {
          yield* sleepForever();
        } finally {
          yield* one;
        }
      });
      createTask(sleepForever());
      yield* one;
    });
    expect(failure).toBe(`${CIRCLE}\n  one waits for the end of task two\n  two waits for task one`);
  });
});

describe("S13: a circle whose tasks nobody else awaits", () => {
  test("fails the run: it would be told to nobody", async () => {
    const log = transcript({ tasks: false });
    const failure = await failureOf(function* () {
      circle("one", "two");
      try {
        yield* sleep(1000);
      } finally {
        log("main is cancelled");
      }
    });
    expect(failure).toBe(twoInACircle);
    expect(log.lines).toEqual(["0 main is cancelled"]);
  });

  test("does not, when they go on", async () => {
    const results = await runVirtual(function* () {
      const results: string[] = [];
      const tasks: Task<void>[] = [0, 1].map((i) =>
        createTask(function* (): Awaitable<void> {
          try {
            yield* tasks[1 - i]!;
          } catch {
            results.push("goes on");
          }
        }),
      );
      yield* sleep(1);
      return results;
    });
    expect(results).toEqual(["goes on", "goes on"]);
  });

  const heard: [by: string, main: () => Awaitable<unknown>][] = [
    [
      "an awaiter",
      function* () {
        const [one] = circle("one", "two");
        try {
          yield* one!;
        } catch {
          yield* sleep(1);
        }
      },
    ],
    [
      "a callback",
      function* () {
        circle("one", "two")[0]!.addDoneCallback(() => {});
        yield* sleep(1);
      },
    ],
    [
      "main, which is in it",
      function* () {
        const whole = currentTask()!;
        try {
          yield* createTask(() => whole);
        } catch {
          yield* sleep(1);
        }
      },
    ],
    [
      "a group",
      function* () {
        try {
          yield* taskGroup(function* (group) {
            const tasks: Task<unknown>[] = [0, 1].map((i) => group.createTask(() => tasks[1 - i]!));
          });
        } catch {
          yield* sleep(1);
        }
      },
    ],
  ];
  test.each(heard)("does not, when it is heard of by %s", async (_, main) => {
    await runVirtual(main);
  });
});
