/**
 * A barrier: so many parties wait for each other, and go on together; then it is as it was, for the next round.
 *
 * If one that waits is cancelled, the round can never be complete as it was meant, so the barrier is broken: all who
 * wait are told so by an error, and whoever comes, until it is reset.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import { current } from "../kernel/current.ts";
import { describe } from "../kernel/misuse.ts";
import type { Subject } from "../kernel/wait.ts";
import { called, Queue, QueuedWait, type SyncOptions } from "./holding.ts";

/** What a barrier shows of itself. */
export interface BarrierStatistics {
  /** How many go on together. */
  readonly parties: number;
  /** How many of them have come. */
  readonly waiting: number;
  readonly broken: boolean;
}

/**
 * The others will not come: one of them was cancelled while it waited at a barrier, or the barrier was aborted or reset.
 *
 * @example
 * ```ts
 * import { Barrier, BrokenBarrierError, moveOnAfter, run } from "cede";
 *
 * const barrier = new Barrier(2, { name: "start" });
 * await run(function* () {
 *   yield* moveOnAfter(5, () => barrier.wait()); // nobody else came
 *   try {
 *     yield* barrier.wait();
 *   } catch (error) {
 *     console.log(error instanceof BrokenBarrierError); // prints: true
 *   }
 * });
 * ```
 */
export class BrokenBarrierError extends Error {
  override readonly name = "BrokenBarrierError";
}

/**
 * Has `parties` tasks wait for each other.
 *
 * @throws RangeError if `parties` is not a whole number, 1 or more.
 * @example
 * ```ts
 * import { Barrier, run, sleep, taskGroup } from "cede";
 *
 * const barrier = new Barrier(2);
 *
 * function* player(name: string, ms: number) {
 *   yield* sleep(ms);
 *   console.log(`${name} is there`);
 *   const index = yield* barrier.wait();
 *   if (index === 0) console.log("all are there");
 * }
 *
 * await run(() =>
 *   taskGroup(function* (group) {
 *     group.createTask(() => player("Ann", 1));
 *     group.createTask(() => player("Bob", 9));
 *   }),
 * );
 * // prints: Ann is there
 * // prints: Bob is there
 * // prints: all are there
 * ```
 */
export class Barrier {
  /** What messages call it. */
  readonly name: string | undefined;
  /** How many go on together. */
  readonly parties: number;
  readonly #queue = new Queue<Arrival>();
  /** Why it is broken, in words. */
  #why: string | null = null;

  constructor(parties: number, { name }: SyncOptions = {}) {
    if (!Number.isInteger(parties) || parties < 1) {
      throw new RangeError(
        `Cannot make a barrier for ${describe(parties)} parties: give a whole number, 1 or more.`,
      );
    }
    this.name = name;
    this.parties = parties;
  }

  /** Whether somebody was cancelled while waiting at it, or it was aborted, and it has not been reset. */
  get broken(): boolean {
    return this.#why !== null;
  }

  get statistics(): BarrierStatistics {
    return { parties: this.parties, waiting: this.#queue.waiting, broken: this.broken };
  }

  /**
   * Waits until all have come, and gives the place in which this one came: 0 for the first, `parties - 1` for the last. So
   * one of them can do what is to be done once a round.
   *
   * @throws BrokenBarrierError if it is broken, or is broken meanwhile.
   */
  wait(): Awaitable<number> {
    return new Arrival(this);
  }

  /** Breaks it: all who wait, and whoever comes, get a `BrokenBarrierError`, until it is reset. */
  abort(): void {
    this.#break(`it was aborted${by()}`);
  }

  /** Makes it as new. Those who wait get a `BrokenBarrierError`: their round is over. */
  reset(): void {
    this.#break(`it was reset${by()} while others waited`);
    this.#why = null;
  }

  /** @internal */
  get title(): string {
    return called("barrier", this.name);
  }

  /** In words, for whoever waits. @internal */
  get label(): string {
    return `${this.title}, ${this.#queue.size} of ${this.parties} there`;
  }

  /** The place of the last one that comes, or `null` for one that has to wait. @internal */
  enter(arrival: Arrival): number | null {
    if (this.#why !== null) throw this.#error(this.#why);
    const place = this.#queue.size;
    if (place < this.parties - 1) {
      this.#queue.push(arrival);
      return null;
    }
    for (const other of this.#queue) {
      if (other.isWaiting) continue; // another one was cancelled, and has not had its step since
      this.#break(other.why);
      throw this.#error(other.why);
    }
    for (let n = 0; n < place; n++) this.#queue.shift()!.complete(n);
    return place;
  }

  /** One that waited was cancelled. @internal */
  left(arrival: Arrival): void {
    if (arrival.list === null) return; // its round is over
    this.#queue.remove(arrival);
    this.#break(arrival.why);
  }

  #break(why: string): void {
    this.#why ??= why;
    for (let wait = this.#queue.shift(); wait !== null; wait = this.#queue.shift())
      wait.fail(this.#error(why));
  }

  #error(why: string): BrokenBarrierError {
    return new BrokenBarrierError(`Cannot wait at ${this.title}: ${why}. Call \`reset()\` for a new round.`);
  }
}

/** It is its own iterator, the first time. */
class Arrival extends QueuedWait<number> implements Awaitable<number> {
  readonly #barrier: Barrier;
  #name = "";

  constructor(barrier: Barrier) {
    super();
    this.#barrier = barrier;
  }

  get label(): string {
    return this.#barrier.label;
  }
  override subject(): Subject {
    return { kind: "barrier", target: this.#barrier };
  }
  override get external(): boolean {
    return true;
  }
  get why(): string {
    return `${this.#name} was cancelled while it waited`;
  }

  [Symbol.iterator](): Arrival {
    return this.unused ? this : new Arrival(this.#barrier);
  }

  protected begin(): boolean {
    this.#name = current.task!.name;
    const place = this.#barrier.enter(this);
    return place !== null && this.ready(place);
  }

  abort(): void {
    this.#barrier.left(this);
  }
}

function by(): string {
  return current.task === null ? "" : ` by ${current.task.name}`;
}
