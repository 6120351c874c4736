import { describe, expect, test } from "vitest";
import {
  all,
  allTasks,
  cede,
  coroutine,
  createTask,
  DeadlockError,
  Future,
  InvalidStateError,
  run,
  runningLoop,
  runSync,
  sleep,
  sleepForever,
  timeout,
  until,
  type Awaitable,
  type Task,
} from "../index.ts";

const withoutNumbers = (error: unknown): string => (error as Error).message.replace(/#\d+/g, "");
function thrownBy(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("runSync", () => {
  test("runs a program to its end, and returns its result", () => {
    const fib = coroutine(function* fib(n: number): Awaitable<number> {
      yield;
      return n < 2 ? n : (yield* fib(n - 1)) + (yield* fib(n - 2));
    });
    expect(runSync(() => fib(10))).toBe(55);
    expect(runSync(fib(10))).toBe(55);
    expect(runSync(() => all({ a: fib(3), b: createTask(fib(4)) }))).toEqual({ a: 2, b: 3 });
  });

  test("throws what the program throws", () => {
    const error = new Error("no");
    const throwing = function* (): Awaitable<void> {
      yield;
      throw error;
    };
    expect(thrownBy(() => runSync(throwing))).toBe(error);
  });

  test("cancels and cleans up what main left behind before it returns", () => {
    const log: string[] = [];
    runSync(function* () {
      createTask(function* () {
        try {
          for (;;) yield;
        } finally {
          yield* cede();
          log.push("cleaned up");
        }
      });
      yield;
      yield;
      log.push("main ends");
    });
    expect(log).toEqual(["main ends", "cleaned up"]);
  });

  test("a callback that throws is thrown", () => {
    const program = () =>
      runSync(function* () {
        const future = new Future<void>();
        future.addDoneCallback(() => {
          throw new Error("in a callback");
        });
        future.setResult();
        for (let i = 0; i < 5; i++) yield;
      });
    expect(program).toThrow("in a callback");
  });

  test("may be used in a callback of the host, and one after the other", () => {
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) seen.push(runSync(function* () { yield; return i; })); // prettier-ignore
    expect(seen).toEqual([0, 1, 2]);
  });
});

describe("S14: without a host", () => {
  const impossible: [string, () => Awaitable<unknown>, string][] = [
    ["a sleep", () => sleep(5), "sleep 5 ms"],
    ["a promise", () => until(Promise.resolve()), "a promise"],
    ["a future", () => new Future<void>("page"), 'future "page"'],
    ["a sleep for ever", () => sleepForever(), "sleep for ever"],
    ["a deadline", () => timeout(1000, () => new Future<void>("page")), 'future "page"'],
  ];

  test.each(impossible)("%s is refused, in words", (_, wait, label) => {
    const error = thrownBy(() => runSync(wait));
    expect(error).toBeInstanceOf(InvalidStateError);
    expect(withoutNumbers(error)).toBe(
      `Cannot finish a runSync: main waits for ${label}, and only the host could end that. Use \`await run(…)\`.`,
    );
  });

  test("every task that waits is named", () => {
    const error = thrownBy(() =>
      runSync(function* main() {
        const task = createTask(sleep(100), { name: "slow" });
        yield* task;
      }),
    );
    expect(withoutNumbers(error)).toBe(
      "Cannot finish a runSync: main waits for task slow, slow waits for sleep 100 ms, and only the host could end " +
        "that. Use `await run(…)`.",
    );
  });

  test("main is unwound when it is refused: its cleanup runs", () => {
    const log: string[] = [];
    const error = thrownBy(() =>
      runSync(function* () {
        try {
          yield* sleep(5);
        } catch {
          log.push("caught");
        } finally {
          yield* cede();
          log.push("cleaned up");
        }
      }),
    );
    expect(withoutNumbers(error)).toContain("Cannot finish a runSync");
    expect(log).toEqual(["cleaned up"]);
  });

  test("cleanup that waits for the host is abandoned, and the first error stays", () => {
    const log: string[] = [];
    const warn = console.warn;
    const warnings: string[] = [];
    console.warn = (message: string) => void warnings.push(message.replace(/#\d+/g, ""));
    try {
      const error = thrownBy(() =>
        runSync(function* () {
          try {
            yield* sleep(5);
          } finally {
            try {
              yield* sleep(7);
              log.push("cleaned up");
            } finally {
              log.push("left");
            }
          }
        }),
      );
      expect(withoutNumbers(error)).toContain("main waits for sleep 5 ms");
    } finally {
      console.warn = warn;
    }
    expect(log).toEqual(["left"]);
    expect(warnings).toEqual([
      "cede: The cleanup of main cannot wait for the host in a runSync and was abandoned while it waited for sleep 7 ms.",
    ]);
  });

  test("S23: tasks that wait for each other are a deadlock", () => {
    const error = thrownBy(() =>
      runSync(function* () {
        const one: Task<void> = createTask(function* one(): Awaitable<void> {
          yield* two;
        });
        const two: Task<void> = createTask(function* two(): Awaitable<void> {
          yield* one;
        });
        yield* one;
      }),
    );
    expect(error).toBeInstanceOf(DeadlockError);
    expect(withoutNumbers(error)).toBe(
      "Cannot go on: these tasks wait for each other, in a circle. Let one of them go on without another.\n" +
        "  one waits for task two\n  two waits for task one",
    );
  });
});

describe("S14: inside a running coroutine", () => {
  test("runSync is refused, in words", async () => {
    const error = await run(function* () {
      return thrownBy(() => runSync(() => cede()));
    });
    expect(error).toBeInstanceOf(InvalidStateError);
    expect(withoutNumbers(error)).toBe(
      "Cannot runSync inside main: its loop could not go on. Write `yield*`.",
    );
  });

  test("of another runSync, too", () => {
    const error = thrownBy(() => runSync(() => runSync(() => cede()) as never));
    expect(withoutNumbers(error)).toBe(
      "Cannot runSync inside main: its loop could not go on. Write `yield*`.",
    );
  });

  test("a run may be started there, and goes on in its own loop", async () => {
    let started!: Promise<string>;
    runSync(function* () {
      started = run(function* () {
        yield;
        return "later";
      });
    });
    expect(await started).toBe("later");
  });
});

test("S25: a runSync has no loop that could be used, and says so", () => {
  const words =
    "Cannot tell the running loop: main runs in a runSync, which has none that could be used. Write `await run(…)` " +
    "instead of `runSync`.";
  runSync(function* () {
    expect(withoutNumbers(thrownBy(() => runningLoop()))).toBe(words);
    expect(withoutNumbers(thrownBy(() => allTasks()))).toBe(words);
  });
  expect(withoutNumbers(thrownBy(() => runningLoop()))).toBe(
    "Cannot tell the running loop: no task is running here. Ask inside a coroutine, or keep the loop that you made.",
  );
});
