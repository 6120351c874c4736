/** Coroutines for the rest of the world: as ordinary async functions. */
import type { Awaitable } from "../kernel/awaitable.ts";
import { run } from "./run.ts";
import type { RunOptions } from "./event-loop.ts";

/** An ordinary async function that runs a coroutine. */
export interface AsyncFunction<Arguments extends unknown[], T> {
  (...args: Arguments): Promise<T>;
  /** The same function with options: `with({signal})(…)` can be cancelled. */
  with(options: RunOptions): (...args: Arguments) => Promise<T>;
}

/**
 * Makes an async function of a coroutine function: for frameworks that want promises. Each call is a run.
 *
 * @throws (rejects) as `run` does.
 * @example
 * ```ts
 * import { coroutine, sleep, toAsync } from "cede";
 *
 * const double = toAsync(coroutine(function* double(n: number) {
 *   yield* sleep(5);
 *   return n * 2;
 * }));
 * console.log(await double(21)); // prints: 42
 * console.log(await double.with({ signal: AbortSignal.timeout(1000) })(4)); // prints: 8
 * ```
 */
export function toAsync<Arguments extends unknown[], T>(
  fn: (...args: Arguments) => Awaitable<T>,
): AsyncFunction<Arguments, T> {
  const start = (options: RunOptions, args: Arguments): Promise<T> =>
    run(() => fn(...args), { name: fn.name || "main", ...options });
  return Object.assign((...args: Arguments) => start({}, args), {
    with:
      (options: RunOptions) =>
      (...args: Arguments) =>
        start(options, args),
  });
}
