import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import type { Outcome } from "../kernel/future.ts";
import type { ScopeOptions } from "../structure/cleanup-timeout.ts";
import type { ResultOf } from "./items.ts";
import { inShape, shapeOf, type Several, type Shape } from "./shape.ts";
import { together, type Rule } from "./together.ts";

/** How each of the items ended, in their shape. */
export type SettledResults<Items> = {
  -readonly [Key in keyof Items]: PromiseSettledResult<ResultOf<Items[Key]>>;
};

/**
 * Awaits several things at once until each has ended, and tells how, in their shape, an array or a record, and in the
 * words of `Promise.allSettled`: `{status: "fulfilled", value}` or `{status: "rejected", reason}`, which is a
 * `CancelledError` for what was cancelled. Coroutines and functions are started, each as a task, and fail alone; a
 * task or future that was passed in is only awaited.
 *
 * @throws nothing of theirs; RangeError if `cleanupTimeout` is negative or not a number.
 * @example
 * ```ts
 * import { allSettled, coroutine, run, sleep } from "cede";
 *
 * const load = coroutine(function* load(name: string) {
 *   yield* sleep(10);
 *   if (name === "") throw new Error("no name");
 *   return name;
 * });
 * for (const result of await run(() => allSettled([load("a"), load("")]))) {
 *   console.log(result.status === "fulfilled" ? result.value : result.reason.message);
 * }
 * // prints: a
 * // prints: no name
 * ```
 */
export function allSettled<const Items extends Several>(
  items: Items,
  options?: ScopeOptions,
): Coroutine<SettledResults<Items>> {
  return settle(shapeOf("await all of", items, options)) as Coroutine<SettledResults<Items>>;
}

const rule: Rule = { name: "allSettled", decides: () => false, takesAll: true };

const settle = coroutine(function* allSettled(shape: Shape): Awaitable<unknown> {
  const { outcomes } = yield* together(rule, shape);
  return inShape(shape, outcomes.map(settled));
});

function settled(outcome: Outcome<unknown>): PromiseSettledResult<unknown> {
  return outcome.succeeded
    ? { status: "fulfilled", value: outcome.result() }
    : { status: "rejected", reason: outcome.rejection() };
}
