/**
 * The loop: turns. A turn expires what is due, then gives one step to each that was ready when it began,
 * in the order that the scheduler answers. It refuses to know what a host is: `Drive` joins the two.
 */
import { current, type LoopPort } from "./current.ts";
import { Deadlines } from "./deadlines.ts";
import { textOf } from "./errors.ts";
import type { Monitor, Report } from "./monitor.ts";
import { FirstInFirstOut, type Runnable, type Scheduler } from "./ready.ts";

/** A step this long holds the host up, in milliseconds. */
const HELD_MS = 50;
/** How long each step is timed after the host was held up, in milliseconds. */
const WATCH_MS = 10_000;

/** How many steps may pass between two looks at the clock. */
const STEPS_A_LOOK = 128;

export interface LoopOptions {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Something became ready while the loop did not turn. */
  wake(): void;
  scheduler?: Scheduler;
  monitor?: Monitor | null;
  /** Hears every report, beside the monitor. */
  report?(report: Report): void;
  /** A callback of the host's or of the program's threw. */
  callbackFailed(error: unknown): void;
}

export class Loop implements LoopPort {
  readonly deadlines: Deadlines = new Deadlines();
  readonly ready: Scheduler;
  readonly now: () => number;
  readonly callbackFailed: (error: unknown) => void;
  monitor: Monitor | null;
  externals = 0;
  readonly #wake: () => void;
  #report: ((report: Report) => void) | undefined;
  #turning = false;
  /** How many of this turn have not had their step. */
  #left = 0;
  #steps = 0;
  /** Until when each step is timed; see `checkHeld`. */
  #watchUntil = -Infinity;
  #last: Runnable | null = null;

  constructor(options: LoopOptions) {
    this.ready = options.scheduler ?? new FirstInFirstOut();
    this.monitor = options.monitor ? guarded(options.monitor, this) : null;
    this.now = options.now;
    this.callbackFailed = options.callbackFailed;
    this.#wake = options.wake;
    this.#report = options.report;
  }

  enqueue(runnable: Runnable): void {
    this.ready.push(runnable);
    if (!this.#turning) this.#wake();
  }

  report(report: Report): void {
    this.monitor?.report?.(report);
    try {
      this.#report?.(report);
    } catch (error) {
      this.#report = undefined; // dropped, as a monitor would be; but this is the last one who could be told
      this.callbackFailed(error);
    }
  }

  /** Nobody is ready, and no deadline is set. */
  get isIdle(): boolean {
    return this.ready.size === 0 && this.deadlines.size === 0;
  }

  /** A deadline was set from outside a turn: the host has to hear of it. */
  lookAgain(): void {
    if (!this.#turning) this.#wake();
  }

  /** One turn, whole. */
  turn(): void {
    this.#left = 0;
    this.run(-Infinity, 1);
  }

  /**
   * A slice took `ms` milliseconds. If that is long, somebody held the host up: who is known if the steps
   * were timed, so from now on, for a while, they are.
   */
  checkHeld(ms: number): void {
    const last = this.#last;
    this.#last = null;
    if (ms < HELD_MS || this.#watchUntil !== -Infinity) return;
    this.#watchUntil = this.now() + WATCH_MS;
    this.#held(
      ms,
      `The last to run was ${runnableName(last)}; if it happens again, whoever did it is named.`,
    );
  }

  #timed(runnable: Runnable): void {
    const start = this.now();
    runnable.step();
    const end = this.now();
    if (end - start >= HELD_MS) this.#held(end - start, `It was one step of ${runnableName(runnable)}.`);
    if (end > this.#watchUntil) this.#watchUntil = -Infinity;
  }

  #held(ms: number, by: string): void {
    this.report({
      kind: "loop-held",
      message: `The loop was held for ${Math.round(ms)} ms, and with it everything else. ${by}`,
      task: undefined,
    });
  }

  /**
   * Turns until nobody is ready, or the time is `until` (it looks every 128 steps, and may then stop in the
   * middle of a turn, which the next call goes on with), or `turns` are over.
   */
  run(until: number, turns: number = Infinity): void {
    const { ready, deadlines } = this;
    const outer = { ...current };
    this.#turning = true;
    try {
      for (;;) {
        if (this.#left === 0) {
          if (turns-- <= 0) return;
          if (deadlines.size !== 0) {
            current.task = null; // what a timer does is nobody's doing
            deadlines.expire(this.now());
          }
          this.#left = ready.size;
          if (this.#left === 0) return;
        }
        while (this.#left > 0) {
          this.#left--;
          const next = ready.pick()!;
          this.#last = next;
          if (this.#watchUntil === -Infinity) next.step();
          else this.#timed(next);
          if (++this.#steps % STEPS_A_LOOK === 0 && turns === Infinity && this.now() >= until) return;
        }
      }
    } finally {
      this.#turning = false;
      Object.assign(current, outer, { defaultLoop: current.defaultLoop }); // it may be made in here
    }
  }
}

function runnableName(runnable: Runnable | null): string {
  return runnable === null ? "nobody" : ((runnable as { name?: string }).name ?? "a callback");
}

/** A monitor that throws is dropped: an observer cannot change what happens. */
function guarded(monitor: Monitor, loop: Loop): Monitor {
  const guard = new Proxy(monitor, {
    get(target, name: keyof Monitor) {
      const method: unknown = target[name];
      if (typeof method !== "function") return method;
      return (...args: unknown[]) => {
        if (loop.monitor !== guard) return;
        try {
          (method as (...args: unknown[]) => void).apply(target, args);
        } catch (error) {
          loop.monitor = null;
          loop.report({
            kind: "monitor-dropped",
            message: `A monitor threw: ${textOf(error)}`,
            task: undefined,
            error,
          });
        }
      };
    },
  });
  return guard;
}
