/**
 * Restarts. The task stays: what begins anew is its function, in a frame of its own, so that whatever the last try
 * opened is closed before the next one begins, and whoever holds the task still holds the right one.
 */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { current } from "../kernel/current.ts";
import { CancellationEscapedError, suppress, textOf } from "../kernel/errors.ts";
import { describe } from "../kernel/misuse.ts";
import { checkDelay } from "../kernel/sleep.ts";
import type { Task } from "../kernel/task.ts";
import { called } from "../policy/called.ts";
import { Pause } from "../policy/pause.ts";
import { checkSchedule, Schedule } from "../policy/schedule.ts";

/** When a task that fails begins anew, and when that is given up. */
export interface RestartPolicy {
  /** How many restarts a task may have `within` that time; the next failure fails the group. A whole number from 0, or `Infinity`. */
  limit: number;
  /**
   * For how long a restart counts, in milliseconds; for ever, unless given. Where there is no `limit`, to the thousandth
   * part of it: so what has to be remembered has a bound, however often the task fails.
   */
  within?: number;
  /**
   * How long to wait before each restart. It begins anew once none of the last ones counts any more; where it ends, no
   * restart follows. From 100 ms on, doubled up to 10 s, unless given.
   */
  delay?: Schedule;
}

/** A restart that follows a failure. */
export interface Restart {
  /** Its number among those that count now, from 1. */
  readonly count: number;
  /** In how many milliseconds it comes. */
  readonly delay: number;
}

/** The group, as far as it is needed here. */
interface Supervisor {
  restarts(task: Task<unknown>, error: unknown, restart: Restart): void;
  /** What the task throws now fails the group. */
  givesUp(task: Task<unknown>): void;
}

const DELAY = Schedule.exponential(100, { max: 10_000 });

/** The body of a task that begins anew as the policy says. */
export const restarting: <T>(body: Body<T>, policy: RestartPolicy, supervisor: Supervisor) => Coroutine<T> =
  coroutine(function* supervised<T>(
    body: Body<T>,
    { limit, within = Infinity, delay = DELAY }: RestartPolicy,
    supervisor: Supervisor,
  ): Awaitable<T> {
    const task = current.task as Task<unknown>;
    const { loop } = task;
    /** When the restarts were that count, and how many; if all do, for ever, it is enough to know how many. */
    const recent: { readonly at: number; times: number }[] = [];
    /** Where in that list the first is that still counts. */
    let oldest = 0;
    /** What comes within so many milliseconds is one entry of the list. With a limit, that is its bound. */
    const grain = limit === Infinity ? within / 1000 : 0;
    let count = 0;
    let first = 0;
    let next = delay.begin();
    for (;;) {
      let error: unknown;
      try {
        return yield* called(body);
      } catch (thrown) {
        error = thrown;
      }
      const now = loop.now();
      if (within !== Infinity) {
        while (oldest < recent.length && now - recent[oldest]!.at >= within) count -= recent[oldest++]!.times;
        // Half of the list at a time, so that a task with many restarts does not copy it at each.
        if (oldest * 2 > recent.length) {
          recent.splice(0, oldest);
          oldest = 0;
        }
      }
      if (count === 0) {
        first = now;
        next = delay.begin();
      }
      let ms: number | undefined;
      try {
        if (count < limit && !(error instanceof CancellationEscapedError)) {
          ms = next({ count, elapsed: now - (recent[oldest]?.at ?? first), last: error });
        }
      } catch (thrown) {
        suppress(thrown, error);
        throw thrown;
      }
      if (ms === undefined) {
        supervisor.givesUp(task);
        throw error;
      }
      if (within !== Infinity) {
        const last = recent.at(-1);
        if (last !== undefined && now - last.at < grain) last.times++;
        else recent.push({ at: now, times: 1 });
      }
      count++;
      supervisor.restarts(task, error, { count, delay: ms });
      yield* new Pause(now + ms, () => `its restart ${count}, ${ms} ms after: ${textOf(error)}`);
    }
  });

/** Refuses what is no policy, and what could not begin anew. @throws TypeError, RangeError */
export function checkRestart({ limit, within, delay }: RestartPolicy, source?: unknown): void {
  if (limit !== Infinity && !(Number.isInteger(limit) && limit >= 0)) {
    throw new RangeError(
      `Cannot restart a task ${String(limit)} times: \`limit\` is a whole number from 0, or Infinity.`,
    );
  }
  if (within !== undefined) checkDelay("count restarts within", within);
  if (delay !== undefined) checkSchedule("restart by", delay);
  if (source === undefined || typeof source === "function") return;
  throw new TypeError(
    `Cannot restart ${describe(source)}: it is awaited once. Give the function instead, \`() => …\`, or ` +
      "`{ restart: false }`.",
  );
}
