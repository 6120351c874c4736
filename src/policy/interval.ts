/** Doing it at fixed points of time. Each is computed from the start, so that no lateness adds up. */
import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { current } from "../kernel/current.ts";
import { describe } from "../kernel/misuse.ts";
import { checkDelay } from "../kernel/sleep.ts";
import { called } from "./called.ts";
import { Pause } from "./pause.ts";
import { checkFunction } from "./schedule.ts";

/** Which ticks there are. */
export interface IntervalOptions {
  /**
   * What becomes of ticks whose time passes while the body still runs. `"skip"`, the default: they are left out, and
   * the next one is in time again. `"burst"`: they come one after another, as soon as can be. `"delay"`: the next one comes at
   * once, and all later ones are so much later.
   */
  missed?: "skip" | "burst" | "delay";
  /** Whether there is a tick 0 at the start; the first is tick 1, one interval later, unless given. */
  immediate?: boolean;
  /** The number of the last tick; it never ends by itself, unless given. */
  last?: number;
}

/**
 * Calls `body` every `ms` milliseconds, with the number of the tick: tick `n` is due at the start plus `n` times `ms`,
 * whatever the calls take, so that it does not drift. One call at a time: what becomes of ticks that are missed
 * meanwhile, `missed` says. It goes on until it is cancelled, or `body` throws.
 *
 * @throws what `body` throws; RangeError if `ms` is not greater than 0; TypeError if `body` is no function, or `missed`
 * none of the three.
 * @example
 * ```ts
 * import { interval, runningLoop, sleep } from "cede";
 * import { runVirtual } from "cede/testing";
 *
 * await runVirtual(() =>
 *   interval(
 *     100,
 *     function* tick(n) {
 *       console.log(`tick ${n} at ${runningLoop().time()}`);
 *       yield* sleep(n === 2 ? 150 : 30);
 *     },
 *     { last: 5 },
 *   ),
 * );
 * // prints: tick 1 at 100
 * // prints: tick 2 at 200
 * // prints: tick 4 at 400
 * // prints: tick 5 at 500
 * ```
 */
export function interval(
  ms: number,
  body: (n: number) => Awaitable<unknown>,
  { missed = "skip", immediate = false, last = Infinity }: IntervalOptions = {},
): Coroutine<void> {
  checkDelay("set an interval of", ms);
  if (ms === 0) {
    throw new RangeError(
      "Cannot set an interval of 0 ms: all ticks would be due at once. Write a loop with `cede()`.",
    );
  }
  checkFunction("call at each tick", body, "`(n) => …`, which gives what is awaited");
  if (missed !== "skip" && missed !== "burst" && missed !== "delay") {
    throw new TypeError(
      `Cannot treat missed ticks by ${describe(missed)}: \`missed\` is "skip", "burst" or "delay".`,
    );
  }
  if (typeof last !== "number" || Number.isNaN(last)) {
    throw new RangeError(`Cannot end an interval after tick ${describe(last)}: \`last\` is a number.`);
  }
  return ticking(ms, body, missed, immediate ? 0 : 1, last);
}

const ticking = coroutine(function* interval(
  ms: number,
  body: (n: number) => Awaitable<unknown>,
  missed: NonNullable<IntervalOptions["missed"]>,
  first: number,
  last: number,
): Awaitable<void> {
  const { loop } = current.task!;
  let start = loop.now();
  for (let n = first; n <= last; n++) {
    yield* new Pause(start + n * ms, () => `tick ${n}${body.name && ` of ${body.name}`}, every ${ms} ms`);
    yield* called(body, n);
    const now = loop.now();
    if (missed === "burst" || now <= start + (n + 1) * ms) continue;
    if (missed === "delay") start = now - (n + 1) * ms;
    else n = nextTick(start, ms, now) - 1;
  }
});

/** The first tick that has not passed; one that is due now has not. */
function nextTick(start: number, ms: number, now: number): number {
  const n = Math.floor((now - start) / ms);
  return start + n * ms < now ? n + 1 : n;
}
