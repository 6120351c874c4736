/**
 * The errors that a caller would want to catch by class, and the list of errors that gave way to
 * another. Messages read "Cannot <do what>: <what is true now>", then the likely fix.
 */

/**
 * Who was cancelled, why, and who asked: thrown at whoever awaits a task that was cancelled.
 * @example
 * ```ts
 * import { CancelledError, createTask, run, sleep } from "cede";
 *
 * await run(function* () {
 *   const task = createTask(() => sleep(1000));
 *   task.cancel("nobody needs it");
 *   try {
 *     yield* task;
 *   } catch (error) {
 *     if (error instanceof CancelledError) console.log(error.reason); // prints: nobody needs it
 *   }
 * });
 * ```
 */
export class CancelledError extends Error {
  override readonly name = "CancelledError";
  /** What was given to `cancel(reason)`, if anything. */
  readonly reason: unknown;
  /** The name of the task, future or group that was cancelled. */
  readonly task: string | undefined;
  /** The name of the task that asked for it; `undefined` when it came from outside. */
  readonly by: string | undefined;
  /** What asked, where no task did: "timeout 5 s (set by checkout#12)". */
  readonly source: string | undefined;
  /** In debug mode, where it was asked: "file:///app/api.ts:40:7". */
  readonly place: string | undefined;

  constructor(message: string, details: CancelledDetails = {}) {
    super(message);
    this.reason = details.reason;
    this.task = details.task;
    this.by = details.by;
    this.source = details.source;
    this.place = details.place;
  }
}

/** What may be known of a cancellation. */
export interface CancelledDetails {
  readonly reason?: unknown;
  readonly task?: string;
  readonly by?: string | undefined;
  readonly source?: string | undefined;
  readonly place?: string | undefined;
}

/** The error for whoever awaits something that was cancelled: a task, a future, a group. */
export function cancelledError(
  what: { readonly label: string; readonly name: string },
  cancellation: Asked,
): CancelledError {
  const { reason, by, source, place } = cancellation;
  return new CancelledError(`${what.label} was cancelled${askedBy(cancellation)}`, {
    reason,
    task: what.name,
    by,
    source,
    place,
  });
}

interface Asked {
  readonly reason: unknown;
  readonly by: string | undefined;
  readonly source?: string | undefined;
  readonly place?: string | undefined;
}

/** Who or what asked for a cancellation, where and why, as the end of a sentence. */
export function askedBy({ reason, by, source, place }: Asked): string {
  const asker = source ?? by;
  const who = asker === undefined ? "" : ` by ${asker}`;
  const where = place === undefined ? "" : ` at ${place}`;
  if (reason === undefined || (source !== undefined && reason instanceof TimeoutError)) return who + where;
  return `${who}${where}: ${reason instanceof Error ? reason.message : textOf(reason)}`;
}

/**
 * The deadline of a `timeout` passed before its body ended.
 * @example
 * ```ts
 * import { run, sleep, timeout, TimeoutError } from "cede";
 *
 * await run(() => timeout(5, () => sleep(1000))).catch((error) => {
 *   if (error instanceof TimeoutError) console.log(error.message, error.ms); // prints: Timed out after 5 ms. 5
 * });
 * ```
 */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
  /** The delay that was given, in milliseconds; where the deadline was moved, how long the body had. */
  readonly ms: number;
  /** The name of the task that set it. */
  readonly by: string | undefined;
  /** In debug mode, where: "file:///app/api.ts:40:7". */
  readonly place: string | undefined;

  constructor(message: string, ms: number, setter: { by?: string; place?: string | undefined } = {}) {
    super(message);
    this.ms = ms;
    this.by = setter.by;
    this.place = setter.place;
  }
}

/**
 * No task can go on, and nothing is left that could wake one; or some tasks wait for each other in a circle. The
 * message lists who waits for what.
 *
 * @example
 * ```ts
 * import { DeadlockError, Future, run } from "cede";
 *
 * const answer = new Future<string>("the answer"); // and nobody gives it
 * await run(function* () {
 *   yield* answer;
 * }).catch((error) => {
 *   if (error instanceof DeadlockError) console.log(error.waiting[0]?.label); // prints: future "the answer"
 * });
 * ```
 */
export class DeadlockError extends Error {
  override readonly name = "DeadlockError";
  /** The parked tasks: their names and what each waits for. */
  readonly waiting: readonly { readonly task: string; readonly label: string }[];

  constructor(message: string, waiting: readonly { task: string; label: string }[]) {
    super(message);
    this.waiting = waiting;
  }
}

/**
 * A frame that was being cancelled went on as if it had not been. It is a bug in the program it names.
 * @example
 * ```ts
 * import { CancellationEscapedError, moveOnAfter, run, sleep } from "cede";
 *
 * const stubborn = function* () {
 *   while (true) {
 *     try {
 *       yield* sleep(1000);
 *     } finally {
 *       break; // goes on behind the loop, as if nothing had happened
 *     }
 *   }
 * };
 * await run(() => moveOnAfter(5, stubborn)).catch((error) => {
 *   console.log(error instanceof CancellationEscapedError); // prints: true
 * });
 * ```
 */
export class CancellationEscapedError extends Error {
  override readonly name = "CancellationEscapedError";
}

/**
 * Something was used at a time when it cannot be: a task in an ended group, a result that is not there.
 * @example
 * ```ts
 * import { Future, InvalidStateError } from "cede";
 *
 * try {
 *   new Future<string>("reply").result();
 * } catch (error) {
 *   console.log(error instanceof InvalidStateError); // prints: true
 * }
 * ```
 */
export class InvalidStateError extends Error {
  override readonly name = "InvalidStateError";
}

const suppressed = new WeakMap<object, unknown[]>();
/** How many are kept beside one error: the same object may be thrown again and again, for ever. */
const SUPPRESSED_KEPT = 1000;

/**
 * The errors that came after `error` while it was already on its way (a cleanup that failed, a sibling
 * that failed too), oldest first, the first thousand of them. They are kept beside the error, not on it: it
 * may be frozen.
 *
 * @example
 * ```ts
 * import { run, suppressedErrors } from "cede";
 *
 * const failing = run(function* () {
 *   yield* (function* () {
 *     throw new Error("first");
 *   })();
 * });
 * await failing.catch((error) => console.log(error.message, suppressedErrors(error).length)); // prints: first 0
 * ```
 */
export function suppressedErrors(error: unknown): readonly unknown[] {
  return (isObject(error) && suppressed.get(error)) || [];
}

/**
 * Keeps `later` beside `primary`, among its `suppressedErrors`. False: it cannot be, and only the monitor hears of it. A
 * primitive carries nothing; and what carries `primary` itself, since it was thrown before, would make a circle of the two.
 *
 * @example
 * ```ts
 * import { suppressedErrors } from "cede";
 * import { suppress } from "cede/lowlevel";
 *
 * const error = new Error("The save failed.");
 * suppress(error, new Error("Closing the file failed, too."));
 * console.log(suppressedErrors(error).length); // prints: 1
 * ```
 */
export function suppress(primary: unknown, later: unknown): boolean {
  if (!isObject(primary) || withSuppressed(later).has(primary)) return false;
  const list = suppressed.get(primary);
  if (list === undefined) suppressed.set(primary, [later]);
  else if (list.length < SUPPRESSED_KEPT && !list.includes(later)) list.push(later);
  return true;
}

/** An error, those that gave way to it, and those that gave way to them. */
export function withSuppressed(error: unknown): Set<unknown> {
  const found = new Set([error]);
  for (const one of found) for (const later of suppressedErrors(one)) found.add(later); // it grows as it is walked
  return found;
}

export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** What was thrown, or given as a reason, as text. Anything can be: also an object that has no text. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "an object";
  }
}
