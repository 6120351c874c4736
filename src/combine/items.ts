/** What combinators take: things to await, or functions that return them. */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { Outcome } from "../kernel/future.ts";
import { describe } from "../kernel/misuse.ts";

/** Something to await, or a function that returns it. */
export type Startable<T> = Awaitable<T> | Body<T>;

/** What a startable ends with. */
export type ResultOf<S> = S extends Awaitable<infer T> ? T : S extends Body<infer T> ? T : never;

/** The items as an array; whoever has failed, or will, is observed from now on. */
export function itemsOf<S>(what: string, items: Iterable<S>): S[] {
  if (typeof items !== "object" || items === null || !(Symbol.iterator in items)) {
    throw new TypeError(
      `Cannot ${what} ${describe(items)}: it takes an array (or another iterable) of awaitables.`,
    );
  }
  const list = [...items];
  for (const item of list) observe(item);
  return list;
}

/** Refuses what is no number of things that may run at once. @throws RangeError */
export function checkConcurrency(what: string, concurrency: number): void {
  if (concurrency === Infinity || (Number.isInteger(concurrency) && concurrency >= 1)) return;
  throw new RangeError(
    `Cannot ${what} with a concurrency of ${String(concurrency)}: it is a whole number from 1, or Infinity.`,
  );
}

export function observe(item: unknown): void {
  if (item instanceof Outcome) item.observed = true;
}
