/**
 * A run: the root of a tree of tasks. It has a main task, or ends when no task is left. It owns what is
 * created outside every group, hears of failures that nobody observes, and ends only when everything in it
 * has ended: what is left when main ends is cancelled and cleaned up, within `shutdownTimeout`.
 */
import type { Awaitable, Body } from "./awaitable.ts";
import { below, cancelTree, type CancelNode } from "./cancel.ts";
import { AfterReady } from "./callback.ts";
import { current, type LoopPort, type Root } from "./current.ts";
import type { Timer } from "./deadlines.ts";
import { NONE, primaryOf } from "./exit.ts";
import { errorsOnTheirWay } from "./frame.ts";
import type { Cancellation } from "./monitor.ts";
import { asked } from "./scope.ts";
import { cleaned } from "./story.ts";
import { Task, type TaskOptions } from "./task.ts";
import { reportUnawaited } from "./unawaited.ts";

/** How long the cleanup of a whole run may take, in milliseconds, unless it is told otherwise. */
const SHUTDOWN_TIMEOUT = 10_000;

/** What may be said of a run. */
export interface RunLimits {
  readonly shutdownTimeout?: number | undefined;
  readonly debug?: boolean | undefined;
}

/** How a run has ended. */
export type RunOutcome<T> =
  | { readonly kind: "result"; readonly value: T }
  | { readonly kind: "error"; readonly error: unknown }
  /** Main was cancelled, and nothing failed; the error is what its awaiter would be thrown. */
  | { readonly kind: "cancelled"; readonly error: unknown };

export class Run<T> implements Root, Timer {
  readonly loop: LoopPort;
  readonly #shutdownTimeout: number;
  readonly #onEnd: () => void;
  main: Task<T> | null = null;
  /** The first error, of main or one that is nobody's: then the run fails with it. */
  #error: unknown = NONE;
  /** Those that were on their way in main when the first error came that is nobody's: main may end with one of them. */
  #earlier: ReadonlySet<unknown> | null = null;
  #ended = false;
  /** How many tasks have failed that nobody has observed so far. */
  #failures = 0;
  outer: CancelNode | null = null;
  firstChild: CancelNode | null = null;
  nextSibling: CancelNode | null = null;
  previousSibling: CancelNode | null = null;
  cancellation: Cancellation | null = null;
  target: CancelNode | null = null;
  readonly debug: boolean;
  readonly shield: boolean = false;
  readonly isTask = false;
  at = 0;
  order = 0;
  slot = -1;

  constructor(loop: LoopPort, onEnd: () => void, options: RunLimits = {}) {
    const { shutdownTimeout = SHUTDOWN_TIMEOUT, debug = false } = options;
    this.loop = loop;
    this.debug = debug;
    if (debug) current.debug = true;
    this.#onEnd = onEnd;
    this.#shutdownTimeout = shutdownTimeout;
  }

  /** Creates the main task: the run ends when it does. */
  start(main: Awaitable<T> | Body<T>, name = "main"): void {
    this.main = new Task(main, this, this, { name });
    this.main.observed = true; // the run itself looks
  }

  createTask<U>(source: Awaitable<U> | Body<U>, options?: TaskOptions): Task<U> {
    return new Task(source, this, this, options);
  }

  get whole(): Root {
    return this;
  }

  get isEmpty(): boolean {
    return this.firstChild === null;
  }

  get deadline(): number {
    return this.slot >= 0 ? this.at : Infinity;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Cancels main; where there is none, everything. The run then ends by itself, within its bound. */
  cancel(reason: unknown): void {
    if (this.main === null || this.main.done) {
      this.shutDown(reason);
    } else {
      void this.main.cancel(reason);
      this.#bound();
    }
  }

  /** Whether main, or everything, is being cancelled. */
  get ending(): boolean {
    return this.cancellation !== null || (this.main !== null && this.main.cancellation !== null);
  }

  fail(error: unknown, earlier: ReadonlySet<unknown> | null = this.#onTheirWay()): void {
    if (this.#ended) return;
    if (this.#error === NONE) this.#earlier = earlier;
    this.#keep(error);
    this.cancel(error);
  }

  /** The first error is the run's, unless a later one is an escape. */
  #keep(error: unknown): void {
    if (this.#error === NONE) this.#error = error;
    else if (this.#earlier?.has(error)) this.#error = primaryOf(error, this.#error, this.loop, this);
    else this.#error = primaryOf(this.#error, error, this.loop, this);
  }

  /** The errors that may become main's. */
  #onTheirWay(): ReadonlySet<unknown> | null {
    return this.main === null ? null : errorsOnTheirWay(this.main);
  }

  /** Cancels all that is left; the run ends when it has. */
  shutDown(reason: unknown): void {
    if (this.cancellation !== null) return;
    const cancellation = asked(reason, { loop: this.loop, root: this });
    // That main has ended was asked for nowhere.
    cancelTree(this, this.main?.done ? { ...cancellation, place: undefined } : cancellation);
    this.#bound();
  }

  /** From the first cancellation on. */
  #bound(atLeast = 0): void {
    if (this.slot >= 0 || this.#shutdownTimeout === Infinity || this.isEmpty) return;
    this.loop.deadlines.set(this, this.loop.now() + Math.max(this.#shutdownTimeout, atLeast));
    this.loop.lookAgain();
  }

  marked(): void {}

  /** The time for shutting down is over. */
  get cancels(): boolean {
    return true;
  }

  expire(): void {
    this.shutDown(undefined);
    this.abandon("exceeded its bound");
    this.#bound(1); // what was told to return may have created tasks
  }

  /** Ends whatever is left, without waiting for its cleanup. `why` ends a sentence that begins with "The cleanup". */
  abandon(why: string): void {
    for (const task of innermostFirst(this)) task.abandon(why);
  }

  childEnded(child: CancelNode): void {
    const task = child as Task<unknown>;
    if (task.failed && !task.observed) this.#nobodyLooked(task);
    if (task === this.main) {
      if (task.failed) this.#keep(task.error());
      this.shutDown(undefined);
    }
    this.#endIfEmpty();
  }

  /** Nothing is left of it, and whoever could still look at a failure has had the time. */
  #endIfEmpty(): void {
    if (this.#ended || !this.isEmpty || this.#failures > 0) return;
    if (this.main !== null && !this.main.done) return;
    this.#ended = true;
    if (current.recording) reportUnawaited(this);
    this.loop.deadlines.clear(this);
    this.#onEnd();
  }

  outcome(): RunOutcome<T> {
    const { main } = this;
    if (this.#error !== NONE) return { kind: "error", error: cleaned(this.#error) };
    if (main === null) return { kind: "result", value: undefined as T };
    return main.succeeded
      ? { kind: "result", value: main.result() }
      : { kind: "cancelled", error: main.error() };
  }

  /** The observer may be a task that is ready now, of any run, and has not got so far: each gets one step. */
  #nobodyLooked(task: Task<unknown>): void {
    this.#failures++;
    const earlier = this.#onTheirWay();
    const look = (): void => {
      this.#failures--;
      if (!task.observed) this.fail(task.error(), earlier);
      this.#endIfEmpty();
    };
    this.loop.enqueue(new AfterReady(this.loop, look));
  }
}

/** The tasks of a run that have not ended, in the order of their creation. */
export function tasksOf(run: CancelNode): Task<unknown>[] {
  const tasks: Task<unknown>[] = [];
  for (const node of below(run, () => false)) if (node instanceof Task) tasks.push(node);
  return tasks;
}

/**
 * The same, but whoever waits for tasks of its own comes after them: what they use is not released before. What is itself
 * used comes not at all: whoever uses it lets go of it when its frames are left.
 */
export function innermostFirst(run: CancelNode): Task<unknown>[] {
  const tasks: Task<unknown>[] = [];
  let node = innermost(run);
  while (node !== run) {
    if (node instanceof Task) tasks.push(node);
    node = node.nextSibling === null ? node.outer! : innermost(node.nextSibling);
  }
  return tasks;
}

function innermost(node: CancelNode): CancelNode {
  while (node.firstChild !== null && !node.used) node = node.firstChild;
  return node;
}
