import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  Future,
  moveOnAfter,
  sleep,
  sleepForever,
  taskGroup,
  type Awaitable,
  type Task,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";

function* plainRaising(): Awaitable<void> {
  yield* sleep(1);
  throw new Error("raised");
}

/** Cancels `body`'s task once it waits, and whoever awaits that finds it cleaned up. */
async function cancelled(body: Awaitable<unknown> | (() => Awaitable<unknown>)): Promise<void> {
  await runVirtual(function* () {
    const task = createTask(body);
    yield* sleep(1);
    yield* task.cancel();
    expect(task.cancelled).toBe(true);
  });
}

describe("Unwinding: the target is the outermost cancelled scope that can be seen, found anew at each frame", () => {
  /** Scopes in scopes, each of which tells how it ended, or is not left alone. */
  const scopes = coroutine(function* scopes(
    names: readonly string[],
    log: (line: string) => void,
    meanwhile: (name: string) => void,
    handles: Record<string, { cancel(): void }>,
  ): Awaitable<void> {
    const [name, ...rest] = names;
    if (name === undefined) return yield* sleepForever();
    const { cancelled } = yield* cancelScope(function* (scope) {
      handles[name] = scope;
      try {
        yield* scopes(rest, log, meanwhile, handles);
        log(`${name}'s body goes on`);
      } finally {
        yield* sleep(1);
        meanwhile(name);
        yield* sleep(1);
        log(`${name} cleaned up`);
      }
    });
    log(`${name} ${cancelled ? "cancelled" : "ended"}`);
  });

  test("S5: the inner scope alone", async () => {
    const log = transcript({ tasks: false });
    const handles: Record<string, { cancel(): void }> = {};
    await runVirtual(function* () {
      createTask(function* () {
        yield* sleep(5);
        handles["c"]!.cancel();
      });
      yield* scopes(["a", "b", "c"], log, () => {}, handles);
    });
    expect(log.lines).toEqual([
      "7 c cleaned up",
      "7 c cancelled",
      "7 b's body goes on",
      "9 b cleaned up",
      "9 b ended",
      "9 a's body goes on",
      "11 a cleaned up",
      "11 a ended",
    ]);
  });

  test.each([
    ["a", "c"],
    ["c", "a"],
  ])("S18: two scopes in one turn, %s before %s: the outer one takes all", async (...order) => {
    const log = transcript({ tasks: false });
    const handles: Record<string, { cancel(): void }> = {};
    await runVirtual(function* () {
      createTask(function* () {
        yield* sleep(5);
        for (const name of order) handles[name]!.cancel();
      });
      yield* scopes(["a", "b", "c"], log, () => {}, handles);
    });
    expect(log.lines).toEqual(["7 c cleaned up", "9 b cleaned up", "11 a cleaned up", "11 a cancelled"]);
  });

  test("S5: a scope further out that is cancelled during the cleanup of an inner one takes over", async () => {
    const log = transcript({ tasks: false });
    const handles: Record<string, { cancel(): void }> = {};
    const meanwhile = (name: string): void => {
      if (name === "c") handles["b"]!.cancel();
      if (name === "b") handles["a"]!.cancel();
    };
    await runVirtual(function* () {
      createTask(function* () {
        yield* sleep(5);
        handles["c"]!.cancel();
      });
      yield* scopes(["a", "b", "c"], log, meanwhile, handles);
    });
    expect(log.lines).toEqual(["7 c cleaned up", "9 b cleaned up", "11 a cleaned up", "11 a cancelled"]);
  });

  test("S5: a scope further in that is cancelled during the cleanup of its own body changes nothing", async () => {
    const log = transcript({ tasks: false });
    const handles: Record<string, { cancel(): void }> = {};
    await runVirtual(function* () {
      createTask(function* () {
        yield* sleep(5);
        handles["b"]!.cancel();
      });
      yield* scopes(["a", "b", "c"], log, (name) => handles[name]!.cancel(), handles);
    });
    // a is cancelled in the cleanup of its normal way out: which is cut short there.
    expect(log.lines).toEqual([
      "7 c cleaned up",
      "9 b cleaned up",
      "9 b cancelled",
      "9 a's body goes on",
      "10 a cancelled",
    ]);
  });
});

describe("S2: while a frame unwinds", () => {
  test("S2: a second, third and fourth cancellation do not cut its cleanup short", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const task = createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          for (let i = 1; i <= 4; i++) {
            yield* sleep(1);
            log(`cleanup ${i}`);
          }
        }
      });
      for (let i = 0; i < 4; i++) {
        yield* sleep(1);
        void task.cancel(`reason ${i}`);
      }
      yield* task.cancel();
      log("ended");
    });
    expect(log.lines).toEqual(["2 cleanup 1", "3 cleanup 2", "4 cleanup 3", "5 cleanup 4", "5 ended"]);
  });

  test("S2: cleanup of cleanup, three deep, is not cut short either", async () => {
    const log = transcript({ tasks: false });
    const level = coroutine(function* level(n: number, task: Task<unknown>): Awaitable<void> {
      const { expired } = yield* moveOnAfter(1, function* () {
        try {
          yield* sleepForever();
        } finally {
          void task.cancel();
          if (n > 0) yield* level(n - 1, task);
          yield* sleep(1);
          log(`level ${n} cleaned up`);
        }
      });
      log(`level ${n} ${expired ? "expired" : "ended"}`);
    });
    await runVirtual(function* () {
      const task: Task<unknown> = createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* level(3, task);
          log("task cleaned up");
        }
      });
      yield;
      yield* task.cancel();
    });
    expect(log.lines).toEqual([
      "5 level 0 cleaned up",
      "5 level 0 expired",
      "6 level 1 cleaned up",
      "6 level 1 expired",
      "7 level 2 cleaned up",
      "7 level 2 expired",
      "8 level 3 cleaned up",
      "8 level 3 expired",
      "8 task cleaned up",
    ]);
  });

  test("S2: the coroutines that its cleanup calls end like any other: with values and errors", async () => {
    const log = transcript({ tasks: false });
    const add = coroutine(function* add(a: number, b: number): Awaitable<number> {
      yield* sleep(1);
      return a + b;
    });
    await cancelled(function* () {
      try {
        yield* sleepForever();
      } finally {
        log(`sum ${yield* add(yield* add(1, 2), 3)}`);
        try {
          yield* plainRaising();
        } catch (error) {
          log(`caught ${String(error)}`);
        }
        const { value } = yield* moveOnAfter(5, () => add(4, 5));
        log(`value ${value}`);
      }
    });
    expect(log.lines).toEqual(["3 sum 6", "4 caught Error: raised", "5 value 9"]);
  });

  test("S2: tasks in groups that its cleanup opens are not cancelled with it", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const task = createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* taskGroup(function* (group) {
            group.createTask(function* () {
              void task.cancel();
              yield* sleep(5);
              log("child of the cleanup ended");
            });
          });
        }
      });
      yield;
      yield* task.cancel();
      log("ended");
    });
    expect(log.lines).toEqual(["5 child of the cleanup ended", "5 ended"]);
  });

  test("S2: other frames of its task are not resumed, whatever they wait for", async () => {
    const log = transcript({ tasks: false });
    const future = new Future<string>("value");
    const waiting = coroutine(function* waiting(): Awaitable<string> {
      try {
        return yield* future;
      } finally {
        yield* sleep(20);
        log("cleaned up");
      }
    });
    await runVirtual(function* () {
      const task = createTask(function* () {
        log(`wrong: ${yield* waiting()}`);
      });
      yield* sleep(1);
      void task.cancel();
      yield* sleep(5);
      future.setResult("too late"); // in the middle of the cleanup
      yield* task.cancel();
    });
    expect(log.lines).toEqual(["21 cleaned up"]);
  });
});
