/**
 * Schedules of times of day, in the notation of cron. What the notation means is the concern of the package croner, an
 * optional peer of this one, which is loaded when this module is.
 */
import { Schedule, type ClockOptions } from "./index.ts";

const { Cron } = await import("croner").catch((cause: unknown) => {
  throw new Error(
    'Cannot use "cede/cron": the package croner, which reads the notation of cron, is not installed, or cannot be ' +
      "loaded. Install it: npm install croner",
    { cause },
  );
});

/** Whose time of day a pattern is of. */
export interface CronOptions extends ClockOptions {
  /** The name of a time zone, such as "Europe/Berlin"; that of the machine, unless given. */
  timezone?: string;
}

/**
 * A schedule of times of day: minute, hour, day of the month, month, day of the week; with a sixth field in front,
 * seconds. It needs the package croner (`npm install croner`), whose documentation says all that a pattern may be.
 *
 * `repeat(job, cron("0 3 * * *"), { immediate: false })` calls at these times; one that comes while the job still runs is
 * left out. A jitter that shortens delays would call too early: give `jittered` a `min` of 1.
 *
 * @throws TypeError if `pattern` is none; TypeError or RangeError if there is no such time zone.
 * @example
 * ```ts
 * import { cron } from "cede/cron";
 *
 * const now = () => Date.UTC(2030, 0, 1, 2, 45);
 * const schedule = cron("0 3 * * *", { timezone: "UTC", now });
 * for (const ms of schedule.limit(1).delays()) console.log(ms / 60_000, "minutes"); // prints: 15 minutes
 * ```
 */
export function cron(pattern: string, { timezone, ...clock }: CronOptions = {}): Schedule {
  const times = new Cron(pattern, { paused: true, ...(timezone !== undefined && { timezone }) });
  times.nextRun(); // what is no time zone is found only here
  return Schedule.at((after) => times.nextRun(after), clock);
}
