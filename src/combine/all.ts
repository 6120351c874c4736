import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import type { ScopeOptions } from "../structure/cleanup-timeout.ts";
import type { ResultOf } from "./items.ts";
import { inShape, shapeOf, type Several, type Shape } from "./shape.ts";
import { together, type Rule } from "./together.ts";

/** The results, in the shape of the items: a tuple, an array, or a record. */
export type Results<Items> = { -readonly [Key in keyof Items]: ResultOf<Items[Key]> };

/**
 * Awaits several things at once, and gives their results in their shape: `all([a, b])` a tuple,
 * `all({user, orders})` a record. Coroutines and functions are started, each as a task; the first failure
 * cancels them, waits for their cleanup, and is thrown. A task or future that was passed in is only
 * awaited, never cancelled.
 *
 * @throws the first failure; the later ones are its `suppressedErrors`; RangeError if `cleanupTimeout` is negative or
 * not a number.
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
export function all<const Items extends Several>(
  items: Items,
  options?: ScopeOptions,
): Coroutine<Results<Items>> {
  return gather(shapeOf("await all of", items, options)) as Coroutine<Results<Items>>;
}

const rule: Rule = {
  name: "all",
  decides: (outcome) => !outcome.succeeded,
  takesAll: true,
  allFailures: true,
};

const gather = coroutine(function* all(shape: Shape): Awaitable<unknown> {
  const { outcomes } = yield* together(rule, shape);
  return inShape(
    shape,
    outcomes.map((outcome) => outcome.result()),
  );
});
