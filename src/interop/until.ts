import { Lazy, type Awaitable } from "../kernel/awaitable.ts";
import { Callback } from "../kernel/callback.ts";
import { current, type Runner } from "../kernel/current.ts";
import { textOf } from "../kernel/errors.ts";
import { describe } from "../kernel/misuse.ts";
import { at, placeFor } from "../kernel/place.ts";
import { Wait } from "../kernel/wait.ts";

/** Waits for a promise. The promise knows nothing of it: cancelling ends the wait only. */
class PromiseWait<T> extends Wait<T> {
  readonly #promise: PromiseLike<T>;
  /** For `until`: told that a wait has begun, and a rejection that comes too late for it is told, too. */
  readonly #watched: { begun: boolean } | null;

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
        this.complete(value);
      },
      (error: unknown) => {
        loop.hostWork--;
        if (!this.fail(error)) this.#late(error);
      },
    );
    return false;
  }

  abort(): void {}

  #late(error: unknown): void {
    if (this.#watched !== null) reportLate(error, this.task!, "whose wait was cancelled", at(this));
  }
}

function reportLate(error: unknown, { loop, name }: Runner, what: string, where: string): void {
  loop.report({
    kind: "late-error",
    message: `A promise of ${name}, ${what}${where}, rejected: ${textOf(error)}`,
    task: name,
    error,
  });
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
  const wait = { begun: false };
  if (current.task !== null && isNative(thenable)) watch(thenable, wait, current.task);
  return new Lazy(() => new PromiseWait(thenable, wait));
}

/** As `until`, for a caller that sees to it itself that no rejection is lost. */
export function promiseWait<T>(promise: PromiseLike<T>): Awaitable<T> {
  return new Lazy(() => new PromiseWait(promise, null));
}

/**
 * Whoever was to wait may be cancelled before, and what the promise rejects with then must not end as an
 * unhandled rejection. Everyone who is ready when it rejects has one step to begin.
 */
function watch(promise: PromiseLike<unknown>, wait: { readonly begun: boolean }, task: Runner): void {
  const { loop } = task;
  const place = placeFor(task);
  promise.then(undefined, (error: unknown) => {
    if (wait.begun) return;
    const look = (): void => {
      if (!wait.begun)
        reportLate(error, task, "that nobody waited for", place === null ? "" : `, given at ${place.text}`);
    };
    loop.enqueue(new Callback(loop, look));
  });
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
