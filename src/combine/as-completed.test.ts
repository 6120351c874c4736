import { describe, expect, test } from "vitest";
import {
  asCompleted,
  cede,
  coroutine,
  createTask,
  DeadlockError,
  EventLoop,
  InvalidStateError,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";
import { closesWhereverCancelled } from "../../tests/support/held.ts";
import { after, failing } from "../../tests/support/small.ts";

describe("results as they come", () => {
  test("the first to complete is the first to be given", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      for (const next of asCompleted([after(30, "c"), after(10, "a"), after(20, "b")])) log(yield* next);
    });
    expect(log.lines).toEqual(["10 a", "20 b", "30 c"]);
  });

  test("S19: those that complete at the same time come in their order", async () => {
    const order = await runVirtual(function* () {
      const order: number[] = [];
      for (const next of asCompleted([1, 2, 3, 4].map((n) => after(10, n)))) order.push(yield* next);
      return order;
    });
    expect(order).toEqual([1, 2, 3, 4]);
  });

  test("a slow loop body loses nothing: what completed meanwhile is there at once", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      for (const next of asCompleted([after(1, "a"), after(2, "b"), after(3, "c")])) {
        log(yield* next);
        yield* sleep(10);
      }
    });
    expect(log.lines).toEqual(["1 a", "11 b", "21 c"]);
  });

  test("several tasks may await the next ones, first come, first served", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const [one, two] = [...asCompleted([after(20, "late"), after(10, "early")])];
      yield* taskGroup(function* (group) {
        group.createTask(function* () {
          log(`one got ${yield* one!}`);
        });
        group.createTask(function* () {
          log(`two got ${yield* two!}`);
        });
      });
    });
    expect(log.lines).toEqual(["10 one got early", "20 two got late"]);
  });

  test("a waiter that was cancelled takes no result with it", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const [one, two] = [...asCompleted([after(20, "first"), after(30, "second")])];
      yield* moveOnAfter(10, () => one!);
      log(yield* two!);
      log(yield* one!);
    });
    expect(log.lines).toEqual(["20 first", "30 second"]);
  });

  test("nothing to await ends the loop at once", async () => {
    await runVirtual(function* () {
      for (const next of asCompleted([])) yield* next;
    });
  });

  test("any iterable will do, and the same task may be given twice", async () => {
    const seen = await runVirtual(function* () {
      const task = createTask(after(5, "x"));
      const seen: string[] = [];
      for (const next of asCompleted([task, task].values())) seen.push(yield* next);
      return seen;
    });
    expect(seen).toEqual(["x", "x"]);
  });
});

describe("failures", () => {
  test("a failure is thrown where it is awaited, and the others go on", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      for (const next of asCompleted([after(30, "c"), failing(10, "a failed"), after(20, "b")])) {
        try {
          log(yield* next);
        } catch (error) {
          log(String(error));
        }
      }
    });
    expect(log.lines).toEqual(["10 Error: a failed", "20 b", "30 c"]);
  });

  test("S16: an error that leaves the loop cancels the rest, whose cleanup the frame awaits", async () => {
    const log = transcript({ tasks: false });
    const first = coroutine(function* first() {
      for (const next of asCompleted([failing(10, "no"), tidy(log, 5)])) yield* next;
    });
    await runVirtual(function* () {
      try {
        yield* first();
      } catch (error) {
        log(String(error));
      }
    });
    expect(log.lines).toEqual(["15 tidied", "15 Error: no"]);
  });

  test("a cleanup that fails after the loop was left fails the frame", async () => {
    const program = runVirtual(
      coroutine(function* main() {
        for (const next of asCompleted([after(1, "x"), badCleanup()])) return yield* next;
      }),
    );
    await expect(program).rejects.toThrow("cleanup failed");
  });

  test("S13: tasks that were given are observed, also when the loop is left before they fail", async () => {
    await runVirtual(function* () {
      const bad = createTask(failing(20, "nobody minds"));
      for (const next of asCompleted([after(10, "x"), bad])) {
        yield* next;
        break;
      }
      yield* sleep(100);
    });
  });

  test("S6: one that was cancelled throws a CancelledError", async () => {
    const task = await runVirtual(function* () {
      const task = createTask(sleepForever());
      createTask(function* () {
        task.cancel("enough");
      });
      for (const next of asCompleted([task])) {
        try {
          yield* next;
        } catch (error) {
          return error;
        }
      }
    });
    expect(task).toMatchObject({ name: "CancelledError", reason: "enough" });
  });

  test("a wrong thing to await says so where it is called", async () => {
    await runVirtual(function* () {
      for (const [wrong, words] of [
        [5, "5"],
        [null, "null"],
        ["ab", '"ab"'],
        [{}, "an object (Object)"],
      ] as const) {
        expect(() => asCompleted(wrong as never)).toThrow(
          new TypeError(
            `Cannot await, as completed, ${words}: it takes an array (or another iterable) of awaitables.`,
          ),
        );
      }
    });
  });

  test("outside a task it says that there is none", () => {
    expect(() => asCompleted([])).toThrow(
      new InvalidStateError(
        "Cannot wait for what is completed next: no task is running here. Await it with `yield*` in a " +
          "coroutine that `run` or `createTask` started.",
      ),
    );
  });

  test("awaiting one of them twice says that all were awaited", async () => {
    const program = runVirtual(function* () {
      const [only] = [...asCompleted([after(1, 1)])];
      yield* only!;
      yield* only!;
    });
    await expect(program).rejects.toThrow(
      new InvalidStateError("Cannot await what is completed next: every result was awaited already."),
    );
  });

  test("S20: `yield*` on the whole of it is explained", async () => {
    const program = runVirtual(function* () {
      yield* asCompleted([after(1, 1)]) as unknown as Awaitable<void>;
    });
    const error: unknown = await program.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TypeError); // the language's own: what is delegated to has no `throw`
    expect(suppressedErrors(error)).toMatchObject([
      {
        message: expect.stringMatching(
          /^Cannot yield an awaitable in main#\d+: did you write `yield` for `yield\*`\?$/,
        ),
      },
    ]);
  });
});

describe("S23: what may come from outside", () => {
  test("a future that the host completes is no deadlock", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const future = loop.createFuture<string>();
    const ended = loop.runUntilComplete(function* () {
      for (const next of asCompleted([future])) return yield* next;
    });
    clock.later(() => future.setResult("from outside"));
    clock.runAll();
    expect(await ended).toBe("from outside");
  });

  test("a task of another loop is no deadlock", async () => {
    const [one, two] = [new EventLoop(), new EventLoop()];
    const task = two.createTask(function* () {
      for (let i = 0; i < 10; i++) yield* cede();
      return "from the other loop";
    });
    const result = one.runUntilComplete(function* () {
      for (const next of asCompleted([task])) return yield* next;
    });
    expect(await result).toBe("from the other loop");
  });

  test("a task that waits for its own awaiter is one", async () => {
    const program = runVirtual(function* () {
      const gate = createTask(function* gate(): Awaitable<void> {
        yield* waiter;
      });
      const waiter: Awaitable<void> = createTask(function* waiter() {
        for (const next of asCompleted([gate])) yield* next;
      });
      yield* gate;
    });
    await expect(program).rejects.toThrow(DeadlockError);
    await expect(program).rejects.toThrow(/waiter#\d+ waits for the next of 1 to complete/);
  });
});

test("a program with asCompleted ends wherever it is cancelled", async () => {
  await closesWhereverCancelled(
    function* (held) {
      const task = createTask(held(4));
      for (const next of asCompleted([held(2), held(1), task])) {
        yield* next;
        yield;
      }
      for (const next of asCompleted([held(2), held(1)])) {
        yield* next;
        break;
      }
    },
    () => shield(() => sleep(1)),
  );
});

function tidy(log: (message: string) => void, ms: number): Awaitable<never> {
  return tidily(log, ms);
}
const tidily = coroutine(function* tidily(log: (message: string) => void, ms: number): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    yield* sleep(ms);
    log("tidied");
  }
});
const badCleanup = coroutine(function* badCleanup(): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    throw new Error("cleanup failed");
  }
});
