import { describe, expect, test } from "vitest";
import {
  all,
  asCompleted,
  coroutine,
  createTask,
  currentTask,
  EventLoop,
  InvalidStateError,
  runSync,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  type Awaitable,
  type Task,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";
import { after, failing } from "../../tests/support/small.ts";

const turns = coroutine(function* turns(n: number): Awaitable<void> {
  for (let i = 0; i < n; i++) yield;
});

describe("S13: a failure belongs to whoever observes", () => {
  const observers: [string, (task: Task<never>) => unknown][] = [
    [
      "then",
      (task) => {
        task.then(null, () => {});
      },
    ],
    ["a callback", (task) => task.addDoneCallback(() => {})],
    ["asCompleted", (task) => void asCompleted([task])],
    ["a task that awaits it", (task) => createTask(() => swallow(task))],
    ["all, in a task", (task) => createTask(() => swallow(all([task])))],
    ["a cancel that is awaited", (task) => createTask(() => swallow(task.cancel()))],
  ];
  const swallow = coroutine(function* swallow(awaitable: Awaitable<unknown>) {
    try {
      yield* awaitable;
    } catch {}
  });

  test.each(observers)("%s, before it fails", async (_, observe) => {
    await runVirtual(function* () {
      const task = createTask(failing(10, "theirs"));
      observe(task);
      yield* sleep(100);
    });
  });

  test("whoever read its error, after it failed, in the same turn", async () => {
    await runVirtual(function* () {
      const task = createTask(failing(10, "mine"));
      yield;
      yield* sleep(10); // set after the task's: this is resumed after it, in the same turn
      expect(task.error()).toMatchObject({ message: "mine" });
      yield* sleep(100);
    });
  });

  test("observation is sticky: an observer that was cancelled since is one", async () => {
    await runVirtual(function* () {
      const task = createTask(failing(10, "nobody's now"));
      const observer = createTask(task);
      yield;
      yield* observer.cancel();
      yield* sleep(100);
    });
  });

  test("looking at `done` and `state` is no observation", async () => {
    const program = runVirtual(function* () {
      const task = createTask(failing(10, "unseen"));
      while (!task.done && task.state !== "done") yield* sleep(1);
      yield* sleep(100);
    });
    await expect(program).rejects.toThrow("unseen");
  });
});

describe("S13: an unobserved failure fails the run", () => {
  test("main is cancelled, and the run rejects with it", async () => {
    const log = transcript({ tasks: false });
    const program = runVirtual(function* () {
      createTask(failing(10, "nobody looked"));
      try {
        yield* sleepForever();
      } catch {
        log("no catch sees it");
      } finally {
        yield* sleep(5);
        log("main cleaned up");
      }
    });
    await expect(program).rejects.toThrow("nobody looked");
    expect(log.lines).toEqual(["15 main cleaned up"]);
  });

  test("exactly after every task that was ready at that moment has had one step", async () => {
    /** A task fails while `steps` more steps lie between another task, which is ready, and its look. */
    const lookAfter = (steps: number) =>
      runVirtual(function* () {
        const bad: Task<never> = createTask(function* bad() {
          throw new Error("looked for too late");
        });
        createTask(function* () {
          for (let i = 1; i < steps; i++) yield;
          bad.error();
        });
        yield* sleepForever();
      }).catch((error: Error) => error.message);
    // The first look finds it in time; then nobody does anything, which is a deadlock.
    expect(await lookAfter(1)).toContain("Cannot go on: every task waits");
    expect(await lookAfter(2)).toBe("looked for too late");
  });

  test("a task that became ready after the failure looks too late", async () => {
    const program = runVirtual(function* () {
      const bad: Task<never> = createTask(function* bad() {
        throw new Error("too late");
      });
      createTask(function* () {
        createTask(function* () {
          bad.error();
        });
      });
      yield* sleepForever();
    });
    await expect(program).rejects.toThrow("too late");
  });

  test("the look may come from another run, though the one that failed has nothing left to do", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const bad = loop.createTask(function* () {
      throw new Error("theirs");
    });
    const rest = loop.runUntilComplete();
    const look = loop.runUntilComplete(function* () {
      try {
        yield* bad; // this task was ready when the other one failed
      } catch (error) {
        return String(error);
      }
    });
    clock.runAll();
    expect(await look).toBe("Error: theirs");
    await rest;
  });

  test("main's own failure, where it came first, is the run's", async () => {
    const error: unknown = await runVirtual(function* () {
      createTask(badCleanup);
      yield;
      throw new Error("main");
    }).catch((error: unknown) => error);
    expect(error).toMatchObject({ message: "main" });
    expect(suppressedErrors(error)).toMatchObject([{ message: "cleanup" }]);
  });

  test("main's cleanup that fails because of it comes second", async () => {
    const error: unknown = await runVirtual(function* () {
      createTask(failing(5, "first"));
      yield* badCleanup();
    }).catch((error: unknown) => error);
    expect(error).toMatchObject({ message: "first" });
    expect(suppressedErrors(error)).toMatchObject([{ message: "cleanup" }]);
  });

  test("while the run ends: main has its result, but the run rejects", async () => {
    const program = runVirtual(function* () {
      createTask(badCleanup);
      yield;
      return "a result";
    });
    await expect(program).rejects.toThrow("cleanup");
  });

  test("in the turn in which main ends, too", async () => {
    const program = runVirtual(function* () {
      createTask(function* () {
        yield;
        throw new Error("just in time");
      });
      yield;
      yield; // the task fails before this is resumed, and nobody can look any more
    });
    await expect(program).rejects.toThrow("just in time");
  });

  test("a failure that nothing can be thrown for is none: throw undefined", async () => {
    const outcome = await runVirtual(function* () {
      createTask(function* () {
        yield;
        throw undefined;
      });
      yield* sleepForever();
    }).then(
      () => "resolved",
      (error: unknown) => ({ error }),
    );
    expect(outcome).toEqual({ error: undefined });
  });

  test("a task that was only cancelled is no failure", async () => {
    await runVirtual(function* () {
      createTask(sleepForever()).cancel();
      const task = createTask(sleepForever());
      yield;
      task.cancel();
      yield* sleep(5);
    });
  });

  test("S6: a task that fails because it awaited a cancelled one is a failure", async () => {
    const program = runVirtual(function* () {
      const task = createTask(sleepForever(), { name: "gone" });
      createTask(task);
      yield;
      task.cancel();
      yield* sleepForever();
    });
    await expect(program).rejects.toThrow(/^task gone#\d+ was cancelled by main#\d+$/);
  });

  test("runSync throws it", () => {
    expect(() =>
      runSync(function* () {
        createTask(function* () {
          yield;
          throw new Error("in a runSync");
        });
        yield* turns(10);
      }),
    ).toThrow("in a runSync");
  });

  test("of one run leaves the other runs of the loop alone", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const good = loop.runUntilComplete(() => after(20, "fine"));
    const bad = loop.runUntilComplete(function* () {
      createTask(failing(10, "alone"));
      yield* sleepForever();
    });
    const settled = Promise.allSettled([good, bad]);
    clock.runAll();
    expect(await settled).toMatchObject([
      { status: "fulfilled", value: "fine" },
      { status: "rejected", reason: { message: "alone" } },
    ]);
  });

  const badCleanup = coroutine(function* badCleanup(): Awaitable<void> {
    try {
      yield* sleepForever();
    } finally {
      throw new Error("cleanup");
    }
  });
});

describe("S10: a bare createTask makes a task of the run", () => {
  test("also inside a group, which does not wait for it", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      let task!: Task<void>;
      yield* taskGroup(function* (group) {
        group.createTask(function* () {
          task = createTask(function* () {
            yield* sleep(50);
            log("the run's");
          });
        });
      });
      log("group ended");
      yield* task;
    });
    expect(log.lines).toEqual(["0 group ended", "50 the run's"]);
  });

  test("S14: what main leaves behind is cancelled, and cleans up before run ends", async () => {
    const log = transcript({ tasks: false });
    const result = await runVirtual(function* () {
      createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(5);
          log("cleaned up");
        }
      });
      yield* sleep(1);
      return "main";
    });
    expect(log.lines).toEqual(["6 cleaned up"]);
    expect(result).toBe("main");
  });

  test("a run that is ending is a cancelled group: a task that is created then never runs", async () => {
    const log: string[] = [];
    await runVirtual(function* () {
      createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          const task = createTask(function* () {
            log.push("ran");
          });
          try {
            yield* task;
          } catch (error) {
            log.push((error as Error).name);
          }
          log.push(`cancelled: ${task.cancelled}`);
        }
      });
      yield;
    });
    expect(log).toEqual(["CancelledError", "cancelled: true"]);
  });

  test("outside a run it is refused", () => {
    expect(() => createTask(sleep(1))).toThrow(
      new InvalidStateError(
        "Cannot create a task here: no run is going on. Call `run(main)`, and create it inside, or create it " +
          "with the `createTask` of a loop of your own.",
      ),
    );
  });

  test("in a callback of the loop it is refused as well", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    let caught: unknown;
    loop.callSoon(() => {
      expect(currentTask()).toBeUndefined();
      try {
        createTask(sleep(1));
      } catch (error) {
        caught = error;
      }
    });
    clock.runAll();
    expect(caught).toBeInstanceOf(InvalidStateError);
  });
});
