import type { Awaitable } from "../kernel/awaitable.ts";
import { RETURNED, type Leaving } from "../kernel/exit.ts";
import type { ScopeOptions } from "./cleanup-timeout.ts";
import { scoped } from "./scoped.ts";
import { TimedScope } from "./timed-scope.ts";

/** A part of a task that can be cancelled by itself. */
export interface CancelScope {
  /** Cancels the body and whatever it called or started in groups. Marks at once; the first reason stays. */
  cancel(reason?: unknown): void;
  /** Whether it was cancelled. */
  readonly cancelled: boolean;
  /**
   * When it cancels itself, in milliseconds of the loop's clock; `Infinity`: never. May be moved; to `now`
   * or earlier cancels it.
   */
  deadline: number;
}

/** How a body ended that could be cancelled by itself. */
export type ScopeResult<T> =
  | { readonly cancelled: false; readonly value: T }
  | { readonly cancelled: true; readonly value: undefined };

class ReportingScope extends TimedScope {
  override leave(frame: Leaving): undefined {
    const unwound = frame.state !== RETURNED;
    super.leave(frame);
    if (frame.state === RETURNED) frame.value = { cancelled: unwound, value: frame.value };
  }
}

/**
 * Runs `body` so that it can be cancelled by itself: by the scope it is given, or by a deadline set there.
 * Waits for its cleanup, and tells whether it was cut short.
 *
 * @throws what the body throws, its cleanup included; RangeError if `cleanupTimeout` is negative or not a number.
 * @example
 * ```ts
 * import { cancelScope, runSync } from "cede";
 *
 * const { cancelled } = runSync(() =>
 *   cancelScope(function* (scope) {
 *     scope.cancel();
 *     yield; // a checkpoint: the body ends here
 *   }),
 * );
 * console.log(cancelled); // prints: true
 * ```
 */
export function cancelScope<T>(
  body: (scope: CancelScope) => Awaitable<T>,
  options?: ScopeOptions,
): Awaitable<ScopeResult<T>> {
  return scoped<ReportingScope, T, ScopeResult<T>>(() => new ReportingScope(), body, options);
}
