import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { Future, Outcome } from "../kernel/future.ts";
import { namedAfter } from "../kernel/misuse.ts";
import { Task } from "../kernel/task.ts";
import type { ScopeOptions } from "./cleanup-timeout.ts";
import { timeout } from "./timeout.ts";

/** What becomes of that which `waitFor` no longer waits for. */
export interface WaitForOptions extends ScopeOptions {
  /** Whether a task or future that was passed in is cancelled when it is not waited for any longer; it is not unless given. */
  cancel?: boolean;
}

/**
 * Awaits something for at most `ms` milliseconds. What is started here, a coroutine or a function, is cancelled when
 * the time is up, and its cleanup awaited; a task or future that is passed in is left alone, unless `cancel` says
 * otherwise. `Infinity` is no limit.
 *
 * @throws TimeoutError if the time was up; what is awaited throws; RangeError if `ms`, or `cleanupTimeout`, is
 * negative or not a number.
 * @example
 * ```ts
 * import { createTask, run, sleep, TimeoutError, waitFor } from "cede";
 *
 * await run(function* () {
 *   const task = createTask(function* () {
 *     yield* sleep(20);
 *     return "done";
 *   });
 *   try {
 *     yield* waitFor(10, task);
 *   } catch (error) {
 *     console.log(error instanceof TimeoutError); // prints: true
 *   }
 *   console.log(yield* task); // prints: done
 * });
 * ```
 */
export function waitFor<T>(
  ms: number,
  awaitable: Awaitable<T> | Body<T>,
  { cancel = false, ...options }: WaitForOptions = {},
): Awaitable<T> {
  if (awaitable instanceof Outcome) awaitable.observed = true;
  if (cancel && awaitable instanceof Outcome) return timeout(ms, () => orCancel(awaitable), options);
  return timeout(
    ms,
    () => (typeof awaitable === "function" ? namedAfter(awaitable, awaitable()) : awaitable),
    options,
  );
}

/** Awaits a task or future, which is cancelled with whoever awaits it. */
export function orCancel<T>(outcome: Outcome<T>): Coroutine<T> {
  return awaitOrCancel(outcome);
}

const awaitOrCancel = coroutine(function* orCancel<T>(outcome: Outcome<T>): Awaitable<T> {
  try {
    return yield* outcome;
  } finally {
    if (outcome instanceof Task && !outcome.done) yield* outcome.cancel("nobody waits for it any longer");
    if (outcome instanceof Future) outcome.cancel("nobody waits for it any longer");
  }
});
