import { describe, expect, test } from "vitest";
import {
  allSettled,
  CancelledError,
  cancelScope,
  coroutine,
  createTask,
  currentTask,
  DeadlockError,
  Future,
  moveOnAfter,
  sleep,
  sleepForever,
  type Awaitable,
  type Task,
} from "../index.ts";
import { cancelEverywhere, runVirtual, transcript } from "../testing/index.ts";
import { after } from "../../tests/support/small.ts";

const failing = coroutine(function* failing(ms: number, error: unknown): Awaitable<never> {
  yield* sleep(ms);
  throw error;
});
const badCleanup = coroutine(function* badCleanup(message: string): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    throw new Error(message);
  }
});
const fulfilled = <T>(value: T) => ({ status: "fulfilled", value });
const rejected = (reason: unknown) => ({ status: "rejected", reason });

describe("allSettled()", () => {
  test("tells how each has ended, in the order of the items, once all have", async () => {
    const log = transcript({ tasks: false });
    const results = await runVirtual(function* () {
      const results = yield* allSettled([failing(10, "failed"), after(20, "a"), after(5, "b")]);
      log("settled");
      return results;
    });
    expect(results).toEqual([rejected("failed"), fulfilled("a"), fulfilled("b")]);
    expect(log.lines).toEqual(["20 settled"]);
  });

  test("of a record is a record with the same keys, whatever they are called", async () => {
    const items = JSON.parse('{"__proto__": 0, "a": 0}') as Record<string, Awaitable<number>>;
    Object.defineProperty(items, "__proto__", { value: failing(1, undefined), enumerable: true });
    items["a"] = after(1, 1);
    expect(Object.entries(await runVirtual(() => allSettled(items)))).toEqual([
      ["__proto__", rejected(undefined)],
      ["a", fulfilled(1)],
    ]);
  });

  test("of nothing is nothing, and a checkpoint as always (S5)", async () => {
    expect(await runVirtual(() => allSettled([]))).toEqual([]);
    expect(await runVirtual(() => allSettled({}))).toEqual({});
    const program = runVirtual(
      cancelScope(function* (scope) {
        scope.cancel();
        yield* allSettled([]);
        throw new Error("went on");
      }),
    );
    await expect(program).resolves.toEqual({ cancelled: true, value: undefined });
  });

  test("S6: of what was cancelled tells a CancelledError: tasks that were passed in, or started", async () => {
    const results = await runVirtual(function* () {
      const task = createTask(sleepForever());
      let started!: Task<unknown>;
      createTask(function* () {
        yield* sleep(5);
        void task.cancel("one");
        void started.cancel("two");
      });
      return yield* allSettled([
        task,
        function* () {
          started = currentTask()!;
          yield* sleepForever();
        },
        after(10, "value"),
      ]);
    });
    expect(results).toMatchObject([
      rejected({ name: "CancelledError", reason: "one" }),
      rejected({ name: "CancelledError", reason: "two" }),
      fulfilled("value"),
    ]);
    expect((results[0] as PromiseRejectedResult).reason).toBeInstanceOf(CancelledError);
  });

  test("of a started task that somebody cancels, and whose cleanup fails, tells that", async () => {
    const results = await runVirtual(() =>
      allSettled([
        function* () {
          const task = currentTask()!;
          createTask(function* () {
            void task.cancel();
          });
          yield* badCleanup("cleanup");
        },
        after(5, "goes on"),
      ]),
    );
    expect(results).toEqual([rejected(new Error("cleanup")), fulfilled("goes on")]);
  });

  test("S13: observes what was passed in, and has failed or will", async () => {
    const results = await runVirtual(function* () {
      const failed = createTask(function* (): Awaitable<void> {
        throw "at once";
      });
      yield;
      return yield* allSettled([failed, createTask(failing(5, "later"))]);
    });
    expect(results).toEqual([rejected("at once"), rejected("later")]);
  });

  test("S16: that is cancelled cancels and awaits what it started, and leaves alone what was passed in", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const task = createTask(after(20, "task"));
      yield* moveOnAfter(10, () =>
        allSettled({
          task,
          *tidy(): Awaitable<void> {
            try {
              yield* sleepForever();
            } finally {
              yield* sleep(2);
              log("cleaned up");
            }
          },
        }),
      );
      log("moved on");
      log(yield* task);
    });
    expect(log.lines).toEqual(["12 cleaned up", "12 moved on", "20 task"]);
  });

  test("S15: throws what fails in cleanup when it is cancelled from outside", async () => {
    const program = runVirtual(() => moveOnAfter(5, () => allSettled([badCleanup("cleanup")])));
    await expect(program).rejects.toThrow("cleanup");
  });

  test("S23: tells of futures that nobody sets, and of tasks in a circle", async () => {
    const program = runVirtual(() => allSettled([new Future("one"), new Future("two"), after(1, 1)]));
    await expect(program).rejects.toThrow(
      /main#\d+ waits for group "allSettled", 2 of 3 left: future "one", future "two"/,
    );
    const names = Array.from({ length: 5 }, (_, i) => new Future(`${i}`));
    await expect(runVirtual(() => allSettled(names))).rejects.toThrow(
      '5 of 5 left: future "0", future "1", future "2", …',
    );
    const results = await runVirtual(function* () {
      const one: Task<unknown> = createTask(function* () {
        yield;
        yield* one2;
      });
      const one2: Task<unknown> = createTask(function* () {
        yield;
        yield* one;
      });
      return yield* allSettled([one, one2]);
    });
    expect(results).toMatchObject([rejected({ name: "DeadlockError" }), rejected({ name: "DeadlockError" })]);
    const self = runVirtual(function* () {
      const one: Task<unknown> = createTask(function* () {
        yield;
        yield* allSettled([one]);
      });
      yield* one;
    });
    await expect(self).rejects.toThrow(DeadlockError);
  });

  test("of a thousand, half of which fail in one turn", async () => {
    const items = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? after(5, i) : failing(5, i)));
    const results = await runVirtual(() => allSettled(items));
    expect(results).toEqual(
      Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? fulfilled(i) : rejected(i))),
    );
  });

  test("of a wrong thing says so", () => {
    expect(() => allSettled(after(1, 1) as never)).toThrow(
      new TypeError(
        "Cannot await all of the coroutine after(…): it takes an array or a record of awaitables.",
      ),
    );
  });

  test("ends wherever the program is cancelled", async () => {
    let open = 0;
    const held = coroutine(function* held(ms: number): Awaitable<void> {
      open++;
      try {
        yield* sleep(ms);
        throw new Error("fails");
      } finally {
        open--;
      }
    });
    await cancelEverywhere(() => allSettled({ a: held(1), b: allSettled([held(2)]), c: () => held(0) }), {
      check: () => expect(open).toBe(0),
    });
  });
});
