import { expect, test } from "vitest";
import {
  cede,
  coroutine,
  createTask,
  currentTask,
  sleepForever,
  toAsync,
  until,
  run,
  type Awaitable,
} from "../index.ts";

const double = coroutine(function* double(n: number): Awaitable<number> {
  yield;
  return 2 * n;
});

test("toAsync gives an ordinary async function, with the arguments of the coroutine's", async () => {
  const doubled = toAsync(double);
  const promise = doubled(21);
  expect(promise).toBeInstanceOf(Promise);
  expect(await promise).toBe(42);
  expect(await Promise.all([doubled(1), doubled(2)])).toEqual([2, 4]);
});

test("a call returns before any of it runs", async () => {
  let ran = false;
  const promise = toAsync(function* () {
    ran = true;
  })();
  expect(ran).toBe(false);
  await promise;
  expect(ran).toBe(true);
});

test("it takes whatever gives an awaitable: a generator function, an arrow", async () => {
  expect(
    await toAsync(function* (a: number, b: number) {
      yield;
      return a + b;
    })(1, 2),
  ).toBe(3);
  expect(await toAsync((n: number) => double(n))(4)).toBe(8);
});

test("a failure rejects", async () => {
  const fail = toAsync(function* (message: string) {
    yield;
    throw new Error(message);
  });
  await expect(fail("no")).rejects.toThrow("no");
});

test("a function that throws at once rejects, it does not throw", async () => {
  const fail = toAsync((): Awaitable<void> => {
    throw new Error("at once");
  });
  await expect(fail()).rejects.toThrow("at once");
});

test("its task has the function's name", async () => {
  const name = toAsync(coroutine(function* fetchPage() { return currentTask()!.name; })); // prettier-ignore
  expect(await name()).toMatch(/^fetchPage#\d+$/);
  expect(await name.with({ name: "page" })()).toMatch(/^page#\d+$/);
});

test("with({signal}) can be cancelled: it rejects with the signal's reason, after the cleanup", async () => {
  const controller = new AbortController();
  let cleaned = false;
  const wait = toAsync(function* (reason: string) {
    createTask(function* () {
      controller.abort(reason);
    });
    try {
      yield* sleepForever();
    } finally {
      yield* cede();
      cleaned = true;
    }
  });
  await expect(wait.with({ signal: controller.signal })("enough")).rejects.toBe("enough");
  expect(cleaned).toBe(true);
});

test("with() leaves the function as it was", async () => {
  const doubled = toAsync(double);
  const cancelled = doubled.with({ signal: AbortSignal.abort("off") });
  await expect(cancelled(1)).rejects.toBe("off");
  expect(await doubled(1)).toBe(2);
});

test("it may be called anywhere, also inside a coroutine", async () => {
  const doubled = toAsync(double);
  expect(await run(() => until(doubled(5)))).toBe(10);
});
