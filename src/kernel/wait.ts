/**
 * A wait: a one-shot claim. Exactly one of *complete*, *fail* and *cancel* wins it; whoever comes later
 * is told so by `false`, and a giver then goes on to the next waiter: nothing is lost or put back.
 *
 * The claim is the kernel's, not the iterator's. `return()` does nothing but answer, so whatever an
 * iterator around it does or forgets, nothing leaks. A wait knows its task only as a `Runner`, and knows
 * nothing of loops, frames and scopes.
 */
import { parkedResult, voidResult, type Poll, type Signal } from "./awaitable.ts";
import { current, type Enders, type Parked, type Runner } from "./current.ts";
import { caughtReturning } from "./escape.ts";
import { Link } from "./list.ts";
import { notByHand, outside, polledByHand } from "./misuse.ts";
import type { WaitInfo } from "./monitor.ts";
import { mark } from "./place.ts";
import { toldWaiting } from "./story.ts";

const IDLE = 0;
const PENDING = 1;
/** Pending, and counted among those that the outside may end. */
const PENDING_OUTSIDE = 2;
const COMPLETED = 3;
const FAILED = 4;
const CANCELLED = 5;
type State = 0 | 1 | 2 | 3 | 4 | 5;

/** What kind of thing is waited for, and the thing itself. */
export type Subject = ReturnType<NonNullable<WaitInfo["subject"]>>;

export abstract class Wait<T> extends Link implements Iterator<Signal | undefined, T, void>, Parked {
  declare private state: State;
  declare private value: unknown;
  /** The task that waits; set at the first poll. */
  declare protected task: Runner | null;

  constructor() {
    super();
    this.state = IDLE;
    this.value = undefined;
    this.task = null;
  }

  /** What it waits for, in words: "sleep 100 ms", "lock 'db' held by writer#3". */
  abstract get label(): string;
  /** Whether something outside the loop may end it. */
  get external(): boolean {
    return false;
  }

  /** For a wait that tasks alone can end, and that knows them. */
  enders?(): Enders | null;
  /** For observers: see `WaitInfo`. */
  subject?(): Subject;

  /**
   * The first poll: take what is there (`ready(value)`, which is true), or arrange to be told (and answer
   * false). Called once, by a task that is not being cancelled.
   */
  protected abstract begin(): boolean;
  /** Takes back what `begin` arranged. */
  abstract abort(): void;

  /** For `begin`: what was waited for is there. */
  protected ready(value: T): true {
    this.state = COMPLETED;
    this.value = value;
    return true;
  }

  next(_sent?: void): Poll<T> {
    if (arguments.length === 0) throw notByHand(this.label);
    switch (this.state) {
      case IDLE:
        return this.poll();
      case COMPLETED:
        return this.result();
      case FAILED:
        throw toldWaiting(this.value, this.task!);
      default: // woken in vain, or about to be unwound
        return pollAgain(this);
    }
  }

  return(value?: T): Poll<T> {
    return { done: true, value: value as T };
  }

  /** Ends the wait with a value. False if it has ended already. */
  complete(value: T): boolean {
    return this.end(COMPLETED, value);
  }

  /** Ends the wait with an error. False if it has ended already. */
  fail(error: unknown): boolean {
    return this.end(FAILED, error);
  }

  /** Ends the wait because its task is to be unwound. Called by the task, which lets go of it later. */
  cancel(): void {
    if (!this.pending) return;
    if (this.state === PENDING_OUTSIDE) this.task!.loop.externals--;
    this.state = CANCELLED;
  }

  /**
   * Begins it as one of several that its task waits for at once: `runner` stands for the task, and is woken when it
   * ends. Whether it has ended already; what it ended with is then told by `next`.
   */
  beginFor(runner: Runner): boolean {
    if (this.state !== IDLE) throw polledByHand(this.label, runner.name);
    this.task = runner;
    this.state = PENDING;
    if (this.begin() || !this.pending) return true;
    runner.wait = this;
    return false;
  }

  /** Whether it has begun and nothing has ended it. */
  protected get pending(): boolean {
    return this.state === PENDING || this.state === PENDING_OUTSIDE;
  }

  /** Whether it has not been polled: an awaitable that is its own iterator is so once. */
  get unused(): boolean {
    return this.state === IDLE;
  }

  /** A wait that has its value is its own answer: another object for that would be one more to make, each time. */
  get done(): true {
    return true;
  }

  private result(): Poll<T> {
    return this.value === undefined
      ? (voidResult as IteratorReturnResult<T>)
      : (this as unknown as IteratorReturnResult<T>);
  }

  private poll(): Poll<T> {
    const task = enterWait(this);
    if (task === null) return parkedResult;
    this.task = task;
    this.state = PENDING;
    if (this.begin()) return this.result();
    if (this.state !== PENDING) return this.next(undefined); // it ended while it was arranged
    task.wait = this;
    if (current.debug) mark(this, task);
    if (this.external) {
      this.state = PENDING_OUTSIDE;
      task.loop.externals++;
    }
    current.parked = true;
    if (current.returning && caughtReturning()) {
      this.cancel();
      this.abort();
      task.wait = null;
    } else if (task.loop.monitor !== null) {
      task.loop.monitor.wait?.(task, this);
    }
    return parkedResult;
  }

  private end(how: typeof COMPLETED | typeof FAILED, value: unknown): boolean {
    if (!this.pending) return false;
    const { state } = this;
    this.state = how;
    this.value = value;
    const task = this.task!;
    if (task.wait !== this) return true; // it is only being arranged
    task.wait = null;
    if (state === PENDING_OUTSIDE) task.loop.externals--;
    task.wake();
    return true;
  }
}

/** What is waited for, in words. Asked only when something is to be said about it. */
interface Labelled {
  readonly label: string;
}

/**
 * The start of every wait: refuses a poll by hand, and finds a cancellation before anything is taken.
 * `null`: answer "parked"; the loop knows what to do.
 */
export function enterWait(wait: Labelled): Runner | null {
  const task = current.task;
  if (task === null) throw outside(wait.label);
  if (current.parked || task.wait !== null) throw polledByHand(wait.label, task.name);
  if (current.cutting || task.interrupted()) {
    if (current.returning) caughtReturning();
    current.parked = true;
    return null;
  }
  return task;
}

/**
 * A poll of what is parked already. The loop may do that, at a new step; a loop over a helper's generator,
 * say, does it in the same one, and would for ever.
 */
export function pollAgain(wait: Labelled): Poll<never> {
  const { task } = current;
  if (task === null) throw outside(wait.label);
  if (current.parked) throw polledByHand(wait.label, task.name);
  current.parked = true;
  return parkedResult;
}
