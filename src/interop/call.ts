import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { current } from "../kernel/current.ts";
import { CancelledError, textOf } from "../kernel/errors.ts";
import { at } from "../kernel/place.ts";
import { report } from "../kernel/report.ts";
import { checkDelay, checkpoint } from "../kernel/sleep.ts";
import type { Stack } from "../kernel/frame.ts";
import { moveOnAfter } from "../structure/timeout.ts";
import { abortReason } from "./abort-signal.ts";
import { checkPromise, milliseconds, promiseWait } from "./until.ts";

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

/** Host work whose signal was aborted. */
interface Stopped {
  readonly ended: Promise<void>;
  /** Whether nobody waits for its end any more, and that was reported. */
  abandoned: boolean;
}

/** At once, so that it happens in a task that is abandoned, too. */
function stop(controller: AbortController, promise: Promise<unknown>, where: string): Stopped {
  const { loop, name, root } = current.task!;
  const task = { loop, name, root }; // it may end, and what it gave may be large
  const { signal } = controller;
  const since = loop.now();
  const aborted = `Host work that ${name} aborted${where && `, called${where},`}`;
  const ended = (result: boolean): void => {
    const later = `${milliseconds(since, loop.now())} later`;
    if (stopped.abandoned) report(task, "work-ended", `${aborted} has ended after all, ${later}.`);
    else if (result) report(task, "late-result", `${aborted} gave its result all the same, ${later}.`);
  };
  const failed = (error: unknown): void => {
    // That it was aborted is what was asked for.
    if (
      error === signal.reason ||
      error instanceof CancelledError || // of another signal: `abortSignal` gives each frame its own
      (error as Error | null)?.name === "AbortError"
    ) {
      return ended(false);
    }
    const later = stopped.abandoned ? ` ${milliseconds(since, loop.now())} later` : "";
    report(task, "late-error", `${aborted} failed${later}: ${textOf(error)}`, { error });
  };
  controller.abort(abortReason(current.task!));
  const stopped: Stopped = { abandoned: false, ended: promise.then(() => ended(true), failed) };
  return stopped;
}

const settle = coroutine(function* settle(
  work: Stopped,
  settleTimeout: number,
  where: string,
): Awaitable<void> {
  const task = current.task!;
  const { expired } = yield* moveOnAfter(settleTimeout, () => promiseWait(work.ended));
  if (!expired) return;
  work.abandoned = true;
  report(
    task,
    "work-abandoned",
    `Host work of ${task.name}${where && `, called${where},`} did not end ${settleTimeout} ms after its signal was aborted.`,
  );
});
