/**
 * The protocol. An awaitable is an iterator that the loop polls: `next()` asks "ready?".
 *
 *  - `{done: true, value}` is the result, a throw is the failure;
 *  - a yielded `PARKED` says "not yet: I have arranged to wake this task";
 *  - a yielded `undefined` says "run me again in the next turn" (a bare `yield`).
 *
 * Nothing else may be yielded. The sentinel is a *value*: JavaScriptCore wraps result objects anew on
 * their way through `yield*`, so their identity says nothing.
 */

/** Yielded by an awaitable that has arranged for its task to be woken. */
export const PARKED: unique symbol = Symbol.for("cede.parked") as never;

/** Yielded by the kernel alone: look at the top of the stack again, a callee was linked or has ended. */
export const AGAIN: unique symbol = Symbol("look again") as never;

/** What a coroutine may yield to its loop, besides `undefined`. Library authors produce it with `park`. */
export type Signal = typeof PARKED;

/**
 * Anything that `yield*` can wait for inside a coroutine: a sleep, a task, a future, a coroutine, a plain
 * generator. It is also the annotation of coroutines and of bodies.
 *
 * @example
 * ```ts
 * import { coroutine, runSync, type Awaitable } from "cede";
 *
 * const count = coroutine(function* count(n: number): Awaitable<number> {
 *   return n === 0 ? 0 : 1 + (yield* count(n - 1));
 * });
 * console.log(runSync(() => count(3))); // prints: 3
 * ```
 */
export interface Awaitable<T> {
  [Symbol.iterator](): Iterator<Signal | undefined, T, void>;
}

/**
 * What waits anew each time it is awaited. A class, since an object written out with a computed key costs many
 * times as much.
 */
export class Lazy<T> implements Awaitable<T> {
  readonly #open: () => Iterator<Signal | undefined, T, void>;

  constructor(open: () => Iterator<Signal | undefined, T, void>) {
    this.#open = open;
  }

  [Symbol.iterator](): Iterator<Signal | undefined, T, void> {
    return this.#open();
  }
}

/** Every body parameter: a generator function, or an arrow that returns an awaitable. */
export type Body<T> = () => Awaitable<T>;

export type Poll<T> = IteratorResult<Signal | undefined, T>;

// Shared results, so that waiting allocates none. A generator makes them: then the loop sees one kind of object.
const [parked, ceded, again] = [PARKED, undefined, AGAIN].map((signal) =>
  (function* () {
    yield signal;
  })().next(),
) as Poll<never>[];
export const parkedResult: Poll<never> = parked!;
export const cededResult: Poll<never> = ceded!;
export const againResult: Poll<never> = again!;
export const voidResult: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
