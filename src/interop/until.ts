import { Lazy, type Awaitable } from "../kernel/awaitable.ts";
import { AfterReady } from "../kernel/callback.ts";
import { current, type LoopPort, type Runner } from "../kernel/current.ts";
import { textOf } from "../kernel/errors.ts";
import { describe } from "../kernel/misuse.ts";
import { at, placeFor } from "../kernel/place.ts";
import { Wait } from "../kernel/wait.ts";

/** Waits for a promise. The promise knows nothing of it: cancelling ends the wait only. */
class PromiseWait<T> extends Wait<T> {
  readonly #promise: PromiseLike<T>;
  /** For `until`: told that a wait has begun, and what comes too late for it is told, too. */
  readonly #watched: { begun: boolean } | null;
  /** When the wait was cancelled. */
  #left = 0;

  constructor(promise: PromiseLike<T>, watched: { begun: boolean } | null) {
    super();
    this.#promise = promise;
    this.#watched = watched;
  }

  get label(): string {
    return "a promise";
  }
  override get external(): boolean {
    return true;
  }

  protected begin(): boolean {
    if (this.#watched !== null) this.#watched.begun = true;
    const { loop } = this.task!;
    loop.hostWork++;
    // Wrapped, since a foreign thenable may call back at once.
    Promise.resolve(this.#promise).then(
      (value) => {
        loop.hostWork--;
        if (!this.complete(value) && this.#watched !== null)
          reportLateResult(
            this.task!,
            `${CANCELLED}${at(this)}`,
            ` ${millisecondsSince(this.#left, loop)} later`,
          );
      },
      (error: unknown) => {
        loop.hostWork--;
        if (!this.fail(error) && this.#watched !== null)
          reportLate(error, this.task!, `${CANCELLED}${at(this)}`);
      },
    );
    return false;
  }

  abort(): void {
    this.#left = this.task!.loop.now();
  }
}

const CANCELLED = "whose wait was cancelled";

function reportLate(error: unknown, { loop, name }: Runner, what: string): void {
  loop.report({
    kind: "late-error",
    message: `A promise of ${name}, ${what}, rejected: ${textOf(error)}`,
    task: name,
    error,
  });
}

/** Whatever it was (a connection that was opened, say), nobody has it. */
function reportLateResult({ loop, name }: Runner, what: string, when: string): void {
  loop.report({
    kind: "late-result",
    message: `A promise of ${name}, ${what}, was resolved${when}.`,
    task: name,
  });
}

/** For reports: "45 ms". */
export function millisecondsSince(then: number, loop: LoopPort): string {
  return `${Math.round(loop.now() - then)} ms`;
}

/**
 * Waits for a promise. Cancelling ends the wait at once; the promise runs on, and if it rejects later, that
 * is reported, not thrown. To stop the work too, use `call`.
 *
 * @throws what the promise rejects with; TypeError if it is given no promise.
 * @example
 * ```ts
 * import { run, until } from "cede";
 *
 * await run(function* () {
 *   console.log(yield* until(Promise.resolve(42))); // prints: 42
 * });
 * ```
 */
export function until<T>(promise: PromiseLike<T>): Awaitable<T> {
  const thenable = checkPromise(promise);
  const wait = { asked: false, begun: false };
  if (current.task !== null && isNative(thenable)) watch(thenable, wait, current.task);
  return new Lazy(() => {
    wait.asked = true;
    return new PromiseWait(thenable, wait);
  });
}

/** As `until`, for a caller that sees to it itself that no rejection is lost. */
export function promiseWait<T>(promise: PromiseLike<T>): Awaitable<T> {
  return new Lazy(() => new PromiseWait(promise, null));
}

/**
 * Whoever was to wait may be cancelled before, and what the promise rejects with then must not end as an
 * unhandled rejection. Everyone who is ready when it rejects has one step to begin. A result that is there may be
 * asked for as late as one likes; whose wait was asked for, and has not begun, was cancelled before.
 */
function watch(
  promise: PromiseLike<unknown>,
  wait: { readonly asked: boolean; readonly begun: boolean },
  task: Runner,
): void {
  const { loop } = task;
  const place = placeFor(task);
  const what = (): string => `that nobody waited for${place === null ? "" : `, given at ${place.text}`}`;
  promise.then(
    () => {
      if (wait.asked && !wait.begun) reportLateResult(task, what(), "");
    },
    (error: unknown) => {
      if (wait.begun) return;
      const look = (): void => {
        if (!wait.begun) reportLate(error, task, what());
      };
      loop.enqueue(new AfterReady(loop, look));
    },
  );
}

/** Of any realm. Other thenables may do their work when they are asked: they are asked by a wait only. */
function isNative(promise: PromiseLike<unknown>): boolean {
  return Object.prototype.toString.call(promise) === "[object Promise]";
}

/** Refuses what is no promise. @throws TypeError */
export function checkPromise<T>(promise: PromiseLike<T>): PromiseLike<T> {
  if (typeof (promise as { then?: unknown } | null | undefined)?.then === "function") return promise;
  throw new TypeError(
    `Cannot wait until ${describe(promise)} settles: it is no promise. What is awaitable already needs ` +
      "only `yield*`.",
  );
}
