/**
 * Results as they come. What `asCompleted` starts belongs to the frame that calls it: leaving the loop
 * early cancels what is left, and leaving the frame awaits its cleanup.
 */
import { Lazy, type Awaitable } from "../kernel/awaitable.ts";
import type { CancelNode } from "../kernel/cancel.ts";
import { current, type Runner } from "../kernel/current.ts";
import { InvalidStateError, textOf } from "../kernel/errors.ts";
import { failWith, giveWay, NONE, type Leaving } from "../kernel/exit.ts";
import { Outcome, type Waiter } from "../kernel/future.ts";
import { Link, LinkedList } from "../kernel/list.ts";
import { outside } from "../kernel/misuse.ts";
import { report } from "../kernel/report.ts";
import type { Task } from "../kernel/task.ts";
import { handedOver } from "../kernel/unawaited.ts";
import { Wait, type Subject } from "../kernel/wait.ts";
import { boundCleanup, checkCleanupTimeout, type ScopeOptions } from "../structure/cleanup-timeout.ts";
import { TaskScope } from "../structure/task-scope.ts";
import { checkConcurrency, itemsOf, type ResultOf, type Startable } from "./items.ts";

/** How `asCompleted` starts its items, and how what is left of them may clean up. */
export interface AsCompletedOptions extends ScopeOptions {
  /** How many of the items that are started run at once, at most: a whole number from 1, or `Infinity`, which is the default. */
  concurrency?: number;
}

/**
 * Starts the items and gives, one by one, something to await: each ends with the result of the next item
 * that completes, or throws its error. Coroutines and functions are started as tasks, at once or, with a
 * `concurrency`, as many at a time; tasks and futures that were passed in are only awaited.
 *
 * @throws InvalidStateError outside every task; RangeError if `concurrency` is no whole number from 1, nor
 * `Infinity`, or if `cleanupTimeout` is negative or not a number.
 * @example
 * ```ts
 * import { asCompleted, coroutine, run, sleep } from "cede";
 *
 * const after = coroutine(function* after(ms: number) {
 *   yield* sleep(ms);
 *   return ms;
 * });
 * await run(function* () {
 *   for (const next of asCompleted([after(20), after(10)])) console.log(yield* next);
 *   // prints: 10
 *   // prints: 20
 * });
 * ```
 */
export function asCompleted<S extends Startable<unknown>>(
  items: Iterable<S>,
  { concurrency = Infinity, ...options }: AsCompletedOptions = {},
): IterableIterator<Awaitable<ResultOf<S>>, undefined> {
  checkConcurrency("await, as completed,", concurrency);
  checkCleanupTimeout(options);
  const task = current.task;
  if (task === null) throw outside("what is completed next");
  return new Completions<ResultOf<S>>(
    itemsOf("await, as completed,", items) as Startable<ResultOf<S>>[],
    concurrency,
    task,
    options,
  );
}

class Completions<T> extends TaskScope implements IterableIterator<Awaitable<T>, undefined> {
  readonly #total: number;
  /** Whether something outside the loop may complete one that was passed in. */
  readonly external: boolean;
  #handedOut = 0;
  #taken = 0;
  /** Those that have ended and that nobody has taken, in the order of their ends. */
  readonly #completed: LinkedList<Awaited<T>> = new LinkedList();
  readonly #waiting: LinkedList<NextCompletion<T>> = new LinkedList();
  /** The tasks and futures that were passed in. */
  readonly #passedIn: Awaited<T>[] = [];
  /** Those that are still to be started, the next one last. */
  readonly #toStart: Startable<T>[];
  readonly #concurrency: number;
  /** Whether the call that made it is over. */
  #begun = false;
  readonly #forget: () => void;
  #stopped = false;
  /** The first cleanup that failed when nobody was to be given results any more. */
  #error: unknown = NONE;

  constructor(items: readonly Startable<T>[], concurrency: number, task: Runner, options: ScopeOptions) {
    super();
    this.#total = items.length;
    this.#concurrency = concurrency;
    this.#toStart = items.filter((item) => !(item instanceof Outcome)).reverse();
    this.external = items.some(
      (item) => item instanceof Outcome && (item.external || item.loop !== task.loop),
    );
    boundCleanup(this, options);
    this.open(task, task.calleeScope());
    this.#forget = task.onLeave(this);
    for (const item of items) {
      if (item instanceof Outcome) this.#passedIn.push(this.#listenTo(item as Outcome<T>));
    }
    this.#startMore(task);
    this.#begun = true;
    if (this.isEmpty) this.allEnded();
  }

  get label(): string {
    return "as completed";
  }

  next(): IteratorResult<Awaitable<T>, undefined> {
    if (this.#handedOut === this.#total) return { done: true, value: undefined };
    this.#handedOut++;
    return { done: false, value: new Lazy(() => new NextCompletion(this)) };
  }

  /** The loop was left early. */
  return(): IteratorResult<Awaitable<T>, undefined> {
    this.#handedOut = this.#total;
    this.#stop();
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  override leave(frame: Leaving): Awaitable<unknown> | undefined {
    this.#stop();
    return this.whenEmpty(() => this.#end(frame));
  }

  /** The oldest outcome that nobody has taken; otherwise `wait` is told when there is one. */
  take(wait: NextCompletion<T>): Outcome<T> | undefined {
    if (this.#taken === this.#total) {
      throw new InvalidStateError("Cannot await what is completed next: every result was awaited already.");
    }
    const first = this.#completed.shift();
    if (first === null && this.#stopped) throw leftEarly();
    if (first === null) this.#waiting.push(wait);
    else this.#taken++;
    return first?.outcome;
  }

  stopWaiting(wait: NextCompletion<T>): void {
    this.#waiting.remove(wait);
  }

  /** In words. */
  get awaited(): string {
    return `the next of ${this.#total - this.#taken} to complete`;
  }

  protected childFailed(child: Task<unknown>): void {
    if (!this.#stopped) return; // whoever awaits the next completion is told
    if (this.#error === NONE) this.#error = child.error();
    else giveWay(this.#error, child.error(), child.loop);
  }

  override childEnded(child: CancelNode, unwound: boolean): void {
    super.childEnded(child, unwound);
    if (this.#toStart.length > 0) this.#startMore(this.task!);
  }

  protected override allEnded(): void {
    if (this.#toStart.length > 0) return;
    super.allEnded();
    // A failure that nobody has taken is told when the frame is left.
    if (this.task === null || this.#error !== NONE || [...this.#completed].some(hasFailed)) return;
    this.close();
    this.#forget();
  }

  /** As many as may run at once. One that cannot be started later on fails as if it had been. */
  #startMore(task: Runner): void {
    while (this.left < this.#concurrency && this.#toStart.length > 0) {
      const item = this.#toStart.pop()!;
      let child: Task<T>;
      try {
        child = this.spawn(item, task);
      } catch (error) {
        if (!this.#begun) throw error;
        child = this.spawn<T>(() => {
          throw error;
        }, task);
      }
      this.#listenTo(child);
    }
  }

  #listenTo(outcome: Outcome<T>): Awaited<T> {
    const awaited = new Awaited(this, outcome);
    outcome.subscribe(awaited);
    return awaited;
  }

  ended(awaited: Awaited<T>): void {
    if (this.#stopped) return;
    for (let wait = this.#waiting.shift(); wait !== null; wait = this.#waiting.shift()) {
      if (!wait.offer(awaited.outcome)) continue;
      this.#taken++;
      return;
    }
    this.#completed.push(awaited);
  }

  #stop(): void {
    this.#stopped = true;
    for (const item of this.#toStart.splice(0)) handedOver(item);
    for (const awaited of this.#passedIn.splice(0)) awaited.outcome.unsubscribe(awaited);
    for (let wait = this.#waiting.shift(); wait !== null; wait = this.#waiting.shift())
      wait.fail(leftEarly());
    for (let one = this.#completed.shift(); one !== null; one = this.#completed.shift())
      this.#tellUntaken(one.outcome);
    if (!this.isEmpty) this.cancel("nobody awaits what is completed next");
  }

  /** What was passed in and has failed is still whoever's it was. */
  #tellUntaken(outcome: Outcome<T>): void {
    if (!outcome.failed || (outcome as Task<T>).outer !== this) return;
    const error = outcome.error();
    report(
      outcome as Task<T>,
      "late-error",
      `A loop over asCompleted was left before it came to the failure of ${outcome.name}: ${textOf(error)}`,
      { error },
    );
  }

  #end(frame: Leaving): void {
    const { task } = this;
    if (task === null) return;
    this.close();
    failWith(frame, this.#error, task.loop);
  }
}

/** One that was passed in, or started: told when it has ended, and then a link of those that nobody has taken. */
class Awaited<T> extends Link implements Waiter {
  readonly outcome: Outcome<T>;
  readonly #completions: Completions<T>;

  constructor(completions: Completions<T>, outcome: Outcome<T>) {
    super();
    this.#completions = completions;
    this.outcome = outcome;
  }

  settled(): void {
    this.#completions.ended(this);
  }
}

class NextCompletion<T> extends Wait<T> {
  readonly #completions: Completions<T>;

  constructor(completions: Completions<T>) {
    super();
    this.#completions = completions;
  }

  get label(): string {
    return this.#completions.awaited;
  }
  override subject(): Subject {
    return { kind: "tasks" };
  }
  override get external(): boolean {
    return this.#completions.external;
  }

  protected begin(): boolean {
    const outcome = this.#completions.take(this);
    if (outcome !== undefined) return this.ready(outcome.result());
    return false;
  }

  abort(): void {
    this.#completions.stopWaiting(this);
  }

  offer(outcome: Outcome<T>): boolean {
    return outcome.succeeded ? this.complete(outcome.result()) : this.fail(outcome.rejection());
  }
}

function hasFailed({ outcome }: Awaited<unknown>): boolean {
  return outcome.failed;
}

function leftEarly(): InvalidStateError {
  return new InvalidStateError(
    "Cannot await what is completed next: the loop over it, or the coroutine that called `asCompleted`, was left, " +
      "and what had not ended is cancelled. Await inside the loop; `[...asCompleted(…)]` takes all at once.",
  );
}
