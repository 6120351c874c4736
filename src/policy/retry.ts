/** Doing it again because it failed. */
import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { current } from "../kernel/current.ts";
import { CancellationEscapedError, CancelledError, suppress, textOf } from "../kernel/errors.ts";
import { checkGiven } from "../kernel/given.ts";
import { called } from "./called.ts";
import { Pause } from "./pause.ts";
import { checkFunction, checkSchedule, Schedule } from "./schedule.ts";

/** What is retried, how often, and how long. */
export interface RetryPolicy {
  /**
   * How often and when: each of its delays is followed by one more attempt. `upTo` counts from the start of the first
   * attempt. Three jittered delays from 100 ms on, that double, unless given.
   */
  schedule?: Schedule;
  /**
   * Whether an error is worth another attempt: whatever it gives is taken as true or false. `attempt` is the number of the
   * one that failed. All errors are, unless given.
   */
  when?: (error: unknown, attempt: number) => boolean;
  /** Hears of each error that is followed by another attempt. What it throws ends the whole. */
  onRetry?: (error: unknown, retry: Retry) => void;
}

/** An attempt that failed, and is followed by another one. */
export interface Retry {
  /** The number of the attempt that failed, from 1. */
  readonly attempt: number;
  /** In how many milliseconds the next one begins. */
  readonly delay: number;
}

/** Of the errors before the last one, how many are kept: a program may try for years. */
const EARLIER_KEPT = 10;

const DEFAULT = Schedule.exponential(100, { max: 10_000 }).jittered().limit(3);

/**
 * Calls `fn`, and again after a delay if it fails, until it succeeds or the schedule ends: then its last error is
 * thrown, with the ones before it (the last ten) among its `suppressedErrors`. `fn` is given the number of the attempt, from 1.
 *
 * A cancellation is never retried: neither one of whoever retries, which no `catch` sees, nor a `CancelledError` from a
 * task that `fn` awaits. A limit for each attempt is `retry(() => timeout(1000, …))`, one for all of it
 * `timeout(10_000, () => retry(…))`.
 *
 * @throws the last error; what `when` and `onRetry` throw, with the errors of the attempts among its
 * `suppressedErrors`; TypeError if the policy is none, or one of these two gives something to await.
 * @example
 * ```ts
 * import { coroutine, retry, run, Schedule } from "cede";
 *
 * const load = coroutine(function* load(attempt: number) {
 *   if (attempt < 3) throw new Error("unavailable");
 *   return `loaded at attempt ${attempt}`;
 * });
 * const policy = {
 *   schedule: Schedule.exponential(5).limit(4),
 *   when: (error: unknown) => (error as Error).message === "unavailable",
 * };
 * console.log(await run(() => retry(load, policy))); // prints: loaded at attempt 3
 * ```
 */
export function retry<T>(
  fn: (attempt: number) => Awaitable<T>,
  policy: RetryPolicy | Schedule = {},
): Coroutine<T> {
  const { schedule = DEFAULT, when, onRetry } = checkPolicy(policy);
  checkFunction("retry", fn, "`() => …`, since what is awaited once cannot be awaited again");
  return retrying(fn, schedule, when, onRetry);
}

/** What a policy says, a schedule being a short one. @throws TypeError if it is none */
export function checkPolicy(policy: RetryPolicy | Schedule): RetryPolicy {
  if (policy instanceof Schedule) return { schedule: policy };
  if (typeof policy !== "object" || policy === null) checkSchedule("retry by", policy);
  const { schedule, when, onRetry } = policy;
  if (schedule !== undefined) checkSchedule("retry by", schedule);
  if (when !== undefined) checkFunction("retry when", when, "`(error, attempt) => …`");
  if (onRetry !== undefined) checkFunction("tell retries to", onRetry, "`(error, retry) => …`");
  return policy;
}

const retrying = coroutine(function* retry<T>(
  fn: (attempt: number) => Awaitable<T>,
  schedule: Schedule,
  when: RetryPolicy["when"],
  onRetry: RetryPolicy["onRetry"],
): Awaitable<T> {
  const { loop } = current.task!;
  const start = loop.now();
  const next = schedule.begin();
  const earlier: unknown[] = [];
  for (let attempt = 1; ; attempt++) {
    let error: unknown;
    try {
      return yield* called(fn, attempt);
    } catch (thrown) {
      error = thrown;
    }
    let delay: number | undefined;
    try {
      const again = !isFinal(error) && (when === undefined || checkGiven(when(error, attempt), "`when`"));
      if (again) delay = next({ count: attempt - 1, elapsed: loop.now() - start, last: error });
      if (delay === undefined) throw error;
      checkGiven<unknown>(onRetry?.(error, { attempt, delay }), "`onRetry`", "Let it create a task.");
    } catch (last) {
      // It is the policy's own, if that fails: none of the attempts is lost with it.
      for (const one of [...earlier, error]) suppress(last, one);
      throw last;
    }
    earlier.push(error);
    if (earlier.length > EARLIER_KEPT) earlier.shift();
    const why = (): string => `attempt ${attempt + 1}${of(fn)}, ${delay} ms after: ${textOf(error)}`;
    yield* new Pause(loop.now() + delay, why);
  }
});

/** A cancellation, and a bug that was found, are no accidents that another attempt could mend. */
function isFinal(error: unknown): boolean {
  return error instanceof CancelledError || error instanceof CancellationEscapedError;
}

function of({ name }: { readonly name: string }): string {
  return name === "" ? "" : ` of ${name}`;
}
