import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import type { ScopeOptions } from "../structure/cleanup-timeout.ts";
import type { ResultOf } from "./items.ts";
import { refuseNone, shapeOf, type Several, type Shape } from "./shape.ts";
import { together, type Rule } from "./together.ts";

/** What becomes of those that lose. */
export interface RaceOptions extends ScopeOptions {
  /** Whether tasks and futures that were passed in, and lose, are cancelled too; they are not unless given. */
  cancel?: boolean;
}

/** What wins: of an array its result; of a record its key too. */
export type Winner<Items> = Items extends readonly unknown[]
  ? ResultOf<Items[number]>
  : { [Key in keyof Items]: { readonly key: Key; readonly value: ResultOf<Items[Key]> } }[keyof Items];

/**
 * Awaits several things at once until the first of them ends, with its result or its error: of an array,
 * `race([a, b])` gives the result; of a record, `race({answer, stop})`, it gives `{key, value}`, so that it says who
 * won. Coroutines and functions are started, each as a task; those that lose are cancelled, and their cleanup awaited.
 * Tasks and futures that were passed in are left alone, unless `cancel` says otherwise.
 *
 * The first to end wins, also of those that end in the same turn; of those that are done at the start, the first in
 * order, and then nothing else is begun.
 *
 * @throws the winner's error, or that of a loser's cleanup (beside the winner's, it is one of its
 * `suppressedErrors`); RangeError if there are no items, or if `cleanupTimeout` is negative or not a number.
 * @example
 * ```ts
 * import { coroutine, race, run, sleep } from "cede";
 *
 * const after = coroutine(function* after<T>(ms: number, value: T) {
 *   yield* sleep(ms);
 *   return value;
 * });
 * await run(function* () {
 *   console.log(yield* race([after(20, "slow"), after(10, "fast")])); // prints: fast
 *   const { key, value } = yield* race({ hare: after(10, 1), tortoise: after(20, 2) });
 *   console.log(key, value); // prints: hare 1
 * });
 * ```
 */
export function race<const Items extends Several>(
  items: Items,
  { cancel = false, ...options }: RaceOptions = {},
): Coroutine<Winner<Items>> {
  const shape = shapeOf("race", items, options);
  refuseNone(shape, "race", "none would ever win");
  return first(rule, shape, cancel) as Coroutine<Winner<Items>>;
}

const rule: Rule = { name: "race", decides: () => true, takesAll: false };

/**
 * Awaits several things at once until the first of them succeeds, as `race` does, but lets failures pass: of an array
 * it gives the result, of a record `{key, value}`. Those that lose are cancelled, and their cleanup awaited; tasks and
 * futures that were passed in are left alone, unless `cancel` says otherwise.
 *
 * @throws AggregateError if all have failed: its `errors` are theirs, in the order of the items; the error of a
 * loser's cleanup; RangeError if there are no items, or if `cleanupTimeout` is negative or not a number.
 * @example
 * ```ts
 * import { any, coroutine, run, sleep } from "cede";
 *
 * const ask = coroutine(function* ask(mirror: string, ms: number) {
 *   yield* sleep(ms);
 *   if (mirror === "broken") throw new Error("no answer");
 *   return mirror;
 * });
 * console.log(await run(() => any([ask("broken", 5), ask("far", 30), ask("near", 10)]))); // prints: near
 * ```
 */
export function any<const Items extends Several>(
  items: Items,
  { cancel = false, ...options }: RaceOptions = {},
): Coroutine<Winner<Items>> {
  const shape = shapeOf("await any of", items, options);
  refuseNone(shape, "await any of", "none could succeed");
  return first(anyRule, shape, cancel) as Coroutine<Winner<Items>>;
}

const anyRule: Rule = {
  name: "any",
  decides: (outcome) => outcome.succeeded,
  takesAll: false,
  undecided: (outcomes) =>
    new AggregateError(
      outcomes.map((outcome) => outcome.rejection()),
      outcomes.length === 1 ? "The only item has failed" : `All ${outcomes.length} items have failed`,
    ),
};

const first = coroutine(function* race(rule: Rule, shape: Shape, cancel: boolean): Awaitable<unknown> {
  const { outcomes, decisive } = yield* together(rule, shape, cancel);
  const value = decisive!.result();
  const { keys } = shape;
  return keys === null ? value : { key: keys[outcomes.indexOf(decisive!)], value };
});
