import { describe, expect, test } from "vitest";
import {
  CancelledError,
  coroutine,
  createTask,
  EventLoop,
  moveOnAfter,
  Schedule,
  sleep,
  sleepForever,
  supervise,
  suppressedErrors,
  taskGroup,
  type Awaitable,
  type SuperviseOptions,
  type Task,
  type TaskGroup,
} from "../index.ts";
import { cancelEverywhere, runVirtual, VirtualClock } from "../testing/index.ts";
import { caught, failing, type Log } from "../../tests/support/small.ts";

/** What was done and reported, and when; the last line is the outcome. */
function outcome(main: (log: Log) => Awaitable<unknown>): Promise<string[]> {
  const host = new VirtualClock();
  const lines: string[] = [];
  const log: Log = (line) => lines.push(`${host.now()} ${line.replaceAll(/#\d+/g, "")}`);
  const loop = new EventLoop({ host, onReport: ({ kind, message }) => log(`${kind}: ${message}`) });
  const ended = loop
    .runUntilComplete(() => main(log))
    .then(
      (value) => [...lines, String(value)],
      (error: unknown) => [...lines, String(error)],
    );
  host.runAll();
  expect(loop.statistics).toEqual({ ready: 0, deadlines: 0, external: 0, hostWork: 0 });
  return ended;
}

function supervised(
  body: (group: TaskGroup, log: Log) => Awaitable<unknown>,
  options?: (log: Log) => SuperviseOptions,
): Promise<string[]> {
  return outcome((log) => supervise((group) => body(group, log), options?.(log)));
}

describe("S11: a supervised task that fails", () => {
  test("fails alone: its siblings and the body go on, and it is reported", async () => {
    const lines = await supervised(function* (group, log) {
      group.createTask(failing(5, "failed"), { name: "bad" });
      group.createTask(function* () {
        yield* sleep(10);
        log("the sibling ends");
      });
      yield* sleep(20);
      return "value";
    });
    expect(lines).toEqual([
      "5 task-failed: bad failed, and nobody awaits it: Error: failed",
      "10 the sibling ends",
      "value",
    ]);
  });

  test("is told to onFailure instead, with its error and itself", async () => {
    let told!: [unknown, Task<unknown>];
    const lines = await supervised(
      function* (group) {
        group.createTask(failing(5, "failed"), { name: "bad" });
      },
      (log) => ({
        onFailure(error, task) {
          told = [error, task];
          log(`${task.name}: ${String(error)}`);
        },
      }),
    );
    expect(lines).toEqual(["5 bad: Error: failed", "undefined"]);
    expect(told[1].error()).toBe(told[0]);
  });

  test("last is told before the group ends", async () => {
    const lines = await outcome(function* (log) {
      yield* supervise(
        function* (group) {
          group.createTask(failing(1, "failed"));
        },
        { onFailure: () => log("told") },
      );
      log("ended");
    });
    expect(lines).toEqual(["1 told", "1 ended", "undefined"]);
  });

  test("S13: belongs to whoever awaits it", async () => {
    const lines = await supervised(function* (group, log) {
      const task = group.createTask(failing(5, "failed"));
      try {
        yield* task;
      } catch (error) {
        log(`caught ${String(error)}`);
      }
    });
    expect(lines).toEqual(["5 caught Error: failed", "undefined"]);
  });

  // It fails in the turn in which the body, which is resumed later, would come to await it.
  test("S13: belongs to whoever is about to await it", async () => {
    const lines = await supervised(function* (group, log) {
      const task = group.createTask(function* () {
        throw new Error("at once");
      });
      yield;
      try {
        yield* task;
      } catch (error) {
        log(`caught ${String(error)}`);
      }
    });
    expect(lines).toEqual(["0 caught Error: at once", "undefined"]);
  });

  test("S13: and whose awaiter lets that pass, fails the body by it", async () => {
    const lines = await supervised(function* (group) {
      group.createTask(sleepForever());
      yield* group.createTask(failing(5, "failed"));
    });
    expect(lines).toEqual(["Error: failed"]);
  });

  test("in its cleanup, when it is cancelled by itself, does so alone too", async () => {
    const lines = await supervised(function* (group, log) {
      const task = group.createTask(
        function* () {
          try {
            yield* sleepForever();
          } finally {
            throw new Error("cleanup");
          }
        },
        { name: "bad" },
      );
      yield* sleep(1);
      void task.cancel();
      yield* sleep(1);
      log("goes on");
    });
    expect(lines).toEqual([
      "1 task-failed: bad failed, and nobody awaits it: Error: cleanup",
      "2 goes on",
      "undefined",
    ]);
  });

  test("a thousand times in one turn is told a thousand times", async () => {
    let told = 0;
    const lines = await supervised(
      function* (group) {
        for (let i = 0; i < 1000; i++) group.createTask(failing(5, "failed"));
      },
      () => ({ onFailure: () => told++ }),
    );
    expect(lines).toEqual(["undefined"]);
    expect(told).toBe(1000);
  });
});

describe("a supervised group", () => {
  test("is failed by an onFailure that throws: the others are cancelled and cleaned up", async () => {
    const lines = await supervised(
      function* (group, log) {
        group.createTask(failing(5, "failed"));
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(5);
          log("cleaned up");
        }
      },
      () => ({
        onFailure(error) {
          throw new Error("enough", { cause: error });
        },
      }),
    );
    expect(lines).toEqual(["10 cleaned up", "Error: enough"]);
  });

  test("may be cancelled by onFailure", async () => {
    const lines = await outcome(function* () {
      let group!: TaskGroup;
      const error: unknown = yield* caught(
        supervise(
          function* (mine) {
            group = mine;
            group.createTask(failing(5, "failed"));
            yield* sleepForever();
          },
          { name: "crawl", onFailure: (error) => group.cancel(error) },
        ),
      );
      expect(error).toBeInstanceOf(CancelledError);
      return error;
    });
    expect(lines).toEqual(['CancelledError: group "crawl" was cancelled by main#1: failed']);
  });

  test("is failed by its body: the tasks are cancelled, and awaited", async () => {
    const lines = await supervised(function* (group, log) {
      group.createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(5);
          log("cleaned up");
        }
      });
      yield* sleep(1);
      throw new Error("body");
    });
    expect(lines).toEqual(["6 cleaned up", "Error: body"]);
  });

  test("is cancelled from outside as any other; a cleanup that fails then is told too", async () => {
    const lines = await outcome(function* (log) {
      const { expired } = yield* moveOnAfter(5, () =>
        supervise(function* (group) {
          group.createTask(
            function* () {
              try {
                yield* sleepForever();
              } finally {
                throw new Error("cleanup");
              }
            },
            { name: "bad" },
          );
          yield* sleepForever();
        }),
      );
      log(`expired: ${expired}`);
    });
    expect(lines).toEqual([
      "5 task-failed: bad failed, and nobody awaits it: Error: cleanup",
      "5 expired: true",
      "undefined",
    ]);
  });

  test("in a group that fails in the same turn: each says what is its own", async () => {
    const lines = await outcome(() =>
      taskGroup(function* (outer) {
        outer.createTask(failing(5, "outer"));
        yield* supervise(function* (inner) {
          inner.createTask(failing(5, "inner"), { name: "inner" });
        });
      }),
    );
    expect(lines).toEqual([
      "5 task-failed: inner failed, and nobody awaits it: Error: inner",
      "Error: outer",
    ]);
  });

  test("takes background tasks and ends with its others", async () => {
    const lines = await supervised(
      function* (group, log) {
        group.createTask(sleepForever(), { background: true });
        group.createTask(failing(5, "failed"));
        group.createTask(() => sleep(10));
        yield;
        log("the body ends");
      },
      (log) => ({ onFailure: () => log("told") }),
    );
    expect(lines).toEqual(["0 the body ends", "5 told", "undefined"]);
  });

  test("takes an onFailure that creates a task, and gives it", async () => {
    const lines = await outcome((log) => {
      let onFailure: SuperviseOptions["onFailure"];
      return supervise(
        function* (group) {
          onFailure = () => group.createTask(() => sleep(3));
          group.createTask(failing(1, "failed"));
          yield* sleep(2);
          log("the body ends");
        },
        { onFailure: (...told) => onFailure!(...told) },
      );
    });
    expect(lines).toEqual(["2 the body ends", "undefined"]);
  });

  test("takes an onFailure that creates a task of the run, told of a failure or of a restart", async () => {
    const lines = await outcome((log) =>
      supervise(
        function* (group) {
          group.createTask(failing(1, "first"));
          group.createTask(() => failing(2, "second"), {
            restart: { limit: 1, delay: Schedule.fixed(3).limit(1) },
          });
          yield* sleep(4);
        },
        {
          onFailure: (error, _task, restart) =>
            createTask(function* () {
              yield* sleep(1);
              log(`${(error as Error).message}: ${restart === undefined ? "that was it" : "once more"}`);
            }),
        },
      ),
    );
    expect(lines).toEqual(["2 first: that was it", "3 second: once more", "Error: second"]);
  });

  test("refuses an onFailure that gives what is to be awaited: nobody would", async () => {
    const given: (() => unknown)[] = [
      function* () {},
      async () => {
        throw new Error("told nobody");
      },
    ];
    for (const onFailure of given) {
      const error: unknown = await runVirtual(() =>
        supervise(
          function* (group) {
            group.createTask(function* () {
              throw new Error("failed");
            });
            yield* sleep(5);
          },
          { onFailure },
        ),
      ).catch((error: unknown) => error);
      expect((error as Error).message).toMatch(
        /^Cannot wait for a (generator|promise) that `onFailure` gave: /,
      );
      expect(suppressedErrors(error)).toEqual([new Error("failed")]);
    }
  });

  test("refuses an onFailure that is no function", () => {
    expect(() => supervise(() => sleep(1), { onFailure: "log" as never })).toThrow(
      new TypeError('Cannot tell failures to "log": `onFailure` is a function, `(error, task) => …`.'),
    );
  });

  test("ends wherever the program is cancelled", async () => {
    let open = 0;
    const held = coroutine(function* held(ms: number, fails: boolean): Awaitable<void> {
      open++;
      try {
        yield* sleep(ms);
        if (fails) throw new Error("failed");
      } finally {
        open--;
      }
    });
    await cancelEverywhere(
      () =>
        supervise(function* (group) {
          for (const ms of [1, 2, 3]) group.createTask(held(ms, ms === 2));
          createTask(held(1, false));
          yield* held(2, false);
        }),
      { check: () => expect(open).toBe(0) },
    );
  });
});
