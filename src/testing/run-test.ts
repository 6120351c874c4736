/**
 * Runs a program as the body of a test: in virtual time, and strict where `run` is patient. What `run` would
 * clean up in silence, or print, fails the test; and a failure says what else is known: which real time the
 * program has touched, in which order it ran.
 */
import { DeadlockError, suppressedErrors, type Awaitable, type RunOptions } from "../index.ts";
import type { Host, Monitor, Report } from "../lowlevel.ts";
import { amend } from "./amend.ts";
import { Permits } from "./explore/permits.ts";
import { exploredTest, whatToExplore } from "./explored-test/explored-test.ts";
import { Findings, type Finding } from "./findings.ts";
import { clearAll, told } from "./left-timers.ts";
import { NotingLoop } from "./noting-loop.ts";
import { schedulerOf, seedOf, type OrderOptions } from "./order.ts";
import { breath } from "./macrotask.ts";
import { PromiseWaits } from "./promise-waits.ts";
import { Random } from "./random.ts";
import { clearRealTimeout, realNow, realTimeout } from "./real-time.ts";
import { textOf } from "./text-of.ts";
import { Uncontrolled, type Replacements, type UncontrolledName } from "./uncontrolled.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** How a test is run. */
export interface RunTestOptions extends RunOptions, OrderOptions {
  /** The clock, for a test that looks at it or begins at another time; its own, from 0, unless given. */
  clock?: VirtualClock;
  /**
   * What does not fail this test: `["unfinished-task"]`, `["host-work"]`, `["call-later"]`, `["real-timer"]`,
   * `["lost-permit"]`, or a kind of report; nothing unless given.
   */
  allow?: readonly Finding[];
  /** Whether touching real time (`setTimeout`, `Date.now`, …) fails the test, even where it does no harm. */
  strict?: boolean;
  /**
   * For how long promises may be silent, in real milliseconds, until virtual time goes on without them: 200 unless
   * given. 0: at once; `Infinity`: time stands still until they have settled.
   */
  patience?: number;
  /** How long the test may take, in real milliseconds: 4000 unless given, which test runners allow, too. */
  realTimeout?: number;
}

/** Of what is not controlled, what has to do with time. */
const REAL_TIME: readonly UncontrolledName[] = [
  "setTimeout",
  "setInterval",
  "AbortSignal.timeout",
  "Date.now",
  "new Date",
  "performance.now",
];

const READY_AGAIN = "is ready to run, again and again: virtual time passes when every task waits";

/**
 * Runs a program as the body of a test, in virtual time: sleeps take none, and every run is the same. Time goes on
 * when every task waits; while promises are under way outside, it stands still, for as long as `patience` says.
 * Give what it returns to the test runner.
 *
 * @throws (rejects with) what `run` would; and, though main has ended well, an Error if it left a task unfinished, a promise
 * unsettled, a call to come later or a timer of the platform, if a permit was lost, or if something went wrong that nobody
 * else was told. RangeError if CEDE_SEED or `seed` is no seed.
 * @example
 * ```ts
 * import { test } from "node:test";
 * import { sleep, timeout } from "cede";
 * import { runTest } from "cede/testing";
 *
 * test("a slow answer is in time", () =>
 *   runTest(function* () {
 *     yield* timeout(5000, () => sleep(4999)); // takes no time
 *   }));
 *
 * await runTest(() => timeout(5000, () => sleep(5001))).catch((error: Error) => {
 *   console.log(error.message);
 * });
 * ```
 */
export async function runTest<T>(
  main: Awaitable<T> | (() => Awaitable<T>),
  options: RunTestOptions = {},
): Promise<T> {
  const asked = whatToExplore();
  if (asked !== undefined) return exploredTest(asked, main, options, () => runOnce(main, options));
  return runOnce(main, options);
}

async function runOnce<T>(main: Awaitable<T> | (() => Awaitable<T>), options: RunTestOptions): Promise<T> {
  const test = new Test(options);
  let result: T;
  try {
    result = await test.run(main);
  } catch (error) {
    throw test.failure(error);
  }
  const error = test.leftBehind();
  if (error !== null) throw test.failure(error);
  return result;
}

class Test {
  readonly #options: RunTestOptions;
  readonly #seed: number | undefined;
  readonly #findings: Findings;
  readonly #uncontrolled: Uncontrolled;
  readonly #loop: NotingLoop;
  readonly #promises = new PromiseWaits();
  readonly #permits = new Permits();
  readonly #clock: VirtualClock;
  /** Who waited for promises when virtual time went on without them; `null`: it has not. */
  #silent: Set<string> | null = null;
  readonly #limit: number;
  readonly #limitAt: number;
  #over: Error | null = null;
  /** Whether real time was told of already. */
  #told = false;

  constructor(options: RunTestOptions) {
    const {
      clock = new VirtualClock(),
      debug,
      allow = [],
      patience = 200,
      realTimeout: limit = 4000,
    } = options;
    for (const [name, ms] of Object.entries({ patience, realTimeout: limit })) {
      if (!(ms >= 0)) throw new RangeError(`Cannot run a test with a ${name} of ${ms} ms: it is 0 or more.`);
    }
    this.#options = options;
    this.#findings = new Findings(allow);
    this.#seed = seedOf(options);
    this.#uncontrolled = new Uncontrolled(chanceOf(this.#seed));
    this.#clock = clock;
    this.#limit = limit;
    this.#limitAt = realNow() + limit;
    this.#loop = new NotingLoop({
      host: this.#watched(clock),
      scheduler: schedulerOf(this.#seed, () => realNow() > this.#limitAt && this.#giveUp()),
      monitor: this.#monitor(),
      onReport: (report) => this.#hear(report),
      ...(debug !== undefined && { debug }),
    });
    const work = (): number => this.#loop.statistics.hostWork;
    clock.hold(work, patience, () => {
      this.#silent = new Set([...(this.#silent ?? []), ...this.#promises.unsettled]);
    });
  }

  async run<T>(main: Awaitable<T> | (() => Awaitable<T>)): Promise<T> {
    const { signal, shutdownTimeout, name, onReport } = this.#options;
    const timer = this.#limit === Infinity ? undefined : realTimeout(() => this.#giveUp(), this.#limit);
    try {
      const ended = this.#loop.runUntilComplete(main, {
        ...(signal && { signal }),
        ...(shutdownTimeout !== undefined && { shutdownTimeout }),
        ...(name !== undefined && { name }),
        ...(onReport && {
          onReport: (report) => {
            this.#findings.hear(report);
            onReport(report);
          },
        }),
      });
      return await ended;
    } catch (error) {
      throw this.#over ?? error;
    } finally {
      clearRealTimeout(timer);
      void this.#loop.close(); // what `callLater` was to call is not called in another test
      for (let i = 0; i < 2; i++) await breath(); // what has settled is heard of
      this.#clock.hold(() => 0, 0);
      this.#findings.close();
    }
  }

  /** Main has ended well: what did it leave? */
  leftBehind(): Error | null {
    const { lines } = this.#findings;
    this.#findUnderWay();
    if (this.#options.strict) lines.push(...this.#realTime());
    this.#told = this.#options.strict === true;
    const error = this.#findings.error();
    lines.length = 0;
    return error;
  }

  #findUnderWay(): void {
    const findings = this.#findings;
    if (this.#loop.statistics.hostWork > 0) findings.ofHostWork(this.#promises.unsettled);
    if (!findings.allows("lost-permit")) findings.ofLostPermits(this.#permits.lost());
    for (const line of this.#loop.callsToCome) findings.add("call-later", line);
    if (findings.allows("real-timer")) return;
    const { leftTimers } = this.#uncontrolled;
    for (const timer of leftTimers) findings.add("real-timer", told(timer));
    clearAll(leftTimers);
  }

  /** The error of the test, which says what else is known. */
  failure(error: unknown): unknown {
    const lines = this.#findings.lines.map((line) => `Beside it: ${line}`);
    for (const later of suppressedErrors(error))
      lines.push(`Beside it there was a later error: ${textOf(later)}`);
    if (error instanceof DeadlockError) {
      for (const by of this.#promises.unsettled) lines.push(`Not settled: the promise awaited by ${by}.`);
    }
    if (this.#silent !== null) {
      const by = [...this.#silent].map((waiter) => ` Awaited by ${waiter}.`);
      lines.push(
        "Virtual time went on while promises were under way, which were silent for so long; `patience` gives " +
          `them more.${by.join("")}`,
      );
    }
    if (!this.#told) lines.push(...this.#realTime());
    if (this.#seed !== undefined) {
      lines.push(`Shuffled with seed ${this.#seed}: CEDE_SEED=${this.#seed} runs it again in this order.`);
    }
    if (lines.length > 0 && !amend(error, lines)) console.warn(`cede: ${lines.join("\n")}`);
    return error;
  }

  #realTime(): string[] {
    const { seen } = this.#uncontrolled;
    return REAL_TIME.filter((name) => seen.has(name)).map(
      (name) => `${seen.get(name)} used ${name}, which is real time: the virtual clock does not know of it.`,
    );
  }

  #hear(report: Report): void {
    if (this.#findings.hear(report)) console.warn(`cede: ${report.message}`);
  }

  /** What the program does is done in what the host calls. */
  #watched(clock: VirtualClock): Host {
    const within = (callback: () => void) => () => this.#uncontrolled.within(callback);
    return {
      now: () => clock.now(),
      soon: (callback) => clock.soon(within(callback)),
      later: (callback) => clock.later(within(callback)),
      wakeAt: (at, callback) => clock.wakeAt(at, within(callback)),
      onExhausted: (callback) => clock.onExhausted(callback),
    };
  }

  #monitor(): Monitor {
    const permits = this.#permits;
    const tasks = this.#findings.ofUnfinishedTasks(() => this.#loop);
    return {
      spawn: (task, by) => {
        permits.spawn(task, by);
        tasks.spawn!(task, by);
      },
      wait: (task, wait) => {
        permits.wait(task, wait);
        this.#promises.wait(task, wait);
      },
      wake: (task) => permits.wake(task),
      cancel: (task, phase, cancellation) => {
        permits.cancel(task, phase);
        tasks.cancel!(task, phase, cancellation);
      },
      done: (task, outcome) => {
        permits.done(task);
        tasks.done!(task, outcome);
      },
      resource: (...event) => permits.resource(...event),
    };
  }

  /** Its real time is over: a test runner could say no more than that. */
  #giveUp(): void {
    if (this.#over !== null) return;
    const tasks = this.#loop.tasks().map(({ id, name, waitingFor }) => {
      const where = this.#promises.placeOf(id);
      return `  ${name} ${waitingFor === undefined ? READY_AGAIN : `waits for ${waitingFor}${where}`}`;
    });
    this.#over = new Error(
      `Cannot end within ${this.#limit} ms of real time; it is ${this.#clock.now()} ms in virtual time.\n` +
        `${tasks.join("\n")}\n\`realTimeout\` gives the test more.`,
    );
    void this.#loop.stop(this.#over);
  }
}

/** A seed decides what the program draws, too; it takes nothing from the order, so that one seed is one order. */
function chanceOf(seed: number | undefined): Replacements {
  if (seed === undefined) return {};
  const random = new Random(seed);
  return { "Math.random": () => random.next() };
}
