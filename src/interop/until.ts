import type { Awaitable } from "../kernel/awaitable.ts";
import { current, type Runner } from "../kernel/current.ts";
import { textOf } from "../kernel/errors.ts";
import { describe } from "../kernel/misuse.ts";
import { Wait } from "../kernel/wait.ts";

/** Waits for a promise. The promise knows nothing of it: cancelling ends the wait only. */
class PromiseWait<T> extends Wait<T> {
  readonly #promise: PromiseLike<T>;
  /** Whether a rejection that nobody waits for is to be told. */
  readonly #reportsLate: boolean;

  constructor(promise: PromiseLike<T>, reportsLate: boolean) {
    super();
    this.#promise = promise;
    this.#reportsLate = reportsLate;
  }

  get label(): string {
    return "a promise";
  }
  override get external(): boolean {
    return true;
  }

  protected begin(): boolean {
    // Wrapped, since a foreign thenable may call back at once.
    Promise.resolve(this.#promise).then(
      (value) => this.complete(value),
      (error: unknown) => this.fail(error) || this.#late(error),
    );
    return false;
  }

  abort(): void {}

  #late(error: unknown): void {
    if (this.#reportsLate) reportLate(error, this.task!);
  }
}

function reportLate(error: unknown, { loop, name }: Runner): void {
  loop.report({
    kind: "late-error",
    message: `A promise that ${name} waited for rejected after the wait was cancelled: ${textOf(error)}`,
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
  return promiseWait(promise, true);
}

/** As `until`; a caller that knows what a late rejection means need not have it reported. */
export function promiseWait<T>(promise: PromiseLike<T>, reportsLate: boolean): Awaitable<T> {
  const thenable = checkPromise(promise);
  return {
    [Symbol.iterator]() {
      const { task } = current;
      if (reportsLate && task?.interrupted()) {
        // The wait will not begin; what the promise rejects with must not end as an unhandled rejection.
        Promise.resolve(thenable).catch((error: unknown) => reportLate(error, task));
      }
      return new PromiseWait(thenable, reportsLate);
    },
  };
}

/** Refuses what is no promise. @throws TypeError */
export function checkPromise<T>(promise: PromiseLike<T>): PromiseLike<T> {
  if (typeof (promise as { then?: unknown } | null | undefined)?.then === "function") return promise;
  throw new TypeError(
    `Cannot wait until ${describe(promise)} settles: it is no promise. What is awaitable already needs ` +
      "only `yield*`.",
  );
}
