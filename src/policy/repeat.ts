/** Doing it again because it is to be done again. */
import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { current } from "../kernel/current.ts";
import { called } from "./called.ts";
import { Pause } from "./pause.ts";
import { checkFunction, checkSchedule, type Schedule } from "./schedule.ts";

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
export function repeat<T>(fn: (n: number) => Awaitable<T>, schedule: Schedule<T>): Coroutine<T> {
  checkFunction("repeat", fn, "`() => …`, since what is awaited once cannot be awaited again");
  checkSchedule("repeat by", schedule);
  return repeating(fn, schedule);
}

const repeating = coroutine(function* repeat<T>(
  fn: (n: number) => Awaitable<T>,
  schedule: Schedule<T>,
): Awaitable<T> {
  const { loop } = current.task!;
  const start = loop.now();
  const next = schedule.begin();
  for (let n = 1; ; n++) {
    const last = yield* called(fn, n);
    const delay = next({ count: n - 1, elapsed: loop.now() - start, last });
    if (delay === undefined) return last;
    const why = (): string => `call ${n + 1}${fn.name && ` of ${fn.name}`}, ${delay} ms after the last`;
    yield* new Pause(loop.now() + delay, why);
  }
});
