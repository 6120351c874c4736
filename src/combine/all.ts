import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import type { Task } from "../kernel/task.ts";
import { describe } from "../kernel/misuse.ts";
import type { TaskGroup } from "../structure/group.ts";
import { taskGroup } from "../structure/task-group.ts";
import { observe, type ResultOf, type Startable } from "./items.ts";

/** The results, in the shape of the items: a tuple, an array, or a record. */
export type Results<Items> = { -readonly [Key in keyof Items]: ResultOf<Items[Key]> };

/**
 * Awaits several things at once, and gives their results in their shape: `all([a, b])` a tuple,
 * `all({user, orders})` a record. Coroutines and functions are started, each as a task; the first failure
 * cancels them, waits for their cleanup, and is thrown. A task or future that was passed in is only
 * awaited, never cancelled.
 *
 * @throws the first failure; the later ones are its `suppressedErrors`.
 * @example
 * ```ts
 * import { all, coroutine, run, sleep } from "cede";
 *
 * const after = coroutine(function* after(ms: number) {
 *   yield* sleep(ms);
 *   return ms;
 * });
 * const { fast, slow } = await run(() => all({ slow: after(20), fast: after(10) }));
 * console.log(fast, slow); // prints: 10 20
 * ```
 */
export function all<
  const Items extends readonly Startable<unknown>[] | Readonly<Record<string, Startable<unknown>>>,
>(items: Items): Coroutine<Results<Items>> {
  // What is iterable and no array would pass for a record without keys: a coroutine, a set.
  if (typeof items !== "object" || items === null || (Symbol.iterator in items && !Array.isArray(items))) {
    throw new TypeError(
      `Cannot await all of ${describe(items)}: it takes an array or a record of awaitables.`,
    );
  }
  const gathered = Array.isArray(items) ? gather(items) : gatherRecord(items);
  return gathered as Coroutine<unknown> as Coroutine<Results<Items>>;
}

const gather = coroutine(function* all(items: Iterable<Startable<unknown>>): Awaitable<unknown[]> {
  const tasks: Task<unknown>[] = [];
  yield* taskGroup((group) => start(group, items, tasks), { name: "all" });
  return tasks.map((task) => task.result());
});

const gatherRecord = coroutine(function* all(
  items: Record<string, Startable<unknown>>,
): Awaitable<Record<string, unknown>> {
  const results = yield* gather(Object.values(items));
  return Object.fromEntries(Object.keys(items).map((key, i) => [key, results[i]]));
});

const start = coroutine(function* start(
  group: TaskGroup,
  items: Iterable<Startable<unknown>>,
  tasks: Task<unknown>[],
): Awaitable<void> {
  for (const item of items) {
    observe(item);
    tasks.push(group.createTask(item));
  }
});
