import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { current } from "../kernel/current.ts";
import { textOf } from "../kernel/errors.ts";
import { at } from "../kernel/place.ts";
import { checkDelay, checkpoint } from "../kernel/sleep.ts";
import type { Stack } from "../kernel/frame.ts";
import { moveOnAfter } from "../structure/timeout.ts";
import { abortReason } from "./abort-signal.ts";
import { checkPromise, promiseWait } from "./until.ts";

/** How `call` ends when it is cancelled. */
export interface CallOptions {
  /** How long to wait for the promise to settle after its signal was aborted, in milliseconds: 1,000 unless given. */
  settleTimeout?: number;
}

/**
 * Calls `fn` with an `AbortSignal` and waits for the promise it returns. Cancelling aborts the signal, and
 * waits for the promise to settle, so that nothing runs on behind: for at most `settleTimeout`, then the
 * work is reported as abandoned.
 *
 * A request and the reading of its body are one piece of work: one `call` for both, as below, so that a
 * cancellation between them leaves nothing behind.
 *
 * @throws what `fn` throws or its promise rejects with; RangeError if `settleTimeout` is negative or not a
 * number.
 * @example
 * ```ts
 * import { call, run } from "cede";
 *
 * const page = (url: string) =>
 *   call(async (signal) => {
 *     const response = await fetch(url, { signal });
 *     return response.text();
 *   });
 * console.log(await run(() => page("data:,hello"))); // prints: hello
 * ```
 */
export function call<T>(
  fn: (signal: AbortSignal) => PromiseLike<T>,
  { settleTimeout = 1000 }: CallOptions = {},
): Coroutine<T> {
  checkDelay("wait for host work to settle for", settleTimeout);
  return callAndSettle(fn, settleTimeout);
}

const callAndSettle = coroutine(function* call<T>(
  fn: (signal: AbortSignal) => PromiseLike<T>,
  settleTimeout: number,
): Awaitable<T> {
  const where = at((current.task as Stack).top);
  yield* checkpoint;
  const controller = new AbortController();
  const promise = Promise.resolve(checkPromise(fn(controller.signal))); // once: a query, say, runs when asked
  let waiting = true;
  try {
    const value = yield* promiseWait(promise);
    waiting = false;
    return value;
  } catch (error) {
    waiting = false;
    throw error;
  } finally {
    // Still waiting: the wait was cancelled, and what the promise gives, or has given, is nobody's.
    if (waiting) yield* settle(stop(controller, promise, where), settleTimeout, where);
  }
});

/** At once, so that it happens in a task that is abandoned, too. What it returns ends with the work. */
function stop(controller: AbortController, promise: Promise<unknown>, where: string): Promise<unknown> {
  const task = current.task!;
  const { signal } = controller;
  controller.abort(abortReason(task));
  return promise.catch((error: unknown) => {
    // That it was aborted is what was asked for.
    if (error === signal.reason || (error as Error | null)?.name === "AbortError") return;
    task.loop.report({
      kind: "late-error",
      message: `Host work that ${task.name} aborted${where && `, called${where},`} failed: ${textOf(error)}`,
      task: task.name,
      error,
    });
  });
}

const settle = coroutine(function* settle(
  work: Promise<unknown>,
  settleTimeout: number,
  where: string,
): Awaitable<void> {
  const task = current.task!;
  const { expired } = yield* moveOnAfter(settleTimeout, () => promiseWait(work));
  if (!expired) return;
  task.loop.report({
    kind: "work-abandoned",
    message: `Host work of ${task.name}${where && `, called${where},`} did not end ${settleTimeout} ms after its signal was aborted.`,
    task: task.name,
  });
});
