// A signal that outlives what listens to it: a server's, for its requests. Ten thousand waits that are
// cancelled may leave nothing on it, whichever way it is used.
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import {
  abortSignal,
  call,
  cancelScope,
  cede,
  coroutine,
  createTask,
  currentTask,
  EventLoop,
  run,
  sleepForever,
  timeout,
  toAsync,
  until,
  type Awaitable,
  type Task,
} from "cede";
import { runVirtual } from "cede/testing";
import { below } from "../../src/kernel/cancel.ts";

const WAITS = 10_000;

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

/** Host work as it ought to be: it listens as long as it is under way, and ends when it is aborted. */
async function work(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** What hangs on a task in the tree of what can be cancelled. */
function nodesBelow(task: Task<unknown>): number {
  return [...below(task, () => false)].length;
}

test("run({signal}) listens while it runs, not once it was cancelled from within", async () => {
  const { signal } = new AbortController();
  const loop = new EventLoop();
  const mains: Task<unknown>[] = [];
  const runs = Array.from({ length: WAITS }, () =>
    loop.runUntilComplete(
      function* () {
        mains.push(currentTask()!);
        yield* sleepForever();
      },
      { signal },
    ),
  );
  await loop.runUntilComplete(() => cede()); // first in, first out: it ends after all of them have begun
  expect(mains.length).toBe(WAITS);
  expect(listeners(signal)).toBe(WAITS);
  for (const main of mains) void main.cancel();
  const outcomes = await Promise.allSettled(runs);
  expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
  expect(listeners(signal)).toBe(0);
});

test("run({signal}) does not listen to a signal that was aborted before", async () => {
  const signal = AbortSignal.abort(new Error("too late"));
  await expect(run(() => sleepForever(), { signal })).rejects.toThrow("too late");
  expect(listeners(signal)).toBe(0);
});

test("run({signal}) does not listen for a program that cannot be run", async () => {
  const { signal } = new AbortController();
  await expect(run(42 as never, { signal })).rejects.toThrow(TypeError);
  expect(listeners(signal)).toBe(0);
});

test("toAsync(…).with({signal}) listens while it runs, not once it was cancelled", async () => {
  const { signal } = new AbortController();
  const wait = toAsync(function* wait(ms: number): Awaitable<void> {
    yield* timeout(ms, () => sleepForever());
  }).with({ signal });
  const waits = Array.from({ length: WAITS }, () => wait(1));
  expect(listeners(signal)).toBe(WAITS);
  const outcomes = await Promise.allSettled(waits);
  expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
  expect(listeners(signal)).toBe(0);
});

test("toAsync(…).with({signal}) does not listen once the signal has cancelled it", async () => {
  const controller = new AbortController();
  const wait = toAsync(() => sleepForever()).with({ signal: controller.signal });
  const waits = Array.from({ length: WAITS }, () => wait());
  controller.abort(new Error("shut down"));
  const outcomes = await Promise.allSettled(waits);
  expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
  expect(listeners(controller.signal)).toBe(0);
});

test("abortSignal() of a frame that lives on: what it is passed to lets go of it when cancelled", async () => {
  await run(function* () {
    const signal = abortSignal();
    const mains: Task<unknown>[] = [];
    const runs = Array.from({ length: WAITS }, () =>
      run(
        function* () {
          mains.push(currentTask()!);
          yield* sleepForever();
        },
        { signal },
      ),
    );
    yield* cede();
    yield* cede();
    expect(listeners(signal)).toBe(WAITS);
    for (const main of mains) void main.cancel();
    yield* until(Promise.allSettled(runs));
    expect(listeners(signal)).toBe(0);
    expect(nodesBelow(currentTask()!)).toBe(2); // the rest of the frame, and the signal in it
  });
});

test("abortSignal() in frames that end or are cancelled leaves none of its nodes in the tree", async () => {
  const signals: AbortSignal[] = [];
  const asks = coroutine(function* asks(): Awaitable<boolean> {
    return abortSignal().aborted;
  });
  await runVirtual(function* () {
    for (let i = 0; i < WAITS; i++) {
      yield* asks();
      yield* cancelScope(function* (scope) {
        signals.push(abortSignal());
        scope.cancel();
        yield* cede();
      });
    }
    expect(nodesBelow(currentTask()!)).toBe(0);
  });
  expect(signals.filter((signal) => signal.aborted).length).toBe(WAITS);
  expect(signals.reduce((sum, signal) => sum + listeners(signal), 0)).toBe(0);
});

test("call() that is cancelled: whoever listened to its signal is gone when it ends", async () => {
  const signals: AbortSignal[] = [];
  await run(function* () {
    const tasks = Array.from({ length: WAITS }, () =>
      createTask(() =>
        call((signal) => {
          signals.push(signal);
          return signals.length % 2 === 0 ? work(signal) : run(() => sleepForever(), { signal });
        }),
      ),
    );
    yield* cede();
    yield* cede();
    expect(signals.reduce((sum, signal) => sum + listeners(signal), 0)).toBe(WAITS);
    for (const task of tasks) void task.cancel();
    for (const task of tasks) yield* task.cancel();
    expect(nodesBelow(currentTask()!)).toBe(0);
  });
  expect(signals.reduce((sum, signal) => sum + listeners(signal), 0)).toBe(0);
});

test("until() that is cancelled leaves the signal of its promise's work alone: that work runs on", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const works: Promise<unknown>[] = [];
  await run(function* () {
    for (let i = 0; i < WAITS; i++) {
      const promise = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      works.push(promise);
      const waiting = createTask(() => until(promise));
      yield;
      yield* waiting.cancel();
    }
    expect(listeners(signal)).toBe(WAITS); // the works' own
  });
  controller.abort();
  await Promise.all(works);
  expect(listeners(signal)).toBe(0);
});
