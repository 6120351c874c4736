/** What is awaited together, and its results, come in an array or in a record. */
import { describe } from "../kernel/misuse.ts";
import { checkCleanupTimeout, type ScopeOptions } from "../structure/cleanup-timeout.ts";
import type { Startable } from "./items.ts";

/** An array or a record of things to await. */
export type Several = readonly Startable<unknown>[] | Readonly<Record<string, Startable<unknown>>>;

/** The items in order; their keys, if they came in a record; and how what is started may clean up. */
export interface Shape {
  readonly list: readonly Startable<unknown>[];
  readonly keys: readonly string[] | null;
  readonly options: ScopeOptions;
}

/** @throws TypeError for anything else; RangeError for what is no time for cleanup */
export function shapeOf(what: string, items: Several, options: ScopeOptions = {}): Shape {
  // What is iterable and no array would pass for a record without keys: a coroutine, a set.
  if (typeof items !== "object" || items === null || (Symbol.iterator in items && !Array.isArray(items))) {
    throw new TypeError(`Cannot ${what} ${describe(items)}: it takes an array or a record of awaitables.`);
  }
  checkCleanupTimeout(options);
  // Copies: what is changed later is not awaited.
  if (Array.isArray(items))
    return { list: [...(items as readonly Startable<unknown>[])], keys: null, options };
  return { list: Object.values(items), keys: Object.keys(items), options };
}

/** @throws RangeError where there are no items, and so none that could be the first */
export function refuseNone({ list }: Shape, what: string, none: string): void {
  if (list.length > 0) return;
  throw new RangeError(`Cannot ${what} no items: ${none}. Look first whether there are any.`);
}

/** Values in the shape of the items. */
export function inShape<T>({ keys }: Shape, values: readonly T[]): readonly T[] | Record<string, T> {
  return keys === null ? values : Object.fromEntries(keys.map((key, i) => [key, values[i]!]));
}
