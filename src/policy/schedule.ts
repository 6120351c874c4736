/**
 * When to do something again: a sequence of delays. A schedule holds no state: what it has, it makes anew for each use,
 * so one object serves any number of them at once.
 */
import { checkGiven } from "../kernel/given.ts";
import { describe } from "../kernel/misuse.ts";
import { checkDelay } from "../kernel/sleep.ts";

/** How far one use of a schedule has come: what it is asked with, before each delay. */
export interface ScheduleStep<In = unknown> {
  /** How many delays it has given before. */
  readonly count: number;
  /** Milliseconds since the use began. */
  readonly elapsed: number;
  /** What has just ended: `retry` gives the error, `repeat` the value. */
  readonly last: In;
}

/** One use of a schedule: gives the next delay in milliseconds, `undefined` at the end. */
export type ScheduleUse<In = unknown> = (step: ScheduleStep<In>) => number | undefined;

/** What clock a schedule of times looks at. */
export interface ClockOptions {
  /** The time of day, in milliseconds since 1970: `Date.now`, unless given. */
  now?: () => number;
}

/** How an exponential schedule grows. */
export interface ExponentialOptions {
  /** What each delay is multiplied by: 2 unless given. */
  factor?: number;
  /** The longest delay, in milliseconds; none unless given. */
  max?: number;
}

/** What `jittered` multiplies each delay by: a random number between these two. */
export interface JitterOptions {
  /** 0.5 unless given; 0 for a delay of anything from none on. */
  min?: number;
  /** 1.5 unless given. */
  max?: number;
}

/**
 * When to do something again, as a sequence of delays: for `retry`, `repeat`, and the restarts of `supervise`. It never
 * changes: each method gives a new one, and one may be used many times at once.
 *
 * @example
 * ```ts
 * import { Schedule } from "cede";
 *
 * const schedule = Schedule.exponential(100, { max: 1000 }).limit(5);
 * console.log([...schedule.delays()]); // prints: [ 100, 200, 400, 800, 1000 ]
 * ```
 */
export class Schedule<in In = unknown> {
  readonly #begin: () => ScheduleUse<In>;

  private constructor(begin: () => ScheduleUse<In>) {
    this.#begin = begin;
  }

  /**
   * Always the same delay, in milliseconds, for ever.
   *
   * @throws RangeError if `ms` is negative or not a number.
   */
  static fixed(ms: number): Schedule {
    checkDelay("schedule a delay of", ms);
    return new Schedule(() => () => ms);
  }

  /**
   * Delays that grow: `ms` milliseconds, then `factor` times as much each time, but no more than `max`; for ever.
   *
   * @throws RangeError if `ms` or `max` is negative or not a number, or if `factor` is not a finite number greater than 0.
   */
  static exponential(ms: number, { factor = 2, max = Infinity }: ExponentialOptions = {}): Schedule {
    checkDelay("schedule a delay of", ms);
    checkDelay("limit a delay to", max);
    if (!(factor > 0 && factor < Infinity)) {
      throw new RangeError(
        `Cannot let delays grow by a factor of ${String(factor)}: it is a finite number greater than 0.`,
      );
    }
    const delay = ({ count }: ScheduleStep): number => (ms === 0 ? 0 : Math.min(ms * factor ** count, max));
    return new Schedule(() => delay);
  }

  /**
   * Whatever delays a function gives, in milliseconds; `undefined` is the end. `begin` is called for each use, and gives
   * that function: what it keeps between delays, it keeps for this use.
   *
   * @throws TypeError if `begin` is not a function; (where it is used) RangeError if what it gives is no delay.
   * @example
   * ```ts
   * import { Schedule } from "cede";
   *
   * const fibonacci = Schedule.from(() => {
   *   let [ms, next] = [10, 10];
   *   return () => {
   *     const delay = ms;
   *     [ms, next] = [next, ms + next];
   *     return delay;
   *   };
   * });
   * console.log([...fibonacci.limit(5).delays()]); // prints: [ 10, 10, 20, 30, 50 ]
   * ```
   */
  static from<In = unknown>(begin: () => ScheduleUse<In>): Schedule<In> {
    checkFunction("make a schedule from", begin, "`() => (step) => …`, which gives a number of milliseconds");
    return new Schedule(() => {
      const use = begin();
      checkFunction("use a schedule by", use, "`(step) => …`, which gives a number of milliseconds");
      return (step) => {
        const ms = use(step);
        if (ms !== undefined) checkDelay("schedule a delay of", ms);
        return ms;
      };
    });
  }

  /**
   * Times of day: `next` gives the first one after the one it is given, or `null` at the end. None is given twice,
   * also where the clock is set back. `cron` of "cede/cron" is made of this.
   *
   * @throws TypeError if `next` is not a function; (where it is used) TypeError if what it gives is no date, or
   * none after the one that it was given.
   * @example
   * ```ts
   * import { Schedule } from "cede";
   *
   * const now = () => Date.UTC(2030, 0, 1, 8, 30);
   * const everyFullHour = Schedule.at(
   *   (after) => new Date(Math.floor(after.getTime() / 3_600_000 + 1) * 3_600_000),
   *   { now },
   * );
   * for (const ms of everyFullHour.limit(1).delays()) console.log(ms / 60_000, "minutes"); // prints: 30 minutes
   * ```
   */
  static at(next: (after: Date) => Date | null, { now = () => Date.now() }: ClockOptions = {}): Schedule {
    checkFunction("make a schedule of the times of", next, "`(after) => …`, which gives a Date, or null");
    return new Schedule(() => {
      let last = -Infinity;
      return () => {
        const time = now();
        const after = Math.max(time, last);
        const date = next(new Date(after));
        if (date === null) return undefined;
        last = date instanceof Date ? date.getTime() : NaN;
        if (Number.isNaN(last)) {
          throw new TypeError(
            `Cannot wait until ${describe(date)}: what gives the times gives a Date, or null.`,
          );
        }
        if (last <= after) {
          throw new TypeError(
            `Cannot wait until ${date.toISOString()}: that is not after ${new Date(after).toISOString()}, which the ` +
              "function was given. Let it give the first time after that one, or null.",
          );
        }
        return last - time;
      };
    });
  }

  /**
   * Each delay multiplied by a random number between `min` and `max`, so that those who failed together do not come
   * back together. It is drawn from `Math.random`, which the seed of a test controls.
   *
   * @throws RangeError unless 0 ≤ min ≤ max, and both are finite.
   */
  jittered({ min = 0.5, max = 1.5 }: JitterOptions = {}): Schedule<In> {
    if (!(min >= 0 && min <= max && max < Infinity)) {
      throw new RangeError(
        `Cannot multiply delays by a number between ${String(min)} and ${String(max)}: give 0 or more as \`min\`, and ` +
          "no less as `max`.",
      );
    }
    return this.#with((use, step) => {
      const ms = use(step);
      return ms === undefined || ms === Infinity ? ms : ms * (min + Math.random() * (max - min));
    });
  }

  /**
   * No more than so many delays. For `retry` that is so many attempts after the first.
   *
   * @throws RangeError if `times` is no whole number from 0, nor `Infinity`.
   */
  limit(times: number): Schedule<In> {
    if (times !== Infinity && !(Number.isInteger(times) && times >= 0)) {
      throw new RangeError(
        `Cannot limit a schedule to ${String(times)} times: give a whole number from 0, or Infinity.`,
      );
    }
    return this.#with((use, step) => (step.count < times ? use(step) : undefined));
  }

  /**
   * Only delays that end within `ms` milliseconds since the use began: what is done between them counts, too. Whatever
   * is under way then is not cut short: for that there is `timeout`.
   *
   * @throws RangeError if `ms` is negative or not a number.
   */
  upTo(ms: number): Schedule<In> {
    checkDelay("limit a schedule to", ms);
    return this.#with((use, step) => {
      const delay = use(step);
      return delay !== undefined && step.elapsed + delay <= ms ? delay : undefined;
    });
  }

  /**
   * Ends once `predicate` says so of what has just ended: of the value, for `repeat`, of the error, for `retry`.
   *
   * @throws TypeError if `predicate` is not a function; (where it is used) if it gives something to await.
   * @example
   * ```ts
   * import { coroutine, repeat, run, Schedule } from "cede";
   *
   * const answers = ["pending", "pending", "done"];
   * const ask = coroutine(function* ask() {
   *   return answers.shift()!;
   * });
   * const schedule = Schedule.fixed(5).until((answer: string) => answer === "done");
   * console.log(await run(() => repeat(ask, schedule)), answers.length); // prints: done 0
   * ```
   */
  until<T extends In>(predicate: (last: T) => boolean): Schedule<T> {
    checkFunction("go on until", predicate, "`(last) => …`, which gives whether to end");
    return this.#with<T>((use, step) =>
      checkGiven(predicate(step.last), "the predicate of `until`") ? undefined : use(step),
    );
  }

  /** Begins a use. For policies of one's own: `retry` and `repeat` do so themselves. */
  begin(): ScheduleUse<In> {
    return this.#begin();
  }

  /**
   * The delays, in milliseconds, as a use sees them that spends no time between them: to print, and to test. What
   * `until` is to look at is given once, for all.
   *
   * @example
   * ```ts
   * import { Schedule } from "cede";
   *
   * for (const ms of Schedule.exponential(1000).upTo(10_000).delays()) console.log(ms);
   * // prints: 1000
   * // prints: 2000
   * // prints: 4000
   * ```
   */
  *delays(last?: In): Generator<number, void, void> {
    const use = this.#begin();
    let elapsed = 0;
    for (let count = 0; ; count++) {
      const ms = use({ count, elapsed, last: last as In });
      if (ms === undefined) return;
      yield ms;
      elapsed += ms;
    }
  }

  #with<T extends In = In>(
    change: (use: ScheduleUse<In>, step: ScheduleStep<T>) => number | undefined,
  ): Schedule<T> {
    return new Schedule<T>(() => {
      const use = this.#begin();
      return (step) => change(use, step);
    });
  }
}

/** Refuses what is no schedule. @throws TypeError */
export function checkSchedule(what: string, schedule: unknown): void {
  if (schedule instanceof Schedule) return;
  throw new TypeError(
    `Cannot ${what} ${describe(schedule)}: it is no schedule. Write \`Schedule.fixed(1000)\` or \`Schedule.exponential(100)\`.`,
  );
}

/** Refuses what could not be called. @throws TypeError */
export function checkFunction(what: string, fn: unknown, instead: string): void {
  if (typeof fn === "function") return;
  throw new TypeError(`Cannot ${what} ${describe(fn)}: it takes a function, ${instead}.`);
}
