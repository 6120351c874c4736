/** The event loop that programs see: a thin face of the kernel's loop and its host. */
import { asyncContexts } from "../interop/async-context.ts";
import { standardHost } from "../host/standard.ts";
import { onExhausted } from "../host/exhausted.ts";
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { Callback } from "../kernel/callback.ts";
import { current, type LoopPort, type Root } from "../kernel/current.ts";
import { Drive } from "../kernel/drive.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { Future } from "../kernel/future.ts";
import type { Host } from "../kernel/host.ts";
import { Loop } from "../kernel/loop.ts";
import type { Monitor, Report } from "../kernel/monitor.ts";
import type { Scheduler } from "../kernel/ready.ts";
import { Run, tasksOf } from "../kernel/run.ts";
import { checkDelay, checkTime } from "../kernel/sleep.ts";
import { Task, type TaskOptions } from "../kernel/task.ts";
import { recordCalls } from "../kernel/unawaited.ts";
import { CallTimer } from "./call-timer.ts";
import { deadlock } from "./deadlock.ts";
import { debugByEnvironment } from "./debug-mode.ts";
import { printReport } from "./print-report.ts";
import { withResolvers } from "./with-resolvers.ts";

/** What a loop stands on, and who hears of it. */
export interface EventLoopOptions {
  /** What the loop lives in: the platform, unless given; a `VirtualClock` in tests. */
  host?: Host;
  /** Who runs next: first in, first out, unless given. */
  scheduler?: Scheduler;
  /** Hears what happens. */
  monitor?: Monitor;
  /**
   * Debug mode: errors and reports say, with file and line, where coroutines were called, tasks created, scopes
   * entered, cancellations asked. On if `CEDE_DEBUG` is set in the environment, unless given.
   */
  debug?: boolean;
  /** Hears what no caller can be told; by default it is printed with `console.warn`. */
  onReport?: (report: Report) => void;
}

/** How one run is called, cancelled and shut down. */
export interface RunOptions {
  /**
   * Cancels the run; its promise then rejects with `signal.reason`, after the cleanup; with an error, if one was on its
   * way already, or comes of the cleanup.
   */
  signal?: AbortSignal;
  /** How long the cleanup may take when the run ends, in milliseconds: 10,000 unless given. */
  shutdownTimeout?: number;
  /** What the main task is called; "main" unless given. */
  name?: string;
  /** Debug mode for this run: see `EventLoopOptions.debug`. As its loop, unless given. */
  debug?: boolean;
  /** Hears what no caller can be told of this run; otherwise its loop's `onReport` does. What it throws fails the run. */
  onReport?: (report: Report) => void;
}

/** Takes back a `callSoon`, `callLater` or `callAt`. */
export interface CallHandle {
  cancel(): void;
}

/** A loop, in numbers. */
export interface LoopStatistics {
  /** Tasks and callbacks that are ready to run. */
  readonly ready: number;
  /** Deadlines that are set: sleeps, timeouts, calls. */
  readonly deadlines: number;
  /** Tasks that wait for something that only the outside can end. */
  readonly external: number;
  /** Promises given to `until` and `call` that have not settled, whether or not a task still waits for them. */
  readonly hostWork: number;
}

if (debugByEnvironment()) recordCalls(); // before the program marks its coroutines

/** Known by its own loop, not by a map of all: that one would make garbage collection dear where loops are many. */
class FacedLoop extends Loop {
  facade: EventLoop | null = null;
}

/**
 * A loop of your own. Programs need none: `run` uses the default one. Make another for tests (with a
 * `VirtualClock`), or to keep two programs apart.
 *
 * @example
 * ```ts
 * import { EventLoop, sleep } from "cede";
 *
 * const loop = new EventLoop();
 * loop.createTask(function* () {
 *   yield* sleep(5);
 *   console.log("done"); // prints: done
 * });
 * await loop.runUntilComplete();
 * ```
 */
export class EventLoop {
  readonly #loop: FacedLoop;
  readonly #host: Host;
  readonly #debug: boolean;
  /** What runs in it, in the order it was started, and who hears of it, if not the loop's own listener. */
  readonly #runs = new Map<Root, Listener | undefined>();
  /** The run of what is created outside every run. */
  #base: Base | null = null;
  /** What is to be called when nothing runs. */
  readonly #empty: (() => void)[] = [];
  #closed = false;
  #stopListening: (() => void) | null = null;

  constructor(options: EventLoopOptions = {}) {
    const host = options.host ?? standardHost();
    this.#host = host;
    this.#debug = options.debug ?? debugByEnvironment();
    this.#loop = new FacedLoop({
      now: () => host.now(),
      wake: () => drive.wake(),
      contexts: asyncContexts(),
      callbackFailed: (error, root) => this.#callbackFailed(error, root),
      report: (report, root) => this.#tell(report, root) || (options.onReport ?? printReport)(report),
      ...(options.scheduler && { scheduler: options.scheduler }),
      ...(options.monitor && { monitor: options.monitor }),
    });
    const drive = new Drive(this.#loop, host, () => this.#idle());
    this.#loop.facade = this;
  }

  /**
   * Runs a program in a loop of its own, as `run` does in the default one.
   *
   * @example
   * ```ts
   * import { EventLoop, sleep } from "cede";
   *
   * await EventLoop.run(function* () {
   *   yield* sleep(5);
   * });
   * ```
   */
  static run<T>(main: Awaitable<T> | Body<T>, options: EventLoopOptions & RunOptions = {}): Promise<T> {
    return new EventLoop(options).runUntilComplete(main, options);
  }

  /** Milliseconds of the loop's clock, which never goes back. */
  time(): number {
    return this.#host.now();
  }

  /**
   * Creates a task: of the run that is running now, or, outside, of the loop itself. It starts in the next
   * turn.
   *
   * @throws InvalidStateError if the loop is closed.
   */
  createTask<T>(source: Awaitable<T> | Body<T>, options?: TaskOptions): Task<T> {
    const { task } = current;
    if (task !== null && task.loop === this.#loop) return new Task(source, task.root, task.root, options);
    this.#refuseIfClosed("create a task");
    return this.#ensureBase().createTask(source, options);
  }

  /**
   * Calls a job of an executor by its name, in a task of its own: `executor` is what `inline`, `threads` or `cluster` of
   * cede/executors gave. Where the job is awaited at once, `yield* jobs.name(...args)` is shorter.
   *
   * @throws TypeError if it is no executor; InvalidStateError if the loop is closed. The task throws what the job does.
   * @example
   * ```ts
   * import { run, runningLoop } from "cede";
   * import { inline } from "cede/executors";
   *
   * await run(function* () {
   *   const jobs = yield* inline({ add: (a: number, b: number) => a + b });
   *   const sum = runningLoop().runInExecutor(jobs, "add", 1, 2);
   *   console.log(yield* sum); // prints: 3
   * });
   * ```
   */
  runInExecutor<J extends object, Name extends keyof J & string>(
    executor: J,
    name: Name,
    ...args: J[Name] extends (...args: infer A) => unknown ? A : never
  ): Task<J[Name] extends (...args: never[]) => Awaitable<infer T> ? T : never> {
    const job = executor?.[name] as unknown;
    if (typeof job !== "function")
      throw new TypeError(`Cannot run ${name} in an executor: this has no such job.`);
    return this.createTask(() => job(...args) as Awaitable<never>, { name });
  }

  /**
   * Runs `main` to its end, as `run` does; without it, until no task is left that `createTask` made outside
   * every run. Returns before any of it runs.
   */
  runUntilComplete(): Promise<void>;
  runUntilComplete<T>(main: Awaitable<T> | Body<T>, options?: RunOptions): Promise<T>;
  runUntilComplete<T>(main?: Awaitable<T> | Body<T>, options: RunOptions = {}): Promise<T | void> {
    this.#refuseIfClosed("run");
    // A `main` that is `undefined` by mistake must not pass for none.
    if (arguments.length > 0) return this.#run(main!, options);
    if (this.#base === null) return Promise.resolve();
    this.#base.awaited = true;
    return this.#base.promise;
  }

  /** Cancels everything that runs. The promise is resolved when all of it has cleaned up. */
  stop(reason?: unknown): Promise<void> {
    const { promise, resolve } = withResolvers<void>();
    this.#whenEmpty(resolve);
    for (const run of this.#running) run.cancel(reason);
    return promise;
  }

  /** Stops; then the loop takes nothing new, and what `callLater` and `callAt` were to call is not called. */
  close(): Promise<void> {
    this.#closed = true;
    this.#whenEmpty(() => {
      // Not before: cleanup may have waited for them. Of tasks, no deadline is left.
      this.#loop.deadlines.clearAll();
      this.#loop.lookAgain();
    });
    return this.stop();
  }

  /** Calls `callback` in the next turn. What it throws fails the loop's runs. */
  callSoon(callback: () => void): CallHandle {
    this.#refuseIfClosed("call back");
    const call = new Callback(this.#loop, callback);
    this.#loop.enqueue(call);
    return call;
  }

  /**
   * Calls `callback` after `ms` milliseconds.
   *
   * @throws RangeError if `ms` is negative or not a number.
   */
  callLater(ms: number, callback: () => void): CallHandle {
    checkDelay("call after", ms);
    return this.callAt(this.time() + ms, callback);
  }

  /**
   * Calls `callback` when `time()` is `at`.
   *
   * @throws RangeError if `at` is not a number.
   */
  callAt(at: number, callback: () => void): CallHandle {
    checkTime("call at", at);
    this.#refuseIfClosed("call back");
    const timer = new CallTimer(this.#loop, callback);
    this.#loop.deadlines.set(timer, at);
    this.#loop.lookAgain();
    return timer;
  }

  /** A future whose callbacks run in this loop. `name` is what messages call it. */
  createFuture<T>(name?: string): Future<T> {
    return new Future<T>(name, this.#loop);
  }

  /** The tasks that have not ended, in the order of their creation within each run. */
  tasks(): Task<unknown>[] {
    return this.#running.flatMap(tasksOf);
  }

  /** How many are ready, how many deadlines are set, how many tasks wait for the outside. */
  get statistics(): LoopStatistics {
    const { ready, deadlines, externals, hostWork } = this.#loop;
    return { ready: ready.size, deadlines: deadlines.size, external: externals, hostWork };
  }

  /** @internal */
  get port(): LoopPort {
    return this.#loop;
  }

  #run<T>(
    main: Awaitable<T> | Body<T>,
    { signal, shutdownTimeout, name, debug = this.#debug, onReport }: RunOptions,
  ): Promise<T> {
    const { promise, resolve, reject } = withResolvers<T>();
    const onAbort = (): void => run.cancel(signal!.reason);
    const onEnd = (): void => {
      signal?.removeEventListener("abort", onAbort);
      this.#remove(run);
      const outcome = run.outcome();
      if (outcome.kind === "result") resolve(outcome.value);
      else reject(outcome.kind === "cancelled" && signal?.aborted ? signal.reason : outcome.error);
    };
    const run = new Run<T>(this.#loop, onEnd, { shutdownTimeout, debug });
    try {
      if (shutdownTimeout !== undefined) checkDelay("shut down within", shutdownTimeout);
      run.start(main, name);
    } catch (error) {
      reject(error);
      return promise;
    }
    this.#add(run, onReport);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  }

  #ensureBase(): Run<void> {
    if (this.#base !== null) return this.#base.run;
    const { promise, resolve, reject } = withResolvers<void>();
    const onEnd = (): void => {
      this.#base = null;
      this.#remove(run);
      const outcome = run.outcome();
      if (outcome.kind === "result") resolve();
      else if (base.awaited) reject(outcome.error);
      else uncaught(outcome.error);
    };
    const run = new Run<void>(this.#loop, onEnd, { debug: this.#debug });
    const base = (this.#base = { run, promise, awaited: false });
    this.#add(run);
    return run;
  }

  get #running(): Run<never>[] {
    return [...this.#runs.keys()] as Run<never>[];
  }

  #add(run: Root, listener?: Listener): void {
    this.#runs.set(run, listener);
    if (this.#runs.size > 1) return;
    const onEnd = (): boolean => this.#exhausted();
    const stop = [onExhausted(onEnd), this.#host.onExhausted?.(onEnd)];
    this.#stopListening = () => stop.forEach((stopOne) => stopOne?.());
  }

  #remove(run: Root): void {
    this.#runs.delete(run);
    if (this.#runs.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = null;
    for (const call of this.#empty.splice(0)) call();
  }

  #whenEmpty(call: () => void): void {
    if (this.#runs.size === 0) call();
    else this.#empty.push(call);
  }

  /** Nobody is ready and no deadline is set. If no wait is for the outside either, nothing can go on. */
  #idle(): void {
    if (this.#loop.externals === 0) this.#exhausted();
  }

  /** Whether there was somebody to tell. */
  #exhausted(): boolean {
    if (this.#runs.size === 0 || !this.#loop.isIdle) return false;
    deadlock(this.#running);
    return true;
  }

  /** Tells the listener of a run, if it has one; of what is nobody's, that of the only run. */
  #tell(report: Report, root: Root | null): boolean {
    const [run, other] = root === null ? this.#running : [root.whole];
    const listener = this.#runs.get(run);
    if (listener === undefined || other !== undefined) return false;
    try {
      listener(report);
    } catch (error) {
      this.#runs.set(run, undefined); // as a monitor that throws
      run.fail(error);
    }
    return true;
  }

  /** Nobody else can be told: the error fails the run that the callback is of, otherwise whatever runs. */
  #callbackFailed(error: unknown, root: Root | null): void {
    const runs = root !== null && this.#runs.has(root.whole) ? [root] : this.#running;
    for (const run of runs) run.fail(error);
    if (runs.length === 0) uncaught(error);
  }

  #refuseIfClosed(what: string): void {
    if (this.#closed)
      throw new InvalidStateError(`Cannot ${what}: the loop is closed. Make a new EventLoop.`);
  }
}

type Listener = (report: Report) => void;

interface Base {
  readonly run: Run<void>;
  readonly promise: Promise<void>;
  /** Whether somebody has asked for its end. */
  awaited: boolean;
}

/** As an error that nobody caught: the platform decides what that means. */
function uncaught(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}

/**
 * The loop of the task that runs.
 *
 * @throws InvalidStateError outside every task, and in a `runSync`.
 * @example
 * ```ts
 * import { run, runningLoop, sleep } from "cede";
 *
 * await run(function* () {
 *   const start = runningLoop().time(); // in milliseconds
 *   yield* sleep(10);
 *   console.log(runningLoop().time() - start >= 10); // prints: true
 * });
 * ```
 */
export function runningLoop(): EventLoop {
  const { task } = current;
  if (task === null) {
    throw new InvalidStateError(
      "Cannot tell the running loop: no task is running here. Ask inside a coroutine, or keep the loop that " +
        "you made.",
    );
  }
  const loop = task.loop instanceof FacedLoop ? task.loop.facade : null;
  if (loop === null) {
    throw new InvalidStateError(
      `Cannot tell the running loop: ${task.name} runs in a runSync, which has none that could be used. ` +
        "Write `await run(…)` instead of `runSync`.",
    );
  }
  return loop;
}

let standard: EventLoop | null = null;

/** The one loop that `run` and `toAsync` share, so that their programs may share primitives. @internal */
export function defaultLoop(): EventLoop {
  if (standard === null) {
    standard = new EventLoop();
    current.defaultLoop = standard.port;
  }
  return standard;
}
