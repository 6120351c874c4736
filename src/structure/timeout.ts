/**
 * Scopes with a deadline. A deadline that passes cancels its scope; at the scope's end that is either an
 * error (`timeout`) or something to be told (`moveOnAfter`). Which one counts, when several things come at
 * once: a cancellation from further out, then this deadline, then an error, then the result; but a result
 * that is there wins.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import { cancelledError, TimeoutError } from "../kernel/errors.ts";
import {
  failWith,
  failWithFirst,
  NONE,
  RETURNED,
  stopUnwinding,
  UNWOUND,
  type Leaving,
} from "../kernel/exit.ts";
import { errorsOnTheirWay, type Stack } from "../kernel/frame.ts";
import { current, type Runner } from "../kernel/current.ts";
import { below, type CancelNode } from "../kernel/cancel.ts";
import { placeOf } from "../kernel/place.ts";
import { report } from "../kernel/report.ts";
import { Scope } from "../kernel/scope.ts";
import { checkDelay, checkTime } from "../kernel/sleep.ts";
import type { CancelScope } from "./cancel-scope.ts";
import type { ScopeOptions } from "./cleanup-timeout.ts";
import { scoped } from "./scoped.ts";
import { TimedScope } from "./timed-scope.ts";

class DeadlineScope extends TimedScope {
  /** The delay that was given; `null`: it was a time. */
  readonly #ms: number | null;
  #entered = 0;

  constructor(ms: number | null, time: number = Infinity) {
    super();
    this.#ms = ms;
    this.at = time;
  }

  override open(task: Runner, outer: CancelNode): void {
    this.#entered = task.loop.now();
    if (this.#ms !== null) this.at = this.#entered + this.#ms;
    super.open(task, outer);
  }

  /** The time that there was, in milliseconds: what was given, unless the deadline was moved. */
  protected get span(): number {
    if (this.#ms !== null && this.at === this.#entered + this.#ms) return this.#ms;
    return Math.round(this.task!.loop.now() - this.#entered);
  }
}

class TimeoutScope extends DeadlineScope {
  #error: TimeoutError | null = null;
  /** The errors that were on their way already when the time was up; `true`: a scope inside holds one. */
  #earlier: ReadonlySet<unknown> | true | null = null;
  /** Whether it caused an unwinding. */
  #delivered = false;

  override expire(): void {
    const { task, span } = this;
    const error = timedOut(span, task!, placeOf(this)?.known);
    if (this.cancellation !== null || this.outerCancelled()) {
      unheard(task!, error);
      return;
    }
    this.#error = error;
    this.#earlier = hasError(this) || errorsOnTheirWay(task as Stack, this);
    this.timeUp(error);
  }

  protected override get limit(): string {
    return `timeout ${inWords(this.span)}`;
  }

  override get failing(): boolean {
    return this.#error !== null;
  }

  /** Whether it has caused an unwinding. */
  get hasUnwound(): boolean {
    return this.#delivered;
  }

  override delivered(): void {
    this.#delivered = true;
    super.delivered();
  }

  override leave(frame: Leaving): undefined {
    const { task } = this;
    const error = this.#error;
    this.close();
    if (frame.state === UNWOUND && error !== null && this.#delivered) {
      const earlier = this.#earlier;
      // One that was caught since then is on its way no more: what came after it came after the deadline.
      if (earlier === true || earlier?.has(frame.value)) failWith(frame, error, task!.loop);
      else failWithFirst(frame, error, task!.loop);
    } else if (error !== null) {
      unheard(task!, error);
    }
    if (frame.state !== UNWOUND || current.cutting || this.outerCancelled()) return;
    // Where no error is on its way, `scope.cancel` was called: there is no value to go on with.
    if (frame.value === NONE)
      frame.value = cancelledError({ label: "the timeout", name: "timeout" }, this.cancellation!);
    stopUnwinding(frame, undefined);
  }
}

/** How a body ended that had a limited time. */
export type MoveOn<T> =
  | { readonly expired: false; readonly value: T }
  | { readonly expired: true; readonly value: undefined };

class MoveOnScope extends DeadlineScope {
  protected override get limit(): string {
    return `moveOnAfter ${inWords(this.span)}`;
  }

  override leave(frame: Leaving): undefined {
    const unwound = frame.state !== RETURNED;
    super.leave(frame);
    if (frame.state === RETURNED) frame.value = { expired: unwound, value: frame.value };
  }
}

/**
 * Runs `body`, and cancels it if it has not ended after `ms` milliseconds; its cleanup runs to its end
 * first. The body is given its scope: `scope.deadline` may be read and moved. `Infinity` is no limit; 0
 * cancels at the body's first checkpoint.
 *
 * @throws TimeoutError if the time was up; what the body throws; RangeError if `ms`, or `cleanupTimeout`, is negative
 * or not a number; CancelledError if `scope.cancel()` cut the body short.
 * @example
 * ```ts
 * import { run, sleep, timeout, TimeoutError } from "cede";
 *
 * await run(function* () {
 *   try {
 *     yield* timeout(10, () => sleep(1000));
 *   } catch (error) {
 *     console.log(error instanceof TimeoutError); // prints: true
 *   }
 * });
 * ```
 */
export function timeout<T>(
  ms: number,
  body: (scope: CancelScope) => Awaitable<T>,
  options?: ScopeOptions,
): Awaitable<T> {
  checkDelay("set a timeout of", ms);
  return scoped(() => new TimeoutScope(ms), body, options);
}

/**
 * `timeout` with a time instead of a delay: `body` is cancelled when the loop's clock shows `time`, in milliseconds (see
 * `EventLoop.time`). A time that has passed cancels at the body's first checkpoint; `Infinity` is no limit. So
 * several steps share one limit.
 *
 * @throws as `timeout` does; RangeError if `time` is not a number.
 * @example
 * ```ts
 * import { run, runningLoop, sleep, timeoutAt, TimeoutError } from "cede";
 *
 * await run(function* () {
 *   const end = runningLoop().time() + 15;
 *   try {
 *     for (let step = 1; step <= 3; step++) {
 *       yield* timeoutAt(end, () => sleep(10));
 *       console.log(`step ${step}`); // prints: step 1
 *     }
 *   } catch (error) {
 *     console.log(error instanceof TimeoutError); // prints: true
 *   }
 * });
 * ```
 */
export function timeoutAt<T>(
  time: number,
  body: (scope: CancelScope) => Awaitable<T>,
  options?: ScopeOptions,
): Awaitable<T> {
  checkTime("set a timeout at", time);
  return scoped(() => new TimeoutScope(null, time), body, options);
}

/**
 * Runs `body` for at most `ms` milliseconds, and tells whether the time was up. For what is nice to have;
 * where being late is an error, use `timeout`.
 *
 * @throws what the body throws; RangeError if `ms`, or `cleanupTimeout`, is negative or not a number.
 * @example
 * ```ts
 * import { moveOnAfter, run, sleep } from "cede";
 *
 * const { expired } = await run(() => moveOnAfter(10, () => sleep(1000)));
 * console.log(expired); // prints: true
 * ```
 */
export function moveOnAfter<T>(
  ms: number,
  body: (scope: CancelScope) => Awaitable<T>,
  options?: ScopeOptions,
): Awaitable<MoveOn<T>> {
  checkDelay("move on after", ms);
  return scoped<MoveOnScope, T, MoveOn<T>>(() => new MoveOnScope(ms), body, options);
}

/** Whether a scope inside has an error that it may end with. */
function hasError(scope: Scope): boolean {
  const shielded = new Set<CancelNode>();
  for (const node of below(scope, (node) => node.isTask)) {
    const outer = node.outer!;
    if (outer !== scope && (outer.shield || shielded.has(outer))) shielded.add(node);
    if (node instanceof Scope && node.failing && !isOvertaken(node, shielded)) return true;
  }
  return false;
}

/**
 * Whether an inner deadline that has passed goes unheard: nothing was unwound for it yet, and from now on the
 * outer one is what is unwound for, unless a shield is between.
 */
function isOvertaken(inner: Scope, shielded: ReadonlySet<CancelNode>): boolean {
  return inner instanceof TimeoutScope && !inner.hasUnwound && !shielded.has(inner);
}

/** In debug mode the message says where it was set. */
function timedOut(ms: number, { name }: Runner, place: string | undefined): TimeoutError {
  const where = place === undefined ? "" : ` (set by ${name} at ${place})`;
  return new TimeoutError(`Timed out after ${inWords(ms)}${where}.`, ms, { by: name, place });
}

function unheard(task: Runner, error: TimeoutError): void {
  report(task, "expired-unheard", error.message, { error });
}

function inWords(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`;
}
