/**
 * A value that is not there yet. `Outcome` is what tasks and futures have in common: they settle once, and
 * any number of tasks, callbacks and promises may wait for that. `Future` is the one that is settled from
 * outside, by whoever holds it.
 */
import { parkedResult, type Awaitable, type Poll, type Signal } from "./awaitable.ts";
import { asked } from "./scope.ts";
import { current, type Enders, type LoopPort, type Parked, type Runner } from "./current.ts";
import { cancelledError, InvalidStateError } from "./errors.ts";
import { Link, LinkedList } from "./list.ts";
import type { Cancellation } from "./monitor.ts";
import { Callback, checkCallback } from "./callback.ts";
import { notByHand } from "./misuse.ts";
import { cleaned, toldWaiting } from "./story.ts";
import { enterWait, Wait, type Subject } from "./wait.ts";

const PENDING = 0;
const RESULT = 1;
const ERROR = 2;
const CANCELLED = 3;
type Kind = 0 | 1 | 2 | 3;

export abstract class Outcome<T> implements Awaitable<T>, PromiseLike<T> {
  private kind: Kind = PENDING;
  private value: unknown = undefined;
  private waiters: LinkedList<Waiter> | null = null;
  /** Whether anybody has looked, or will: then a failure is theirs. Sticky. @internal */
  observed = false;

  /** What it is called in messages. */
  abstract get name(): string;
  /** In words, for whoever waits. @internal */
  abstract get label(): string;
  /** Whether something outside the loop may settle it. @internal */
  abstract get external(): boolean;
  /** Where its callbacks run. @internal */
  abstract get loop(): LoopPort;

  /** Whether it has a result, has failed, or was cancelled. */
  get done(): boolean {
    return this.kind !== PENDING;
  }

  /** Whether it was cancelled. */
  get cancelled(): boolean {
    return this.kind === CANCELLED;
  }

  /** Whether it has ended with an error. @internal */
  get failed(): boolean {
    return this.kind === ERROR;
  }

  /**
   * The result.
   *
   * @throws InvalidStateError while there is none; its error, if it failed; CancelledError, if it was
   * cancelled.
   */
  result(): T {
    const error = this.error();
    if (this.kind !== RESULT) throw error;
    return this.value as T;
  }

  /**
   * The error: `undefined` after a result, a `CancelledError` after a cancellation.
   *
   * @throws InvalidStateError while it is not done.
   */
  error(): unknown {
    if (this.kind === PENDING) {
      throw new InvalidStateError(
        `Cannot read the outcome of ${this.label}: it is not done. Await it with \`yield*\` first.`,
      );
    }
    this.observed = true;
    return this.kind === RESULT ? undefined : this.rejection();
  }

  /**
   * Calls `callback` with this, from the loop, once it is done; in a later turn if it is done already. What it throws
   * fails the run.
   *
   * @throws TypeError if `callback` is no function, or a `function*`, of which nothing would run.
   */
  addDoneCallback(callback: (outcome: this) => void): void {
    checkCallback(callback);
    const { loop } = this;
    const call = new Callback(loop, () => callback(this));
    this.subscribe(new Listener(() => loop.enqueue(call)));
  }

  /** For async functions: `await task`. Rejects with its error, or with a `CancelledError`. */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const promise = new Promise<T>((resolve, reject) => {
      this.subscribe(
        new Listener(() => (this.kind === RESULT ? resolve(this.value as T) : reject(this.rejection()))),
      );
    });
    return promise.then(onFulfilled, onRejected);
  }

  /** For `yield*`: waits until it is done. Cancelling whoever waits does not cancel it. */
  [Symbol.iterator](): Iterator<Signal | undefined, T, void> {
    return this.kind === RESULT ? new Ready(this, this.value as T) : new Join(this);
  }

  /** A wait for it, whether or not it is done. @internal */
  join(): Wait<T> {
    return new Join(this);
  }

  /** Calls the waiter once this is done; at once if it is. @internal */
  subscribe(waiter: Waiter): void {
    if (waiter.deaf !== true) this.observed = true;
    if (this.kind !== PENDING) waiter.settled();
    else (this.waiters ??= new LinkedList()).push(waiter);
  }

  /** Who is told when this is done. @internal */
  get waiting(): Iterable<Waiter> {
    return this.waiters ?? [];
  }

  /** @internal */
  unsubscribe(waiter: Waiter): void {
    this.waiters?.remove(waiter);
  }

  /** @internal */
  protected settle(kind: "result" | "error" | "cancelled", value: unknown): void {
    this.kind = kind === "result" ? RESULT : kind === "error" ? ERROR : CANCELLED;
    this.value = value;
    const { waiters } = this;
    this.waiters = null;
    for (let waiter = waiters?.shift(); waiter != null; waiter = waiters!.shift()) waiter.settled();
  }

  /** What its awaiter is to be thrown. A cancellation makes an error of its own for each. @internal */
  rejection(): unknown {
    if (this.kind !== CANCELLED) return this.value;
    return cleaned(cancelledError(this, this.value as Cancellation));
  }

  /** Its result, at once, if that is what it has. @internal */
  get succeeded(): boolean {
    return this.kind === RESULT;
  }
}

/** Somebody who is told when an outcome settles. */
export interface Waiter extends Link {
  /** Whether it only lets go of something then, and hears of no failure. */
  readonly deaf?: true;
  settled(): void;
}

export class Listener extends Link implements Waiter {
  readonly settled: () => void;
  constructor(settled: () => void) {
    super();
    this.settled = settled;
  }
}

/** A wait for a result that is there: nothing is arranged, so it is all in one object, its own answer too. */
class Ready<T> implements Iterator<Signal | undefined, T, void>, IteratorReturnResult<T> {
  readonly done = true;
  readonly value: T;
  readonly #outcome: Outcome<T>;

  constructor(outcome: Outcome<T>, value: T) {
    this.value = value;
    this.#outcome = outcome;
  }

  get label(): string {
    return this.#outcome.label;
  }

  next(_sent?: void): Poll<T> {
    if (arguments.length === 0) throw notByHand(this.label);
    if (enterWait(this) === null) return parkedResult;
    this.#outcome.observed = true;
    return this;
  }

  return(value?: T): Poll<T> {
    return { done: true, value: value as T };
  }
}

/** A task's wait for an outcome. */
class Join<T> extends Wait<T> implements Waiter {
  protected readonly outcome: Outcome<T>;

  constructor(outcome: Outcome<T>) {
    super();
    this.outcome = outcome;
  }

  get label(): string {
    return this.outcome.label;
  }
  override subject(): Subject {
    return { kind: this.outcome.external ? "future" : "task", target: this.outcome };
  }
  /** A task of another loop counts as the outside. */
  override get external(): boolean {
    return this.outcome.external || this.outcome.loop !== this.task?.loop;
  }

  protected begin(): boolean {
    const { outcome } = this;
    // A task does not observe itself: nobody else would ever hear of its failure.
    if ((outcome as unknown) === this.task) throw awaitsItself(outcome.label);
    outcome.observed = true;
    if (!outcome.done) {
      outcome.subscribe(this);
      // Of a task that waits for tasks itself, this may be the last wait of a circle.
      const { wait } = outcome as { wait?: Parked | null };
      if (wait?.enders !== undefined) this.task!.loop.suspect(this.task!, this);
      return false;
    }
    if (outcome.failed) throw toldWaiting(outcome.rejection(), this.task!);
    return this.ready(outcome.result());
  }

  override enders(): Enders | null {
    return this.external ? null : { tasks: [this.outcome as unknown as Runner], any: false };
  }

  abort(): void {
    this.outcome.unsubscribe(this);
  }

  settled(): void {
    if (this.outcome.succeeded) this.complete(this.outcome.result());
    else this.fail(this.outcome.rejection());
  }
}

export function awaitsItself(label: string): InvalidStateError {
  return new InvalidStateError(
    `Cannot await ${label} from inside itself: it would wait for ever. Return, and let another task await it.`,
  );
}

/**
 * A value that is set from outside the tasks that wait for it: by a callback of the host, say.
 *
 * @example
 * ```ts
 * import { Future, run } from "cede";
 *
 * const answer = await run(function* () {
 *   const future = new Future<number>("the answer");
 *   setTimeout(() => future.setResult(42), 10);
 *   return yield* future;
 * });
 * console.log(answer); // prints: 42
 * ```
 */
export class Future<T> extends Outcome<T> {
  readonly #name: string;
  readonly #loop: LoopPort | null;

  /** `name` is what messages and labels call it. A future made outside a task belongs to the default loop. */
  constructor(name = "future", loop: LoopPort | null = current.task?.loop ?? null) {
    super();
    this.#name = name;
    this.#loop = loop;
  }

  get name(): string {
    return this.#name;
  }
  get label(): string {
    return `future "${this.#name}"`;
  }
  get external(): boolean {
    return true;
  }
  get loop(): LoopPort {
    const loop = this.#loop ?? current.task?.loop ?? current.defaultLoop;
    if (loop === null) {
      throw new InvalidStateError(
        "Cannot call back: no loop was ever started. Make the future in a task, or with a loop's `createFuture`.",
      );
    }
    return loop;
  }

  /** @throws InvalidStateError if it is done. */
  setResult(value: T): void {
    this.#refuseIfDone("set the result of");
    this.settle("result", value);
  }

  /** @throws InvalidStateError if it is done. */
  setError(error: unknown): void {
    this.#refuseIfDone("set the error of");
    this.settle("error", error);
  }

  /** Whoever awaits it gets a `CancelledError` with the reason. False if it was done already. */
  cancel(reason?: unknown): boolean {
    if (this.done) return false;
    this.settle("cancelled", asked(reason, current.task));
    return true;
  }

  #refuseIfDone(what: string): void {
    if (this.done) {
      throw new InvalidStateError(
        `Cannot ${what} ${this.label}: it is done. Look at \`future.done\` first, if several may settle it.`,
      );
    }
  }
}
