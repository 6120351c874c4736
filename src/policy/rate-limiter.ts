/**
 * So much in so much time. Whoever waits is served in the order of coming, also by who wants less than the first; the
 * first of them holds the one timer, the others cost nothing.
 *
 * Promises: permits are taken at the moment when a wait is completed, never before, so a cancelled waiter has taken
 * nothing and gives nothing back. `tryAcquire` never goes before one who waits.
 */
import { Lazy, type Awaitable } from "../kernel/awaitable.ts";
import { current, type LoopPort } from "../kernel/current.ts";
import type { Timer } from "../kernel/deadlines.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { LinkedList } from "../kernel/list.ts";
import { describe } from "../kernel/misuse.ts";
import { checkDelay } from "../kernel/sleep.ts";
import { Wait, type Subject } from "../kernel/wait.ts";
import { SlidingWindow, TokenBucket, type Rate } from "./rates.ts";

/** What kind of limit a `RateLimiter` keeps. */
export interface RateLimiterOptions {
  /** What it is called in messages and views. */
  name?: string;
  /**
   * `"tokenBucket"`, the default: permits come back evenly, one every `per / limit` milliseconds, and up to `burst` of them
   * are kept for later. `"slidingWindow"`: no more than `limit` in any `per` milliseconds, wherever one looks; each comes
   * back `per` milliseconds after it was taken.
   */
  algorithm?: "tokenBucket" | "slidingWindow";
  /** For a token bucket: how many permits it holds at most, a whole number from 1; `limit`, unless given. */
  burst?: number;
}

/** A rate limiter, in numbers. */
export interface RateLimiterStatistics {
  /** How many permits are there now. */
  readonly available: number;
  /** How many tasks wait. */
  readonly waiting: number;
}

/**
 * Lets no more than `limit` through in `per` milliseconds: requests to a server that counts them, say. Whoever comes
 * too early waits, in the order of coming.
 *
 * @throws RangeError if `limit` or `burst` is no whole number from 1, or `per` not a finite number greater than 0.
 * @example
 * ```ts
 * import { RateLimiter, runningLoop } from "cede";
 * import { runVirtual } from "cede/testing";
 *
 * const limiter = new RateLimiter(2, 1000, { name: "api" }); // two a second: one every 500 ms, and two at once
 * await runVirtual(function* () {
 *   for (let request = 1; request <= 4; request++) {
 *     yield* limiter.acquire();
 *     console.log(`request ${request} at ${runningLoop().time()}`);
 *   }
 * });
 * // prints: request 1 at 0
 * // prints: request 2 at 0
 * // prints: request 3 at 500
 * // prints: request 4 at 1000
 * ```
 */
export class RateLimiter {
  readonly name: string;
  readonly #line: Line;

  constructor(
    limit: number,
    per: number,
    { name = "rate limiter", algorithm = "tokenBucket", burst = limit }: RateLimiterOptions = {},
  ) {
    this.name = name;
    checkDelay("limit a rate per", per);
    if (per === 0 || per === Infinity) {
      throw new RangeError(`Cannot limit a rate per ${per} ms: give a finite number greater than 0.`);
    }
    checkPermits("limit a rate to", limit);
    checkPermits("let through in a burst", burst);
    if (algorithm === "slidingWindow" && burst !== limit) {
      throw new RangeError(
        `Cannot let a burst of ${burst} through a sliding window of ${limit}: that is the number of permits itself. Leave ` +
          "out `burst`.",
      );
    }
    if (algorithm !== "slidingWindow" && algorithm !== "tokenBucket") {
      throw new TypeError(
        `Cannot limit a rate by ${describe(algorithm)}: \`algorithm\` is "tokenBucket" or "slidingWindow".`,
      );
    }
    const rate =
      algorithm === "slidingWindow" ? new SlidingWindow(limit, per) : new TokenBucket(limit, per, burst);
    this.#line = new Line(rate, name);
  }

  /**
   * Waits until so many permits are there, and takes them.
   *
   * @throws RangeError if it is no whole number from 1, or more than there can ever be at once.
   */
  acquire(permits: number = 1): Awaitable<void> {
    this.#check(permits);
    return new Lazy(() => new AcquireWait(this.#line, permits));
  }

  /**
   * Takes so many permits if they are there, and nobody waits. Never waits itself.
   *
   * @throws as `acquire`; InvalidStateError outside every task before any loop was started.
   */
  tryAcquire(permits: number = 1): boolean {
    this.#check(permits);
    return this.#line.tryTake(permits);
  }

  /** How many permits are there, and how many tasks wait for some. */
  get statistics(): RateLimiterStatistics {
    return { available: this.#line.available, waiting: this.#line.waiting };
  }

  #check(permits: number): void {
    checkPermits("acquire", permits);
    const { most } = this.#line.rate;
    if (permits > most) {
      throw new RangeError(
        `Cannot acquire ${permits} permits of rate limiter "${this.name}": there are never more than ${most} at once. ` +
          "Acquire them in parts, or allow more.",
      );
    }
  }
}

/** Who waits for a rate, and its clock. */
class Line {
  readonly rate: Rate;
  readonly name: string;
  /** Whose clock the rate's times are of: the loop's that has looked last. */
  #loop: LoopPort | null = null;
  /** The one that is next, and holds the timer; those behind it. */
  #first: AcquireWait | null = null;
  readonly #others: LinkedList<AcquireWait> = new LinkedList();
  /** Whether tasks of several loops have come since it was empty: then another loop ends the waits of one. */
  mixed = false;

  constructor(rate: Rate, name: string) {
    this.rate = rate;
    this.name = name;
  }

  get title(): string {
    return `rate limiter "${this.name}"`;
  }

  get available(): number {
    // With no clock, nothing was taken.
    return this.#loop === null ? this.rate.most : this.rate.available(this.#loop.now());
  }

  get waiting(): number {
    let count = this.#first?.waits ? 1 : 0;
    for (const wait of this.#others) if (wait.waits) count++;
    return count;
  }

  tryTake(permits: number): boolean {
    const loop = current.task?.loop ?? this.#loop ?? current.defaultLoop;
    if (loop === null) {
      throw new InvalidStateError(
        `Cannot try to acquire of rate limiter "${this.name}": no loop was ever started whose clock could be looked at. ` +
          "Call it in a task.",
      );
    }
    return this.#isFree && this.#take(permits, this.#look(loop));
  }

  /** A wait begins: true if it need not. */
  enter(wait: AcquireWait): boolean {
    const { loop } = wait;
    if (this.#isFree) {
      if (this.#take(wait.permits, this.#look(loop))) return true;
      this.mixed = false;
      this.#setFirst(wait);
    } else {
      this.mixed ||= loop !== this.#first!.loop;
      this.#others.push(wait);
    }
    return false;
  }

  /** A wait was cancelled. */
  quit(wait: AcquireWait): void {
    if (wait !== this.#first) this.#others.remove(wait);
    else this.serve();
  }

  /** Gives to those who wait, one after another, what is there. */
  serve(): void {
    for (let wait = this.#first; wait !== null; wait = this.#others.shift()) {
      // One that was claimed by a cancellation is passed over: it takes nothing.
      if (!wait.waits) continue;
      const now = this.#look(wait.loop);
      if (this.rate.due(wait.permits) > now) return this.#setFirst(wait);
      if (wait.complete()) this.rate.take(wait.permits, now);
    }
    this.#first = null;
  }

  /** Whether nobody waits: also those who were cancelled, and have not been unwound yet, do not. */
  get #isFree(): boolean {
    if (this.#first !== null && !this.#first.waits) this.serve();
    return this.#first === null;
  }

  #take(permits: number, now: number): boolean {
    if (this.rate.due(permits) > now) return false;
    this.rate.take(permits, now);
    return true;
  }

  #setFirst(wait: AcquireWait): void {
    this.#first = wait;
    const { loop } = wait;
    this.#look(loop);
    loop.deadlines.set(wait, this.rate.due(wait.permits));
    loop.lookAgain();
  }

  /** The time, by the clock of a loop. What another one has shown is translated. */
  #look(loop: LoopPort): number {
    const now = loop.now();
    if (this.#loop !== null && this.#loop !== loop) this.rate.shift(now - this.#loop.now());
    this.#loop = loop;
    return now;
  }
}

class AcquireWait extends Wait<void> implements Timer {
  at = 0;
  order = 0;
  slot = -1;
  readonly permits: number;
  readonly #line: Line;

  constructor(line: Line, permits: number) {
    super();
    this.#line = line;
    this.permits = permits;
  }

  get label(): string {
    const what = this.permits === 1 ? "a permit" : `${this.permits} permits`;
    return `${what} of ${this.#line.title}`;
  }
  override subject(): Subject {
    return { kind: "rate", target: this.#line };
  }
  /** Time alone ends it; but where a task of another loop is before it, that loop's. */
  override get external(): boolean {
    return this.#line.mixed;
  }
  get loop(): LoopPort {
    return this.task!.loop;
  }
  /** Whether nothing has ended it. */
  get waits(): boolean {
    return this.pending;
  }

  protected begin(): boolean {
    return this.#line.enter(this) && this.ready();
  }
  abort(): void {
    this.task!.loop.deadlines.clear(this);
    this.#line.quit(this);
  }
  expire(): void {
    this.#line.serve();
  }
}

/** @throws RangeError */
function checkPermits(what: string, permits: number): void {
  if (Number.isInteger(permits) && permits >= 1) return;
  throw new RangeError(`Cannot ${what} ${describe(permits)} permits: give a whole number from 1.`);
}
