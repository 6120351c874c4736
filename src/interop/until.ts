import { Lazy, type Awaitable } from "../kernel/awaitable.ts";
import { AfterReady } from "../kernel/callback.ts";
import { current, type LoopPort, type Runner } from "../kernel/current.ts";
import { textOf } from "../kernel/errors.ts";
import { LinkedList } from "../kernel/list.ts";
import { describe } from "../kernel/misuse.ts";
import { placeFor, placeOf, type Place } from "../kernel/place.ts";
import { report, type Reporter } from "../kernel/report.ts";
import { Given } from "../kernel/story.ts";
import { Wait, type Subject } from "../kernel/wait.ts";

/** Waits for a promise. The promise knows nothing of it: cancelling ends the wait only. */
class PromiseWait<T> extends Wait<T> {
  // Set by the constructor, here as below: to define fields costs several times as much.
  /** Tests look at it: who waits for what has not settled. */
  declare readonly promise: PromiseLike<T>;
  /** For `until`: what comes when nobody waits any more is told. */
  declare private readonly watched: boolean;
  declare private subscription: Subscription | null;

  constructor(promise: PromiseLike<T>, watched: boolean) {
    super();
    this.promise = promise;
    this.watched = watched;
    this.subscription = null;
  }

  get label(): string {
    return "a promise";
  }
  override subject(): Subject {
    return { kind: "promise" };
  }
  override get external(): boolean {
    return true;
  }

  protected begin(): boolean {
    const task = this.task!;
    const before = Subscribed.of(this.promise);
    this.subscription = before?.takes(task.loop) ? before : subscribe(this.promise, task, before);
    this.subscription.begin(this, task, this.watched);
    return false;
  }

  abort(): void {
    this.subscription!.leave(this, this.task!);
  }
}

// How far it has come with a promise: it was given to `until`, somebody began to await that, and did so without being
// cancelled before.
const GIVEN = 1;
const ASKED = 2;
const BEGUN = 3;

/**
 * What all waits for one promise have in common. A promise that lives long, and is waited for again and again, keeps
 * this one thing, and with it nothing of waits that were cancelled.
 */
class Subscription extends LinkedList<PromiseWait<unknown>> {
  /** Whether the promise has not settled. */
  declare open: boolean;
  /** Whether somebody got what the promise gave, or it was told that nobody did. */
  declare told: boolean;
  /** How far it has come with `until`. */
  declare private stage: number;
  /** Whether it is counted among the host work of its loop. */
  declare private counted: boolean;
  /** Who gave it to `until`, or waits, or has waited; `null` when nothing is to be told any more. */
  declare private of: Reporter | null;
  declare private place: Place | null;
  /** When the last one left that waited. */
  declare private leftAt: number;

  constructor(of: Reporter) {
    super();
    this.open = true;
    this.told = this.counted = false;
    this.stage = this.leftAt = 0;
    this.of = of;
    this.place = null;
  }

  /** Each loop counts its own host work. */
  takes(loop: LoopPort): boolean {
    return this.open && (!this.counted || this.of!.loop === loop);
  }

  give(task: Runner): void {
    this.reach(GIVEN);
    if (this.counted) return;
    this.of = task;
    this.place = placeFor(task);
  }

  reach(stage: number): void {
    this.stage = Math.max(this.stage, stage);
  }

  begin(wait: PromiseWait<unknown>, task: Runner, watched: boolean): void {
    if (watched) this.reach(BEGUN);
    if (!this.counted) {
      this.counted = true;
      this.of = task;
      task.loop.hostWork++;
    }
    this.push(wait);
  }

  /** A wait was cancelled. Of its task nothing is kept that may be large. */
  leave(wait: PromiseWait<unknown>, { loop, name, root }: Runner): void {
    this.remove(wait);
    this.of = { loop, name, root };
    this.place = placeOf(wait);
    this.leftAt = loop.now();
  }

  resolved(value: unknown): void {
    const at = this.of!.loop.now();
    // A result that is there may be asked for as late as one likes; who asked, and has not begun, was cancelled before.
    this.settle(
      (wait) => wait.complete(value),
      ASKED,
      (what) => {
        const later = this.stage === BEGUN ? ` ${milliseconds(this.leftAt, at)} later` : "";
        report(this.of!, "late-result", `${what} was resolved${later}.`);
      },
    );
  }

  rejected(error: unknown): void {
    this.settle(
      (wait) => wait.fail(error),
      GIVEN,
      (what) => report(this.of!, "late-error", `${what} rejected: ${textOf(error)}`, { error }),
    );
  }

  /** `least`: how far it must have come for somebody to miss the outcome. */
  private settle(
    end: (wait: PromiseWait<unknown>) => boolean,
    least: number,
    tell: (what: string) => void,
  ): void {
    const { loop } = this.of!;
    this.open = false;
    if (this.counted) loop.hostWork--;
    for (let wait = this.shift(); wait !== null; wait = this.shift()) if (end(wait)) this.told = true;
    // Everyone who is ready now has one step to begin to wait.
    if (!this.told && this.stage >= least) loop.enqueue(new AfterReady(loop, () => this.look(tell)));
    else this.of = null;
  }

  private look(tell: (what: string) => void): void {
    const begun = this.stage === BEGUN;
    const waited = begun ? "whose wait was cancelled" : "that nobody waited for";
    const known = this.place?.known;
    const place = known === undefined ? "" : `${begun ? " at" : ", given at"} ${known}`;
    if (!this.told) tell(`A promise of ${this.of!.name}, ${waited}${place},`);
    this.told = true;
    this.of = null;
  }
}

/** A private field on the program's promise: what a `WeakMap` would be, for a tenth of its cost. */
class Subscribed extends Given {
  #subscription: Subscription;

  constructor(promise: object, subscription: Subscription) {
    super(promise);
    this.#subscription = subscription;
  }

  static of(promise: object): Subscription | undefined {
    return #subscription in promise ? promise.#subscription : undefined;
  }

  static set(promise: object, subscription: Subscription): void {
    if (#subscription in promise) promise.#subscription = subscription;
    else if (Object.isExtensible(promise)) new Subscribed(promise, subscription);
  }
}

/** Has a promise tell when it settles. `before`: a subscription that it has already. */
function subscribe(
  promise: PromiseLike<unknown>,
  task: Runner,
  before: Subscription | undefined,
): Subscription {
  const subscription = new Subscription(task);
  if (before?.open === false) {
    // It has settled: whether anybody has got that is asked of those that are to come.
    subscription.told = before.told;
    before.told = true;
  }
  if (before !== undefined || isNative(promise)) Subscribed.set(promise, subscription);
  // Wrapped, since a foreign thenable may call back at once.
  Promise.resolve(promise).then(
    (value) => subscription.resolved(value),
    (error: unknown) => subscription.rejected(error),
  );
  return subscription;
}

/** For reports: "45 ms". */
export function milliseconds(from: number, to: number): string {
  return `${Math.max(0, Math.round(to - from))} ms`;
}

/**
 * Waits for a promise. Cancelling ends the wait at once; the promise runs on, and if it rejects later, that
 * is reported, not thrown. To stop the work too, use `call`.
 *
 * @throws what the promise rejects with; TypeError if it is given no promise.
 * @example
 * ```ts
 * import { run, until } from "cede";
 *
 * await run(function* () {
 *   console.log(yield* until(Promise.resolve(42))); // prints: 42
 * });
 * ```
 */
export function until<T>(promise: PromiseLike<T>): Awaitable<T> {
  const thenable = checkPromise(promise);
  if (current.task !== null && isNative(thenable)) give(thenable, current.task);
  return new Lazy(() => {
    Subscribed.of(thenable)?.reach(ASKED);
    return new PromiseWait(thenable, true);
  });
}

/** As `until`, for a caller that sees to it itself that no rejection is lost. */
export function promiseWait<T>(promise: PromiseLike<T>): Awaitable<T> {
  return new Lazy(() => new PromiseWait(promise, false));
}

/** Whoever was to wait may be cancelled before, and what it rejects with must not end as an unhandled rejection. */
function give(promise: PromiseLike<unknown>, task: Runner): void {
  const before = Subscribed.of(promise);
  if (before === undefined || (!before.open && !before.told)) subscribe(promise, task, before).give(task);
  else before.give(task);
}

/** Of any realm. Other thenables may do their work when they are asked: they are asked by a wait only. */
function isNative(promise: PromiseLike<unknown>): boolean {
  return (
    Object.getPrototypeOf(promise) === Promise.prototype ||
    Object.prototype.toString.call(promise) === "[object Promise]"
  );
}

/** Refuses what is no promise. @throws TypeError */
export function checkPromise<T>(promise: PromiseLike<T>): PromiseLike<T> {
  if (typeof (promise as { then?: unknown } | null | undefined)?.then === "function") return promise;
  throw new TypeError(
    `Cannot wait until ${describe(promise)} settles: it is no promise. What is awaitable already needs ` +
      "only `yield*`.",
  );
}
