/** What the function of an operator gives: a value, or something to await that ends with one. */
import { Lazy, type Awaitable } from "../kernel/awaitable.ts";
import { Frame } from "../kernel/frame.ts";
import { Outcome } from "../kernel/future.ts";
import { isToAwait } from "../kernel/given.ts";
import { describe, isUnawaited, namedAfter, notAwaitable } from "../kernel/misuse.ts";
import { Wait } from "../kernel/wait.ts";

/** What comes of what a function gave: the result, if that is awaitable. */
export type Given<R> = R extends readonly unknown[] ? R : R extends Awaitable<infer T> ? T : R;

/** In a frame of its own, as every body: it may be a plain generator whose cleanup suspends. */
export function framed<T>(fn: { readonly name: string }, awaitable: Awaitable<T>): Awaitable<T> {
  return new Frame(namedAfter(fn, awaitable));
}

/** Whether it is something of the library's to await, and nothing that anybody could loop over. */
export function isOnlyAwaitable(value: unknown): value is Awaitable<unknown> {
  return (
    value instanceof Lazy ||
    value instanceof Wait ||
    value instanceof Outcome ||
    value instanceof Frame ||
    (typeof value === "object" && value !== null && isUnawaited(value))
  );
}

/**
 * Whether it is to be awaited. An awaitable can be iterated over, and so can much that is plain data (headers, the
 * entries of a map): what a class made that is none of ours is data, and what somebody wrote out as `{ *[Symbol.iterator]()
 * {…} }` is awaited. A promise is neither: taken for data, one of `false` would count as true, and a failure be lost.
 *
 * @throws TypeError for a promise.
 */
export function isAwaitable(value: unknown): value is Awaitable<unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (value instanceof Outcome || isToAwait(value)) return true;
  if (typeof (value as { then?: unknown }).then === "function") throw notAwaitable(value);
  return false;
}

export function checkOperator(what: string, fn: unknown): void {
  if (typeof fn === "function") return;
  throw new TypeError(`Cannot ${what} ${describe(fn)}: it takes a function, \`(item) => …\`.`);
}
