import { describe, expect, test } from "vitest";
import {
  any,
  CancelledError,
  cancelScope,
  coroutine,
  createTask,
  DeadlockError,
  Future,
  moveOnAfter,
  race,
  sleep,
  sleepForever,
  suppressedErrors,
  timeout,
  type Awaitable,
  type Task,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import { closesWhereverCancelled } from "../../tests/support/held.ts";
import { after, caught, failing, type Log } from "../../tests/support/small.ts";

/** Ends after `ms` milliseconds; cancelled before, it cleans up for two. */
const tidy = coroutine(function* tidy(log: Log, ms: number): Awaitable<string> {
  let ended = false;
  try {
    yield* sleep(ms);
    ended = true;
    return "tidy";
  } finally {
    if (!ended) {
      yield* sleep(2);
      log("cleaned up");
    }
  }
});
const badCleanup = coroutine(function* badCleanup(message: string): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    throw new Error(message);
  }
});

async function lines(body: (log: Log) => Awaitable<unknown>): Promise<readonly string[]> {
  const log = transcript({ tasks: false });
  const noted: Log = (line) => log(line.replaceAll(/#\d+/g, ""));
  await runVirtual(function* () {
    const end = yield* caught(body(noted));
    noted(
      [end, ...suppressedErrors(end)]
        .map((one) => (one instanceof Error ? String(one) : JSON.stringify(one)))
        .join(", besides "),
    );
  });
  return log.lines;
}

/** Of both: they differ only in what they make of failures. */
const both = { race, any } as Record<string, typeof race>;

describe.each(Object.entries(both))("S16: %s", (name, first) => {
  test("gives the first result, and cancels and awaits the others that it started", async () => {
    expect(await lines((log) => first([tidy(log, 20), after(10, "fast"), tidy(log, 30)]))).toEqual([
      "12 cleaned up",
      "12 cleaned up",
      '12 "fast"',
    ]);
  });

  test("of a record says whose it is", async () => {
    expect(await lines((log) => first({ slow: tidy(log, 20), fast: after(10, 5) }))).toEqual([
      "12 cleaned up",
      '12 {"key":"fast","value":5}',
    ]);
  });

  test("takes coroutines, functions, methods, plain generators, tasks, futures and waits", async () => {
    const items: Record<string, () => Awaitable<unknown> | (() => Awaitable<unknown>)> = {
      coroutine: () => after(5, "won"),
      arrow: () => () => after(5, "won"),
      function: () =>
        function* () {
          yield* sleep(5);
          return "won";
        },
      method: () =>
        ({
          *run(): Awaitable<string> {
            yield* sleep(5);
            return "won";
          },
        }).run,
      generator: () =>
        (function* () {
          yield* sleep(5);
          return "won";
        })(),
      task: () => createTask(after(5, "won")),
      future: () => {
        const future = new Future<string>();
        createTask(after(5, "won")).addDoneCallback(() => future.setResult("won"));
        return future;
      },
      race: () => race([after(5, "won"), sleepForever()]),
    };
    for (const [kind, item] of Object.entries(items)) {
      expect([kind, await lines(() => first([sleep(20), item()]))]).toEqual([kind, ['5 "won"']]);
    }
  });

  test("leaves alone the tasks and futures that were passed in and lose", async () => {
    const program = lines(function* (log) {
      const task = createTask(tidy(log, 50));
      const future = new Future<string>();
      log(yield* first([task, after(10, "fast"), future]));
      future.setResult("set");
      return [yield* future, yield* task];
    });
    expect(await program).toEqual(["10 fast", '50 ["set","tidy"]']);
  });

  test("with `cancel` cancels those too, and awaits their cleanup", async () => {
    const program = lines(function* (log) {
      const task = createTask(tidy(log, 50), { name: "mine" });
      const future = new Future<string>("mine");
      const done = createTask(after(1, "done"));
      log(yield* first([task, after(10, "fast"), future], { cancel: true }));
      log(String(yield* caught(task)));
      return [future.cancelled, done.cancelled];
    });
    expect(await program).toEqual([
      "12 cleaned up",
      "12 fast",
      "12 CancelledError: task mine was cancelled by orCancel: nobody waits for it any longer",
      "12 [true,false]",
    ]);
  });

  test("S16: with `cancel` cancels those also where it is decided, or cancelled, before it waits", async () => {
    const now = function* (): Awaitable<string> {
      return "now";
    };
    const program = lines(function* () {
      const mine = (): Task<void> => createTask(sleepForever());
      const tasks = [mine(), mine(), mine(), mine()];
      yield* first([now, tasks[0]!], { cancel: true });
      yield* first([tasks[1]!, now], { cancel: true });
      const done = createTask(now);
      yield* done;
      yield* first([done, tasks[2]!], { cancel: true });
      yield* moveOnAfter(0, () => first([tasks[3]!], { cancel: true }));
      return tasks.map(({ cancelled }) => cancelled);
    });
    expect(await program).toEqual(["0 [true,true,true,true]"]);
  });

  test("S7: of those that are done at the start, the first in order wins, and nothing is begun", async () => {
    const program = lines(function* (log) {
      const one = createTask(after(2, "one"));
      const two = createTask(after(1, "two"));
      yield* sleep(5);
      const never = function* (): Awaitable<string> {
        log("wrong");
        return yield* sleepForever();
      };
      return yield* first([never, one, two, never]);
    });
    expect(await program).toEqual(['5 "one"']);
  });

  test("S7: of two that end in one turn, the first to end wins, in whatever order they were given", async () => {
    const settle = (order: readonly number[]) =>
      lines(function* () {
        const futures = [new Future<number>(), new Future<number>()];
        createTask(function* () {
          yield* sleep(5);
          for (const i of order) futures[i]!.setResult(i);
        });
        return yield* first(futures);
      });
    expect(await settle([0, 1])).toEqual(["5 0"]);
    expect(await settle([1, 0])).toEqual(["5 1"]);
    expect(await lines(() => first([after(5, "a"), after(5, "b")]))).toEqual(['5 "a"']);
  });

  test("S7: the result and a cancellation from outside in one turn, in both orders", async () => {
    const settle = (resultFirst: boolean) =>
      lines(() =>
        cancelScope(function* (scope) {
          const future = new Future<string>();
          const events = [() => future.setResult("result"), () => scope.cancel()];
          createTask(function* () {
            yield* sleep(5);
            for (const event of resultFirst ? events : events.toReversed()) event();
          });
          return yield* first([future, new Future<string>()]);
        }),
      );
    expect(await settle(true)).toEqual(['5 {"cancelled":false,"value":"result"}']);
    expect(await settle(false)).toEqual(['5 {"cancelled":true}']);
  });

  test("that is cancelled cancels and awaits what it started, not what was passed in", async () => {
    const program = lines(function* (log) {
      const task = createTask(after(20, "task"));
      yield* moveOnAfter(10, () => first([tidy(log, 30), task]));
      log("moved on");
      return yield* task;
    });
    expect(await program).toEqual(["12 cleaned up", "12 moved on", '20 "task"']);
  });

  test("S15: a loser whose cleanup fails, fails it: there is no other error", async () => {
    expect(await lines(() => first([badCleanup("cleanup"), after(5, "fast")]))).toEqual(["5 Error: cleanup"]);
  });

  test("S15: and so does one whose cleanup fails when it is cancelled from outside", async () => {
    expect(await lines(() => moveOnAfter(5, () => first([badCleanup("cleanup"), sleep(10)])))).toEqual([
      "5 Error: cleanup",
    ]);
    expect(await lines(() => timeout(5, () => first([badCleanup("cleanup"), sleep(10)])))).toEqual([
      "5 TimeoutError: Timed out after 5 ms., besides Error: cleanup",
    ]);
  });

  test("a loser that fails by itself in the very turn of the first result is as one that is cancelled", async () => {
    expect(await lines(() => first([after(5, "fast"), failing(5, "too late")]))).toEqual(['5 "fast"']);
  });

  test("S13: observes a task that was passed in and fails later", async () => {
    const program = lines(function* () {
      const task = createTask(failing(20, "late"));
      yield* first([task, sleep(10)]);
      yield* sleep(20);
      return "went on";
    });
    expect(await program).toEqual(['30 "went on"']);
  });

  test("S5: of what is done is a checkpoint", async () => {
    let rounds = 0;
    const program = runVirtual(
      cancelScope(function* (scope) {
        const future = new Future<number>();
        future.setResult(1);
        for (;;) {
          yield* first([future, sleepForever()]);
          if (++rounds === 3) scope.cancel();
          expect(rounds).toBeLessThanOrEqual(3);
        }
      }),
    );
    await expect(program).resolves.toEqual({ cancelled: true, value: undefined });
  });

  test("among a thousand", async () => {
    const items = Array.from({ length: 1000 }, (_, i) => after(1000 - i, i));
    expect(await lines(() => first(items))).toEqual(["1 999"]);
  });

  test("of nothing is refused where it is called, and so is what is neither an array nor a record", () => {
    const [verb, none] = name === "race" ? ["race", "win"] : ["await any of", "succeed"];
    for (const nothing of [[], {}]) {
      expect(() => first(nothing)).toThrow(RangeError);
      expect(() => first(nothing)).toThrow(
        `Cannot ${verb} no items: none ${name === "race" ? "would ever" : "could"} ${none}. Look first whether there ` +
          "are any.",
      );
    }
    for (const wrong of [5, null, after(1, 1), new Set([sleep(1)])]) {
      expect(() => first(wrong as never)).toThrow(TypeError);
      expect(() => first(wrong as never)).toThrow(/it takes an array or a record of awaitables\.$/);
    }
  });

  test("with an item that cannot be awaited says so, and cancels what was started", async () => {
    const program = lines((log) => first([tidy(log, 5), Promise.resolve() as never]));
    expect(await program).toEqual([
      "0 TypeError: Cannot run a promise: write the body as `function*` instead of `async`, or return `until(promise)`.",
    ]);
  });

  test("is itself awaited once, as every coroutine", async () => {
    const program = lines(function* () {
      const once = first([after(1, 1)]);
      yield* once;
      yield* once;
    });
    expect((await program)[0]).toMatch("Cannot await the coroutine race(…) again");
  });

  test("ends wherever the program is cancelled", async () => {
    await closesWhereverCancelled(function* (held) {
      yield* first([held(3), held(1), createTask(held(2))]);
      yield* first({ a: held(1), b: createTask(held(5)) }, { cancel: true });
    });
  });
});

describe("race()", () => {
  test("throws the first error, and cancels and awaits the others", async () => {
    expect(await lines((log) => race([tidy(log, 20), failing(10, "first")]))).toEqual([
      "12 cleaned up",
      "12 Error: first",
    ]);
  });

  test("S12: an error of the winner, and then of a loser's cleanup, or of a loser in the same turn", async () => {
    expect(await lines(() => race([badCleanup("cleanup"), failing(5, "first")]))).toEqual([
      "5 Error: first, besides Error: cleanup",
    ]);
    expect(await lines(() => race([failing(5, "first"), failing(5, "second")]))).toEqual([
      "5 Error: first, besides Error: second",
    ]);
  });

  test("S6: a task that is cancelled ends with a CancelledError", async () => {
    const program = lines(function* () {
      const task: Task<void> = createTask(sleepForever(), { name: "gone" });
      createTask(function* other() {
        yield* sleep(5);
        void task.cancel("enough");
      });
      const error = yield* caught(race([task, sleep(20)]));
      expect(error).toBeInstanceOf(CancelledError);
      throw error;
    });
    expect(await program).toEqual(["5 CancelledError: task gone was cancelled by other: enough"]);
  });

  test("S18: an error that comes before the deadline of the same turn is before it", async () => {
    const program = lines(() =>
      cancelScope(() =>
        timeout(5, function* (scope) {
          const future = new Future<void>();
          createTask(function* () {
            yield; // the other one sleeps
            future.setError(new Error("first"));
            scope.deadline = 0;
          });
          yield* race([future, badCleanup("cleanup")]);
        }),
      ),
    );
    expect(await program).toEqual([
      "0 Error: first, besides Error: cleanup, besides TimeoutError: Timed out after 0 ms.",
    ]);
  });

  test("S23: of tasks that wait for whoever races is a deadlock", async () => {
    const program = runVirtual(function* () {
      const racer: Task<unknown> = createTask(
        function* () {
          yield;
          yield* race([() => racer, () => racer]);
        },
        { name: "racer" },
      );
      yield* racer;
    });
    await expect(program).rejects.toThrow(DeadlockError);
    await expect(program).rejects.toThrow(/racer#\d+ waits for group "race", 2 of 2 left/);
  });
});

describe("any()", () => {
  test("lets failures pass as long as one may succeed", async () => {
    expect(await lines(() => any([failing(1, "one"), after(10, "value"), failing(5, "two")]))).toEqual([
      '10 "value"',
    ]);
  });

  test("throws an AggregateError of all failures, in the order of the items, once all have failed", async () => {
    let error: unknown;
    const program = lines(function* () {
      error = yield* caught(any({ late: failing(10, "late"), early: failing(5, "early") }));
      throw error;
    });
    expect(await program).toEqual(["10 AggregateError: All 2 items have failed"]);
    expect((error as AggregateError).errors).toEqual([new Error("late"), new Error("early")]);
    expect(await lines(() => any([failing(1, "alone")]))).toEqual([
      "1 AggregateError: The only item has failed",
    ]);
  });

  test("throws it at once of what has failed already, cancellations among them", async () => {
    const program = lines(function* () {
      const failed = new Future<void>();
      failed.setError("failed");
      const cancelled = new Future<void>("gone");
      cancelled.cancel();
      return yield* any([failed, cancelled]);
    });
    expect(await program).toEqual(["0 AggregateError: All 2 items have failed"]);
  });

  test("S12: a failure that came before the cleanup of a loser is no part of what that throws", async () => {
    const program = lines(() => any([failing(1, "passed over"), badCleanup("cleanup"), after(5, "value")]));
    expect(await program).toEqual(["5 Error: cleanup"]);
  });

  test("a thousand that fail in one turn", async () => {
    const items = Array.from({ length: 1000 }, (_, i) => failing(5, `${i}`));
    const error: unknown = await runVirtual(() => any(items)).catch((error: unknown) => error);
    expect((error as AggregateError).errors.map((one: Error) => one.message)).toEqual(
      Array.from({ length: 1000 }, (_, i) => `${i}`),
    );
    expect(suppressedErrors(error)).toEqual([]);
  });
});
