import { describe, expect, test } from "vitest";
import {
  createTask,
  EventLoop,
  Future,
  Lock,
  moveOnAfter,
  runningLoop,
  runSync,
  Semaphore,
  sleep,
  taskGroup,
} from "../index.ts";
import type { Monitor, Report, TaskInfo } from "../lowlevel.ts";
import { runVirtual, VirtualClock } from "../testing/index.ts";

/** Writes down what it hears, with the names as they are in the program. */
class Listener implements Monitor {
  readonly lines: string[] = [];
  #names = new Map<number, string>();

  spawn(task: TaskInfo, by: TaskInfo | null): void {
    this.#names.set(task.id, task.name.split("#")[0]!);
    this.lines.push(`spawn ${this.#name(task)} by ${this.#name(by)}`);
  }
  step(task: TaskInfo): void {
    this.lines.push(`step ${this.#name(task)}`);
  }
  wait(task: TaskInfo, { label, external }: { label: string; external: boolean }): void {
    const words = label.replace(/#\d+/, "") + (external ? ", external" : "");
    this.lines.push(`wait ${this.#name(task)}: ${task.waitingFor === label ? words : "something else"}`);
  }
  wake(task: TaskInfo, by: TaskInfo | null): void {
    this.lines.push(`wake ${this.#name(task)} by ${this.#name(by)}`);
  }
  cancel(task: TaskInfo, phase: string, { reason, at }: { reason: unknown; at: number }): void {
    this.lines.push(`cancel ${this.#name(task)}: ${phase}, at ${at}, ${String(reason)}`);
  }
  done(task: TaskInfo, outcome: string): void {
    this.lines.push(`done ${this.#name(task)}: ${outcome}`);
  }
  report({ kind }: Report): void {
    this.lines.push(`report ${kind}`);
  }
  #name(task: TaskInfo | null): string {
    return task === null ? "nobody" : this.#names.get(task.id)!;
  }
}

async function heard(main: () => ReturnType<typeof sleep>): Promise<string[]> {
  const monitor = new Listener();
  await runVirtual(main, { monitor }).catch(() => {});
  return monitor.lines;
}

describe("what a monitor hears", () => {
  test("of a task that sleeps and is awaited", async () => {
    const lines = await heard(function* () {
      yield* createTask(
        function* () {
          yield* sleep(5);
        },
        { name: "child" },
      );
    });
    expect(lines).toEqual([
      "spawn main by nobody",
      "step main",
      "spawn child by main",
      "wait main: task child",
      "step child",
      "wait child: sleep 5 ms",
      "wake child by nobody",
      "step child",
      "done child: result",
      "wake main by child",
      "step main",
      "done main: result",
    ]);
  });

  test("of a future that one task sets for another; a bare yield is no wait", async () => {
    const lines = await heard(function* () {
      const future = new Future<void>("gate");
      createTask(() => future, { name: "waiter" });
      yield;
      future.setResult();
      yield;
    });
    expect(lines).toEqual([
      "spawn main by nobody",
      "step main",
      "spawn waiter by main",
      "step waiter",
      'wait waiter: future "gate", external',
      "step main",
      "wake waiter by main",
      "step waiter",
      "done waiter: result",
      "step main",
      "done main: result",
    ]);
  });

  test("of a cancellation: asked, delivered, done", async () => {
    const lines = await heard(function* () {
      const task = createTask(
        function* () {
          try {
            yield* sleep(100);
          } finally {
            yield* sleep(1);
          }
        },
        { name: "task" },
      );
      yield* sleep(10);
      yield* task.cancel("enough");
    });
    expect(lines.slice(4)).toEqual([
      "step task",
      "wait task: sleep 100 ms",
      "wake main by nobody",
      "step main",
      "cancel task: asked, at 10, enough",
      "wake task by main",
      "wait main: the end of task task",
      "step task",
      "cancel task: delivered, at 10, enough",
      "wait task: sleep 1 ms",
      "wake task by nobody",
      "step task",
      "cancel task: done, at 10, enough",
      "done task: cancelled",
      "wake main by task",
      "step main",
      "done main: result",
    ]);
  });

  test("of a task that is created cancelled", async () => {
    const lines = await heard(() =>
      taskGroup(function* (group) {
        group.cancel("over");
        group.createTask(() => sleep(1), { name: "late" });
      }),
    );
    expect(lines.filter((line) => /^\w+ late/.test(line))).toEqual([
      "spawn late by main",
      "cancel late: asked, at 0, over",
      "step late",
      "cancel late: delivered, at 0, over",
      "cancel late: done, at 0, over",
      "done late: cancelled",
    ]);
  });

  test("of a scope that expires inside a task: delivered, and no end of the task", async () => {
    const lines = await heard(function* () {
      yield* moveOnAfter(5, () => sleep(10));
    });
    expect(lines).toEqual([
      "spawn main by nobody",
      "step main",
      "wait main: sleep 10 ms",
      "wake main by nobody",
      "step main",
      "cancel main: delivered, at 5, undefined",
      "done main: result",
    ]);
  });

  test("of failures: the outcome, and an error that gave way", async () => {
    const lines = await heard(() =>
      taskGroup(function* (group) {
        for (const name of ["one", "two"]) {
          group.createTask(
            function* () {
              yield* sleep(1);
              throw new Error(name);
            },
            { name },
          );
        }
      }),
    );
    expect(lines.filter((line) => /^(done|report)/.test(line))).toEqual([
      "done one: error",
      "done two: error",
      "report suppressed-error",
      "done main: error",
    ]);
  });

  test("of a run that ends: what was left is asked for, at its time", async () => {
    const lines = await heard(function* () {
      createTask(() => sleep(100), { name: "left" });
      yield* sleep(7);
    });
    expect(lines.filter((line) => line.startsWith("cancel left"))).toEqual([
      "cancel left: asked, at 7, undefined",
      "cancel left: delivered, at 7, undefined",
      "cancel left: done, at 7, undefined",
    ]);
  });

  test("is only what it has a method for", async () => {
    const done: string[] = [];
    await runVirtual(() => sleep(1), { monitor: { done: (_, outcome) => done.push(outcome) } });
    await runVirtual(() => sleep(1), { monitor: {} });
    expect(done).toEqual(["result"]);
  });
});

describe("a monitor that throws", () => {
  const program = () =>
    taskGroup(function* (group) {
      const child = group.createTask(() => sleep(5));
      yield* sleep(1);
      yield* child.cancel();
      return "the program's own result";
    });
  const methods = ["spawn", "step", "wait", "wake", "cancel", "done"] as const;

  test.each(methods)("in %s is dropped, is reported, and changes nothing", async (method) => {
    let heard = 0;
    const reports: Report[] = [];
    const error = new Error("a broken monitor");
    const monitor: Monitor = Object.fromEntries(
      methods.map((name) => [
        name,
        () => {
          heard++;
          if (name === method) throw error;
        },
      ]),
    );
    const result = await runVirtual(program, {
      monitor: {
        ...monitor,
        [method]: () => {
          heard = -Infinity;
          throw error;
        },
      },
      onReport: (report) => reports.push(report),
    });
    expect(result).toBe("the program's own result");
    expect(heard).toBe(-Infinity); // it heard no more
    expect(reports).toEqual([
      {
        kind: "monitor-dropped",
        message: "A monitor threw: Error: a broken monitor",
        task: undefined,
        error,
      },
    ]);
  });

  // It was called once more in the same step, through what the kernel had at hand.
  test("hears nothing more, even in the same step", async () => {
    const lines: string[] = [];
    await runVirtual(program, {
      monitor: {
        cancel: (_, phase) => {
          if (phase === "done") throw new Error("no");
        },
        done: () => lines.push("done"),
      },
    });
    expect(lines).toEqual([]);
  });

  test("in report is dropped, and the report is heard by onReport", async () => {
    const kinds: string[] = [];
    const failing = runVirtual(
      () =>
        taskGroup(function* (group) {
          for (let i = 0; i < 3; i++) {
            group.createTask(function* () {
              yield* sleep(1);
              throw new Error(`${i}`);
            });
          }
        }),
      {
        monitor: {
          report: () => {
            throw new Error("no");
          },
        },
        onReport: ({ kind }) => kinds.push(kind),
      },
    );
    await expect(failing).rejects.toThrow("0");
    expect(kinds).toEqual(["monitor-dropped", "suppressed-error", "suppressed-error"]);
  });
});

describe("an onReport that throws", () => {
  test("is dropped, and fails the run: nobody else could be told", async () => {
    let calls = 0;
    const program = runVirtual(
      function* () {
        yield* moveOnAfter(1, function* () {
          try {
            yield* sleep(10);
          } finally {
            yield* sleep(5000); // which is reported as slow
          }
        });
        return "a result";
      },
      {
        onReport: () => {
          calls++;
          throw new Error("cannot report");
        },
      },
    );
    await expect(program).rejects.toThrow("cannot report");
    expect(calls).toBe(1);
  });
});

test("a runSync has no monitor, and a loop's monitor does not hear of it", async () => {
  const clock = new VirtualClock();
  const monitor = new Listener();
  const loop = new EventLoop({ host: clock, monitor });
  loop.callSoon(() => runSync(() => sleep(0)));
  clock.runAll();
  expect(monitor.lines).toEqual([]);
});

test("what changes hands in a runSync is none of the monitor's around it, which goes on to hear of its own", async () => {
  const heard: string[] = [];
  const resource: Monitor["resource"] = (what, { title }, count, task) => {
    heard.push(`${what} ${title} ${count} ${task?.name}`);
  };
  await runVirtual(
    function* () {
      const slots = new Semaphore(1, { name: "outer" });
      yield* slots.acquire();
      runningLoop().callSoon(() => {
        runSync(() => new Lock({ name: "inner" }).with(() => sleep(0)));
        slots.release();
      });
      yield* sleep(1);
    },
    { monitor: { resource } },
  );
  expect(heard).toEqual(['acquire semaphore "outer" 1 main#1', 'release semaphore "outer" 1 undefined']);
});

test("a monitor that throws when something changes hands hears nothing more, and the lock is held all the same", async () => {
  let calls = 0;
  const reports: string[] = [];
  await runVirtual(
    function* () {
      const lock = new Lock();
      const guard = yield* lock.acquire();
      expect(lock.locked).toBe(true);
      guard.release();
    },
    {
      monitor: {
        resource() {
          calls++;
          throw new Error("no");
        },
      },
      onReport: ({ kind }) => void reports.push(kind),
    },
  );
  expect([calls, reports]).toEqual([1, ["monitor-dropped"]]);
});
