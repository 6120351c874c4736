import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  DeadlockError,
  Future,
  moveOnAfter,
  sleep,
  sleepForever,
  taskGroup,
  wait,
  type Awaitable,
  type Task,
  type WaitOptions,
} from "../index.ts";
import { cancelEverywhere, runVirtual, transcript } from "../testing/index.ts";

const failing = coroutine(function* failing(ms: number): Awaitable<never> {
  yield* sleep(ms);
  throw new Error("failed");
});

/** Waits for tasks that end after so many milliseconds; those with a minus fail then. When it ended, done | pending. */
async function waited(delays: readonly number[], options?: WaitOptions): Promise<string> {
  const log = transcript({ tasks: false });
  await runVirtual(function* () {
    const tasks = delays.map((ms) =>
      createTask(() => (ms < 0 ? failing(-ms) : sleep(ms)), { name: `${ms}` }),
    );
    const { done, pending } = yield* wait(tasks, options);
    const names = (some: ReadonlySet<Task<void>>): string =>
      [...some].map(({ name }) => name.replace(/#.*/, "")).join(" ");
    log(`${names(done)} | ${names(pending)}`);
    yield* taskGroup(function* (group) {
      for (const task of tasks) group.createTask(() => moveOnAfter(0, () => task));
    });
  });
  return log.lines[0]!;
}

describe("wait()", () => {
  test("ends when all are done, and throws nothing of theirs", async () => {
    expect(await waited([20, -10, 5])).toBe("20 20 -10 5 | ");
    expect(await waited([20, -10, 5], { returnWhen: "allCompleted" })).toBe("20 20 -10 5 | ");
  });

  test("ends when the first is done, however it ended", async () => {
    expect(await waited([20, 5, -10], { returnWhen: "firstCompleted" })).toBe("5 5 | 20 -10");
    expect(await waited([20, 15, -10], { returnWhen: "firstCompleted" })).toBe("10 -10 | 20 15");
  });

  test("ends when the first has failed, or all are done", async () => {
    expect(await waited([20, 5, -10, 30], { returnWhen: "firstError" })).toBe("10 5 -10 | 20 30");
    expect(await waited([20, 5], { returnWhen: "firstError" })).toBe("20 20 5 | ");
  });

  test("does not take a cancellation for a failure", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const tasks = [createTask(sleepForever()), createTask(() => sleep(10))];
      createTask(function* () {
        yield* sleep(5);
        void tasks[0]!.cancel();
      });
      const { done } = yield* wait(tasks, { returnWhen: "firstError" });
      log(`${done.size}`);
    });
    expect(log.lines).toEqual(["10 2"]);
  });

  test("ends when the time is up, without an error", async () => {
    expect(await waited([20, 5], { timeout: 10 })).toBe("10 5 | 20");
    expect(await waited([20, 5], { timeout: 10, returnWhen: "firstCompleted" })).toBe("5 5 | 20");
    expect(await waited([20, 5], { timeout: Infinity })).toBe("20 20 5 | ");
  });

  test("with a timeout of 0 only looks", async () => {
    await runVirtual(function* () {
      const task = createTask(() => sleep(5));
      yield* sleep(6);
      const future = new Future<void>();
      const { done, pending } = yield* wait([task, future], { timeout: 0 });
      expect([done.has(task), pending.has(future), done.size + pending.size]).toEqual([true, true, 2]);
    });
  });

  test("tells of all that end in the turn in which it ends", async () => {
    expect(await waited([5, 5, 6], { returnWhen: "firstCompleted" })).toBe("5 5 5 | 6");
  });

  test("cancels nothing: what is pending goes on, also when whoever waits is cancelled", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const task = createTask(function* () {
        yield* sleep(20);
        log("ends");
      });
      yield* wait([task], { timeout: 5 });
      yield* moveOnAfter(5, () => wait([task]));
      log("moved on");
      yield* task;
    });
    expect(log.lines).toEqual(["10 moved on", "20 ends"]);
  });

  test("S13: has observed what it was given", async () => {
    const value = await runVirtual(function* () {
      const task = createTask(failing(10));
      yield* wait([task], { timeout: 5 });
      yield* sleep(10);
      return String(task.error());
    });
    expect(value).toBe("Error: failed");
  });

  test("takes any iterable, the same task twice, and futures of any loop", async () => {
    await runVirtual(function* () {
      const task = createTask(() => sleep(5));
      const future = new Future<number>();
      createTask(() => sleep(6)).addDoneCallback(() => future.setResult(1));
      const { done } = yield* wait(new Set([task, future]));
      expect([done.has(task), done.has(future)]).toEqual([true, true]);
      expect((yield* wait([task, task])).done.size).toBe(1);
      let pending: ReadonlySet<Task<void>> = new Set([1, 2, 3].map((ms) => createTask(() => sleep(ms))));
      let rounds = 0;
      for (; pending.size > 0; rounds++)
        ({ pending } = yield* wait(pending, { returnWhen: "firstCompleted" }));
      expect(rounds).toBe(3);
    });
  });

  test.each(["allCompleted", "firstCompleted", "firstError"] as const)(
    "S5: for nothing ends at once, and is a checkpoint (%s)",
    async (returnWhen) => {
      const program = runVirtual(
        cancelScope(function* (scope) {
          expect(yield* wait([], { returnWhen })).toEqual({ done: new Set(), pending: new Set() });
          scope.cancel();
          yield* wait([], { returnWhen });
          throw new Error("went on");
        }),
      );
      await expect(program).resolves.toEqual({ cancelled: true, value: undefined });
    },
  );

  test("S7: an end and a cancellation in one turn, in both orders", async () => {
    const settle = (endFirst: boolean) =>
      runVirtual(
        cancelScope(function* (scope) {
          const future = new Future<void>();
          const events = [() => future.setResult(), () => scope.cancel()];
          createTask(function* () {
            for (const event of endFirst ? events : events.toReversed()) event();
          });
          return (yield* wait([future])).done.size;
        }),
      );
    expect(await settle(true)).toEqual({ cancelled: false, value: 1 });
    expect(await settle(false)).toEqual({ cancelled: true, value: undefined });
  });

  test("S23: a circle that is closed by a wait for all is told", async () => {
    const program = runVirtual(function* () {
      const task: Task<unknown> = createTask(
        function* () {
          yield;
          yield* wait([task]);
        },
        { name: "self" },
      );
      yield* task;
    });
    await expect(program).rejects.toThrow(DeadlockError);
    await expect(program).rejects.toThrow(/self#\d+ waits for wait\(\), 1 of 1 left/);
  });

  test("refuses what is neither a task nor a future, and other options", () => {
    const one = coroutine(function* one(): Awaitable<void> {});
    expect(() => wait([one() as never])).toThrow(
      new TypeError(
        "Cannot wait for the coroutine one(…): it is neither a task nor a future, so it could not tell how it ended. " +
          "Start it with `createTask` and wait for the task; or use `all`, `allSettled` or `race`.",
      ),
    );
    expect(() => wait(5 as never)).toThrow(
      new TypeError("Cannot wait for 5: it takes an array (or another iterable) of awaitables."),
    );
    for (const returnWhen of ["first", "toString", 1]) {
      expect(() => wait([], { returnWhen: returnWhen as never })).toThrow(
        `Cannot wait until ${JSON.stringify(returnWhen)}: \`returnWhen\` is "allCompleted", "firstCompleted" or "firstError".`,
      );
    }
    for (const timeout of [-1, Number.NaN]) expect(() => wait([], { timeout })).toThrow(RangeError);
  });

  test("ends wherever the program is cancelled", async () => {
    await cancelEverywhere(function* () {
      const tasks = [1, 2, 3].map((ms) => createTask(() => sleep(ms)));
      yield* wait(tasks, { returnWhen: "firstCompleted" });
      yield* wait(tasks, { timeout: 1 });
      yield* wait(tasks);
    });
  });
});
