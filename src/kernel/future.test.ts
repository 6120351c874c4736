import { describe, expect, test } from "vitest";
import {
  cede,
  coroutine,
  createTask,
  currentTask,
  EventLoop,
  Future,
  InvalidStateError,
  moveOnAfter,
  sleep,
  type Awaitable,
  type Task,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";

describe("a future", () => {
  test("is awaited until its result is set", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const future = new Future<string>("page");
      for (const name of ["a", "b"]) {
        createTask(function* () {
          log(`${name} got ${yield* future}`);
        });
      }
      yield* sleep(10);
      expect(future.done).toBe(false);
      future.setResult("it");
      expect(future.done).toBe(true);
      log(yield* future);
      yield;
    });
    expect(log.lines).toEqual(["10 it", "10 a got it", "10 b got it"]);
  });

  test("throws its error at each awaiter, before and after", async () => {
    await runVirtual(function* () {
      const future = new Future<string>();
      const error = new Error("no page");
      const wait = coroutine(function* wait(): Awaitable<unknown> {
        try {
          return yield* future;
        } catch (caught) {
          return caught;
        }
      });
      const before = createTask(wait());
      yield;
      future.setError(error);
      expect(yield* before).toBe(error);
      expect(yield* wait()).toBe(error);
      expect(future.error()).toBe(error);
      expect(() => future.result()).toThrow(error);
    });
  });

  test("S6: throws a CancelledError of its own at each awaiter once it is cancelled", async () => {
    await runVirtual(function* () {
      const future = new Future<string>("page");
      expect(future.cancel("not needed")).toBe(true);
      expect(future.cancel("again")).toBe(false);
      expect(future.cancelled).toBe(true);
      const errors: unknown[] = [];
      for (let i = 0; i < 2; i++) {
        try {
          yield* future;
        } catch (error) {
          errors.push(error);
        }
      }
      expect(errors[0]).not.toBe(errors[1]);
      for (const error of errors) {
        expect(error).toMatchObject({
          name: "CancelledError",
          message: `future "page" was cancelled by ${currentTask()!.name}: not needed`,
          reason: "not needed",
          task: "page",
        });
      }
    });
  });

  test("may have the result undefined", async () => {
    await runVirtual(function* () {
      const future = new Future<undefined>();
      future.setResult(undefined);
      expect(yield* future).toBe(undefined);
      expect(future.result()).toBe(undefined);
    });
  });

  test("that failed, and that nobody awaits, is no failure of the run: only tasks have an owner", async () => {
    await runVirtual(function* () {
      new Future<void>().setError(new Error("unseen"));
      yield* sleep(1);
    });
  });

  test("S7: a waiter that was cancelled takes nothing from the others", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const future = new Future<string>();
      createTask(function* () {
        log(`the other got ${yield* future}`);
      });
      const { expired } = yield* moveOnAfter(5, () => future);
      log(`expired: ${expired}`);
      future.setResult("it");
      yield* cede();
    });
    expect(log.lines).toEqual(["5 expired: true", "5 the other got it"]);
  });
});

test("10,000 cancelled waits for one future leave no waiter", async () => {
  const future = new Future<void>();
  await runVirtual(function* () {
    for (let i = 0; i < 10_000; i++) yield* moveOnAfter(0.5, () => future);
  });
  const { waiters } = future as unknown as { waiters: { isEmpty: boolean } };
  expect(waiters.isEmpty).toBe(true);
});

describe("S25: settling twice is refused", () => {
  const settled: [string, (future: Future<number>) => void][] = [
    ["a result", (future) => future.setResult(1)],
    ["an error", (future) => future.setError(new Error("no"))],
    ["a cancellation", (future) => void future.cancel()],
  ];

  test.each(settled)("after %s", (_, settle) => {
    const future = new Future<number>("answer");
    settle(future);
    const hint = "it is done. Look at `future.done` first, if several may settle it.";
    expect(() => future.setResult(2)).toThrow(
      new InvalidStateError(`Cannot set the result of future "answer": ${hint}`),
    );
    expect(() => future.setError(2)).toThrow(
      new InvalidStateError(`Cannot set the error of future "answer": ${hint}`),
    );
    expect(future.cancel()).toBe(false);
  });

  test("reading what is not there is refused", () => {
    const future = new Future<number>("answer");
    const error = new InvalidStateError(
      'Cannot read the outcome of future "answer": it is not done. Await it with `yield*` first.',
    );
    expect(() => future.result()).toThrow(error);
    expect(() => future.error()).toThrow(error);
  });
});

describe("callbacks", () => {
  test("are called from the loop, in the order they were added, with what is done", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const future = loop.createFuture<number>("f");
    const calls: unknown[] = [];
    future.addDoneCallback((done) => calls.push(["first", done === future, currentTask()]));
    future.addDoneCallback((done) => calls.push(["second", done.result()]));
    future.setResult(7);
    calls.push("setResult returned");
    clock.runAll();
    expect(calls).toEqual(["setResult returned", ["first", true, undefined], ["second", 7]]);
  });

  test("are called in a later turn if it is done already", async () => {
    await runVirtual(function* () {
      const calls: string[] = [];
      const task: Task<void> = createTask(sleep(1));
      yield* task;
      task.addDoneCallback(() => calls.push("called"));
      calls.push("added");
      yield;
      expect(calls).toEqual(["added", "called"]);
    });
  });

  test("are called once each, also after an error and a cancellation", async () => {
    await runVirtual(function* () {
      let calls = 0;
      const [bad, gone] = [new Future<void>(), new Future<void>()];
      for (const future of [bad, gone]) future.addDoneCallback(() => calls++);
      bad.setError(1);
      gone.cancel();
      yield* sleep(1);
      expect(calls).toBe(2);
    });
  });

  test.each<[string, unknown, string]>([
    ["a function*", function* log() {}, "the function log, a generator function: "],
    ["a coroutine", coroutine(function* log() {}), "the function log, a generator function: "],
    ["what is no function", undefined, "undefined: "],
  ])("refuses %s: nothing of it would run", (_, callback, what) => {
    expect(() => new Future<void>().addDoneCallback(callback as never)).toThrow(
      new TypeError(
        `Cannot call back ${what}a callback is an ordinary function, which is called and not awaited. Write ` +
          "`() => …`; to wait for something in it, let it create a task, or write a task that awaits this one with " +
          "`yield*`.",
      ),
    );
  });

  test("one that throws fails the run", async () => {
    const program = runVirtual(function* () {
      const future = new Future<void>();
      future.addDoneCallback(() => {
        throw new Error("in a callback");
      });
      future.setResult();
      yield* sleep(100);
    });
    await expect(program).rejects.toThrow("in a callback");
  });
});

describe("S26: for async functions", () => {
  test("`await future` needs no loop", async () => {
    const [good, bad, gone] = [new Future<number>(), new Future<number>(), new Future<number>("gone")];
    const all = Promise.allSettled([good, bad, gone]);
    good.setResult(1);
    bad.setError(new Error("no"));
    gone.cancel("reason");
    expect(await all).toMatchObject([
      { status: "fulfilled", value: 1 },
      { status: "rejected", reason: { message: "no" } },
      { status: "rejected", reason: { message: 'future "gone" was cancelled: reason', by: undefined } },
    ]);
    expect(await good).toBe(1);
  });

  test("a result that is itself a promise is not unwrapped by `yield*`, and is by `await`", async () => {
    const promise = Promise.resolve(5);
    const future = new Future<Promise<number>>();
    future.setResult(promise);
    expect(await runVirtual(function* () {
      return { same: (yield* future) === promise };
    })).toEqual({ same: true }); // prettier-ignore
    expect(await future).toBe(5);
  });
});
