import { describe, expect, test } from "vitest";
import {
  all,
  allTasks,
  cancelScope,
  cede,
  coroutine,
  createTask,
  currentTask,
  Future,
  moveOnAfter,
  sleep,
  sleepForever,
  suppressedErrors,
  type Awaitable,
  type Task,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import { closesWhereverCancelled } from "../../tests/support/held.ts";
import { after, failing } from "../../tests/support/small.ts";

const doneFuture = (): Future<string> => {
  const future = new Future<string>();
  future.setResult("done");
  return future;
};

describe("the results", () => {
  test("an array gives an array, in its order, whoever is first", async () => {
    expect(await runVirtual(() => all([after(30, "a"), after(10, "b"), after(20, "c")]))).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  test("a record gives a record with the same keys in the same order", async () => {
    const results = await runVirtual(() => all({ slow: after(2, 1), fast: after(1, "x") }));
    expect(Object.entries(results)).toEqual([
      ["slow", 1],
      ["fast", "x"],
    ]);
  });

  test("nothing to await gives nothing, at once", async () => {
    expect(await runVirtual(() => all([]))).toEqual([]);
    expect(await runVirtual(() => all({}))).toEqual({});
  });

  test.each<[string, () => Awaitable<unknown>]>([
    ["an array", () => all([])],
    ["a record", () => all({})],
    ["what is done already", () => all([doneFuture()])],
  ])("S5: is a checkpoint, also where there is nothing to wait for: %s", async (_, await_) => {
    let rounds = 0;
    const program = runVirtual(
      cancelScope(function* (scope) {
        for (;;) {
          yield* await_();
          if (++rounds === 3) scope.cancel();
          expect(rounds).toBeLessThanOrEqual(3);
        }
      }),
    );
    await expect(program).resolves.toEqual({ cancelled: true, value: undefined });
  });

  test("a key called __proto__ is a key like any other", async () => {
    const items = JSON.parse('{"__proto__": 0}') as Record<string, Awaitable<number>>;
    Object.defineProperty(items, "__proto__", { value: after(1, 7), enumerable: true });
    const results = await runVirtual(() => all(items));
    expect(Object.entries(results)).toEqual([["__proto__", 7]]);
    expect(Object.getPrototypeOf(results)).toBe(Object.prototype);
  });

  test("coroutines, functions, arrows, plain generators, tasks, futures and waits may be mixed", async () => {
    const results = await runVirtual(function* () {
      const future = new Future<string>();
      const task = createTask(after(5, "task"));
      createTask(function* () {
        yield* sleep(7);
        future.setResult("future");
      });
      return yield* all([
        after(1, "coroutine"),
        function* () {
          yield;
          return "function";
        },
        () => after(2, "arrow"),
        (function* () {
          yield* cede();
          return "generator";
        })(),
        task,
        future,
        sleep(3),
      ]);
    });
    expect(results).toEqual(["coroutine", "function", "arrow", "generator", "task", "future", undefined]);
  });

  test("they run at the same time, each as a task of its own", async () => {
    const log = transcript({ tasks: false });
    const names = await runVirtual(function* () {
      const names = yield* all(
        [1, 2, 3].map(() =>
          coroutine(function* worker() {
            yield* sleep(100);
            return currentTask()!.name;
          })(),
        ),
      );
      log("all");
      return names;
    });
    expect(log.lines).toEqual(["100 all"]);
    expect(new Set(names).size).toBe(3);
  });

  test("what has ended already needs no waiting", async () => {
    const result = await runVirtual(function* () {
      const task = createTask(after(1, "done"));
      yield* task;
      return yield* all([task, task]);
    });
    expect(result).toEqual(["done", "done"]);
  });

  test("alls nest", async () => {
    expect(await runVirtual(() => all({ a: all([after(1, 1), after(2, 2)]), b: after(1, 3) }))).toEqual({
      a: [1, 2],
      b: 3,
    });
  });

  test("ten thousand at once", async () => {
    const items = Array.from({ length: 10_000 }, (_, i) => after(i % 7, i));
    expect(await runVirtual(() => all(items))).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  });
});

describe("failures", () => {
  test("S16: the first failure cancels what was started, waits for its cleanup, and is thrown", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const tidy = coroutine(function* tidy() {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(5);
          log("tidied");
        }
      });
      try {
        yield* all([tidy(), failing(10, "first"), failing(20, "never")]);
      } catch (error) {
        log(String(error));
      }
    });
    expect(log.lines).toEqual(["15 tidied", "15 Error: first"]);
  });

  // It waited for the others first.
  test("S6: an item that somebody cancels fails it at once, started or passed in", async () => {
    for (const start of [true, false]) {
      const log = transcript({ tasks: false });
      await runVirtual(function* () {
        let cancelled!: Task<unknown>;
        createTask(function* () {
          yield* sleep(5);
          void cancelled.cancel("not wanted");
        });
        const item = function* (): Awaitable<void> {
          cancelled = currentTask()!;
          yield* sleepForever();
        };
        try {
          yield* all([start ? item : createTask(item), after(20, "late")]);
        } catch (error) {
          expect(error).toMatchObject({ name: "CancelledError", reason: "not wanted" });
          log("failed");
        }
      });
      expect(log.lines).toEqual(["5 failed"]);
    }
  });

  test("starts no task for what is only awaited", async () => {
    const names = await runVirtual(function* () {
      const future = new Future<void>();
      const task = createTask(() => sleep(1), { name: "passed in" });
      const awaiting = createTask(() => all([future, task]), { name: "awaiting" });
      yield;
      yield;
      const names = allTasks().map(({ name }) => name.replace(/#.*/, ""));
      future.setResult();
      yield* awaiting;
      return names;
    });
    expect(names).toEqual(["main", "passed in", "awaiting"]);
  });

  test("S16: a task or a future that was passed in is left alone", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const task = createTask(after(50, "task"));
      const future = new Future<string>();
      yield* (function* () {
        try {
          yield* all([task, future, failing(10, "no")]);
        } catch (error) {
          log(String(error));
        }
      })();
      future.setResult("future");
      log(yield* future);
      log(yield* task);
    });
    expect(log.lines).toEqual(["10 Error: no", "10 future", "50 task"]);
  });

  test("S13: a task that was given to all is observed, even where another failure came first", async () => {
    const caught = await runVirtual(function* () {
      const late = createTask(failing(20, "late"));
      try {
        yield* all([late, failing(10, "early")]);
      } catch (error) {
        yield* sleep(50); // `late` fails meanwhile, and does not fail the run
        return error;
      }
    });
    expect(caught).toMatchObject({ message: "early" });
  });

  test("S13: a task that has just failed is observed by being given to all", async () => {
    const caught = await runVirtual(function* () {
      const bad = createTask(function* () {
        throw new Error("just now");
      });
      yield; // it fails in this turn, before this is resumed
      try {
        yield* all([bad]);
      } catch (error) {
        yield* sleep(1);
        return String(error);
      }
    });
    expect(caught).toBe("Error: just now");
  });

  test("S12: one error at a time: the second is kept beside the first", async () => {
    const error: unknown = await runVirtual(() => all([failing(1, "one"), failing(1, "two")])).catch(
      (error: unknown) => error,
    );
    expect(error).toMatchObject({ message: "one" });
    expect(suppressedErrors(error)).toMatchObject([{ message: "two" }]);
  });

  test("S16: cancelling whoever awaits all cancels what it started and awaits its cleanup", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const tidy = coroutine(function* tidy(name: string) {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(3);
          log(name);
        }
      });
      yield* moveOnAfter(10, () => all({ a: tidy("a"), b: tidy("b") }));
      log("moved on");
    });
    expect(log.lines).toEqual(["13 a", "13 b", "13 moved on"]);
  });

  test("all of a wrong thing says so where it is called", () => {
    for (const [wrong, words] of [
      [5, "5"],
      [null, "null"],
      [undefined, "undefined"],
      ["ab", '"ab"'],
      [after(1, 1), "the coroutine after(…)"],
      [new Set([sleep(1)]), "an object (Set)"],
      [after, "the function after"],
    ] as const) {
      expect(() => all(wrong as never)).toThrow(
        new TypeError(`Cannot await all of ${words}: it takes an array or a record of awaitables.`),
      );
    }
  });

  test("an item that cannot be awaited fails it, and what was started is cancelled", async () => {
    let cleaned = false;
    const program = runVirtual(() =>
      all([
        function* () {
          try {
            yield* sleepForever();
          } finally {
            cleaned = true;
          }
        },
        5 as never,
      ]),
    );
    await expect(program).rejects.toThrow(
      new TypeError(
        "Cannot run 5: what is run is an awaitable, or a function that returns one (a `function*`, say).",
      ),
    );
    expect(cleaned).toBe(false); // it was cancelled before its first step
  });

  test("S28: one coroutine twice is an error that names it", async () => {
    const one = after(1, 1);
    await expect(runVirtual(() => all([one, one]))).rejects.toThrow(
      "Cannot await the coroutine after(…) again: a coroutine is awaited once, by one task.",
    );
  });

  test("S28: what all gives is itself awaited once", async () => {
    await expect(
      runVirtual(function* () {
        const both = all([after(1, 1), after(2, 2)]);
        yield* both;
        yield* both;
      }),
    ).rejects.toThrow("Cannot await the coroutine all(…) again");
  });
});

test("a program with all ends wherever it is cancelled", async () => {
  await closesWhereverCancelled((held) => all({ a: held(1), b: all([held(2), held(2)]), c: () => held(0) }));
});
