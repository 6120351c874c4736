/**
 * The loop: turns. A turn expires what is due, then gives one step to each that was ready when it began,
 * in the order that the scheduler answers. It refuses to know what a host is: `Drive` joins the two.
 */
import { Circles } from "./circles.ts";
import { outermost } from "./context.ts";
import { current, setAside, type LoopPort, type Parked, type Root, type Runner } from "./current.ts";
import { Deadlines } from "./deadlines.ts";
import { textOf } from "./errors.ts";
import type { HostContexts } from "./host.ts";
import type { Monitor, Report } from "./monitor.ts";
import { Pace } from "./pace.ts";
import { FirstInFirstOut, type Runnable, type Scheduler } from "./ready.ts";
import { forgetThrown } from "./story.ts";

export interface LoopOptions {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Something became ready while the loop did not turn. */
  wake(): void;
  scheduler?: Scheduler;
  contexts?: HostContexts | null;
  monitor?: Monitor | null;
  /** Hears every report, beside the monitor, and of which run it is; `null`: of none. */
  report?(report: Report, root: Root | null): void;
  /** A callback of the host's or of the program's threw. */
  callbackFailed(error: unknown, root: Root | null): void;
}

export class Loop implements LoopPort {
  readonly deadlines: Deadlines;
  readonly contexts: HostContexts | null;
  readonly ready: Scheduler;
  readonly now: () => number;
  readonly tie: ((count: number) => number) | undefined;
  readonly callbackFailed: LoopPort["callbackFailed"];
  monitor: Monitor | null;
  externals = 0;
  hostWork = 0;
  created = 0;
  readonly whenParked: LoopPort["whenParked"] = new Set();
  readonly signals: LoopPort["signals"] = new Set();
  readonly #circles = new Circles((runnable) => this.enqueue(runnable));
  readonly #wake: () => void;
  #report: LoopOptions["report"];
  #turning = false;
  /** How many of this turn have not had their step. */
  #left = 0;
  readonly #pace: Pace;

  constructor(options: LoopOptions) {
    const ready: Scheduler = options.scheduler ?? new FirstInFirstOut();
    this.ready = ready;
    this.tie = ready.tie && ((count) => ready.tie!(count));
    this.deadlines = new Deadlines(this.tie);
    this.monitor = options.monitor ? guarded(options.monitor, this) : null;
    this.contexts = options.contexts ?? null;
    this.now = options.now;
    this.callbackFailed = options.callbackFailed;
    this.#wake = options.wake;
    this.#report = options.report;
    this.#pace = new Pace((report) => this.report(report));
  }

  enqueue(runnable: Runnable): void {
    this.ready.push(runnable);
    if (!this.#turning) this.#wake();
  }

  report(report: Report, root: Root | null = current.task?.root ?? null): void {
    this.monitor?.report?.(report);
    try {
      this.#report?.(report, root);
    } catch (error) {
      this.#report = undefined; // dropped, as a monitor would be; but this is the last one who could be told
      this.callbackFailed(error, null);
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

  suspect(task: Runner, wait: Parked): void {
    this.#circles.suspect(task, wait);
  }

  /** One turn, whole. */
  turn(): void {
    this.#left = 0;
    this.run(this.now(), Infinity, true);
  }

  /**
   * Turns until nobody is ready, or the time is `until`, or, if it is to turn `once`, the turn is over. It
   * looks at the clock every few steps, and may then stop in the middle of a turn, which the next call goes
   * on with.
   */
  run(now: number, until: number, once: boolean = false): void {
    const { ready, deadlines } = this;
    const pace = this.#pace;
    const restore = current.task === null ? null : setAside();
    const { context, monitor } = current;
    current.context = outermost(this.contexts);
    current.monitor = this.monitor;
    let left = this.#left;
    let steps = 0;
    let turned = false;
    let last: Runnable | null = null;
    this.#turning = true;
    pace.begin(now);
    try {
      for (;;) {
        if (left === 0) {
          if (turned) break;
          turned = once;
          if (deadlines.size !== 0 && deadlines.next <= (now = this.now())) {
            if (steps > 0) pace.look(now, steps, last!);
            steps = 0;
            current.task = null; // what a timer does is nobody's doing
            deadlines.expire(now);
            pace.expired(this.now());
          }
          left = ready.size;
          if (left === 0 && (left = this.#allParked()) === 0) break;
        }
        left--;
        last = ready.pick()!;
        if (last.step()) ready.push(last);
        if (++steps < pace.stride) continue;
        now = this.now();
        pace.look(now, steps, last);
        steps = 0;
        if (now >= until && (ready.size > 0 || this.whenParked.size === 0)) break;
      }
    } finally {
      this.#left = left;
      this.#turning = false;
      forgetThrown();
      current.context = context;
      current.monitor = monitor;
      if (restore === null) current.task = null;
      else restore();
    }
    if (steps > 0) pace.look(this.now(), steps, last!);
  }

  /** Nobody is ready, nothing is due. Ends the waits for that, and tells how many are ready now. */
  #allParked(): number {
    current.task = null;
    for (const wait of this.whenParked) wait.complete();
    this.whenParked.clear();
    return this.ready.size;
  }
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
