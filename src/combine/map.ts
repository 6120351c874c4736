import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { Frame } from "../kernel/frame.ts";
import { describe, namedAfter } from "../kernel/misuse.ts";
import { checkpoint } from "../kernel/sleep.ts";
import { checkCleanupTimeout, type ScopeOptions } from "../structure/cleanup-timeout.ts";
import type { TaskGroup } from "../structure/group.ts";
import { taskGroup } from "../structure/task-group.ts";
import { checkConcurrency } from "./items.ts";

/** How `map` calls its function. */
export interface MapOptions extends ScopeOptions {
  /** How many run at once, at most: a whole number from 1, or `Infinity`, which is the default. */
  concurrency?: number;
}

/**
 * Calls `fn` for each item, at most `concurrency` at a time, and gives the results in the order of the
 * items. An iterable is read as the work goes on. The first failure cancels the rest, waits for its
 * cleanup, and is thrown.
 *
 * @throws the first failure; RangeError if `concurrency` is no whole number from 1, nor `Infinity`, or if
 * `cleanupTimeout` is negative or not a number; TypeError if `items` cannot be iterated over.
 * @example
 * ```ts
 * import { coroutine, map, run, sleep } from "cede";
 *
 * const double = coroutine(function* double(n: number) {
 *   yield* sleep(5);
 *   return n * 2;
 * });
 * console.log(await run(() => map([1, 2, 3], double, { concurrency: 2 }))); // prints: [ 2, 4, 6 ]
 * ```
 */
export function map<Item, T>(
  items: Iterable<Item>,
  fn: (item: Item, index: number) => Awaitable<T>,
  { concurrency = Infinity, ...options }: MapOptions = {},
): Coroutine<T[]> {
  checkConcurrency("map", concurrency);
  if (typeof (items as Iterable<Item> | null | undefined)?.[Symbol.iterator] !== "function") {
    throw new TypeError(`Cannot map ${describe(items)}: it takes an array, or another iterable, of items.`);
  }
  checkCleanupTimeout(options);
  return concurrently(items, fn, concurrency, options);
}

/** The items that are left, their numbers, and the results so far: what the workers share. */
interface Work<Item, T> {
  readonly items: Iterator<Item>;
  readonly fn: (item: Item, index: number) => Awaitable<T>;
  readonly results: T[];
  next: number;
  exhausted: boolean;
}

const concurrently = coroutine(function* map<Item, T>(
  items: Iterable<Item>,
  fn: (item: Item, index: number) => Awaitable<T>,
  concurrency: number,
  options: ScopeOptions,
): Awaitable<T[]> {
  const work: Work<Item, T> = { items: items[Symbol.iterator](), fn, results: [], next: 0, exhausted: false };
  try {
    yield* taskGroup((group) => startWorkers(group, work, concurrency), { name: "map", ...options });
  } finally {
    if (!work.exhausted) work.items.return?.();
  }
  return work.results;
});

/** A worker an item, up to the limit: each goes on to the next item that nobody has taken. */
const startWorkers = coroutine(function* startWorkers<Item, T>(
  group: TaskGroup,
  work: Work<Item, T>,
  concurrency: number,
): Awaitable<void> {
  for (let started = 0; started < concurrency; started++) {
    const first = take(work);
    if (first === null) return;
    group.createTask(worker(work, first), { name: work.fn.name || "map" });
  }
});

const worker = coroutine(function* worker<Item, T>(work: Work<Item, T>, first: Taken<Item>): Awaitable<void> {
  const { fn, results } = work;
  let taken: Taken<Item> | null = first;
  const call = () => namedAfter(fn, fn(taken!.item, taken!.index));
  do {
    // In a frame of its own, as every body: `fn` may be a plain generator function whose cleanup suspends.
    results[taken.index] = (yield* new Frame(call)) as T;
    yield* checkpoint; // a failure of this very turn: nothing new is begun
    taken = take(work);
  } while (taken !== null);
});

interface Taken<Item> {
  readonly item: Item;
  readonly index: number;
}

/** The next item that nobody has taken; `null`: there is none. */
function take<Item>(work: Work<Item, unknown>): Taken<Item> | null {
  if (work.exhausted) return null;
  const { done, value } = work.items.next();
  if (!done) return { item: value, index: work.next++ };
  work.exhausted = true;
  return null;
}
