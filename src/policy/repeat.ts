/** Doing it again because it is to be done again. */
import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { current } from "../kernel/current.ts";
import { called } from "./called.ts";
import { Pause } from "./pause.ts";
import { checkFunction, checkSchedule, type Schedule } from "./schedule.ts";

/** How `repeat` begins. */
export interface RepeatOptions {
  /** Whether the first call is made at once, which it is, unless given; otherwise after the first delay, as is right for times of day. */
  immediate?: boolean;
}

/**
 * Calls `fn`, and again after each delay of the schedule, counted from the end of the call before; gives the last
 * value once the schedule ends. `fn` is given the number of the call, from 1. The first error ends it. For fixed points
 * of time, whatever each call takes, there is `interval`.
 *
 * @throws what `fn` throws; TypeError if `schedule` is none.
 * @example
 * ```ts
 * import { coroutine, repeat, run, Schedule } from "cede";
 *
 * const poll = coroutine(function* poll(n: number) {
 *   console.log(`poll ${n}`);
 * });
 * await run(() => repeat(poll, Schedule.fixed(5).limit(2)));
 * // prints: poll 1
 * // prints: poll 2
 * // prints: poll 3
 * ```
 */
export function repeat<T>(
  fn: (n: number) => Awaitable<T>,
  schedule: Schedule<T>,
  options?: { immediate?: true },
): Coroutine<T>;
export function repeat<T>(
  fn: (n: number) => Awaitable<T>,
  schedule: Schedule<T | undefined>,
  options: RepeatOptions,
): Coroutine<T | undefined>;
export function repeat<T>(
  fn: (n: number) => Awaitable<T>,
  schedule: Schedule<T>,
  { immediate = true }: RepeatOptions = {},
): Coroutine<T | undefined> {
  checkFunction("repeat", fn, "`() => …`, since what is awaited once cannot be awaited again");
  checkSchedule("repeat by", schedule);
  return repeating(fn, schedule as Schedule<T | undefined>, immediate);
}

const repeating = coroutine(function* repeat<T>(
  fn: (n: number) => Awaitable<T>,
  schedule: Schedule<T | undefined>,
  immediate: boolean,
): Awaitable<T | undefined> {
  const { loop } = current.task!;
  const start = loop.now();
  const next = schedule.begin();
  let last: T | undefined;
  let calls = 0;
  if (immediate) last = yield* called(fn, ++calls);
  for (let count = 0; ; count++) {
    const delay = next({ count, elapsed: loop.now() - start, last });
    if (delay === undefined) return last;
    const why = (): string => `call ${calls + 1}${fn.name && ` of ${fn.name}`}, after ${delay} ms`;
    yield* new Pause(loop.now() + delay, why);
    last = yield* called(fn, ++calls);
  }
});
