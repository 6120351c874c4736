/**
 * A condition: a task that holds a lock waits, without it, until another one that holds it notifies; and goes on with the
 * lock held again.
 *
 * The lock is let go of where the wait begins, and acquired again where `wait` is left, on every way out: by cleanup,
 * which nothing cancels. So nobody returns or is unwound without it. A notification is given to exactly one wait (S7): one
 * that was cancelled before is passed over; one that was notified before it was cancelled returns, and its task goes on
 * to its next checkpoint. So none is lost.
 */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { coroutine } from "../kernel/coroutine.ts";
import { current } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { checkGiven } from "../kernel/given.ts";
import { describe } from "../kernel/misuse.ts";
import { checkpoint } from "../kernel/sleep.ts";
import type { Subject } from "../kernel/wait.ts";
import { Release } from "../structure/release.ts";
import { called, Queue, QueuedWait, type SyncOptions } from "./holding.ts";
import { Lock, type Hold, type LockGuard } from "./lock.ts";

/** How a condition is made. */
export interface ConditionOptions extends SyncOptions {
  /** The lock that is held around it; one of its own, unless given. Several conditions may share one. */
  lock?: Lock;
}

/** What a condition shows of itself. */
export interface ConditionStatistics {
  /** How many tasks wait to be notified. */
  readonly waiting: number;
}

/**
 * Waits until others have changed something that a lock guards. Look at it again after each `wait`, since others may
 * have come in between: `waitFor` does that.
 *
 * A task that is cancelled while it waits holds the lock again before its cleanup begins.
 *
 * @example
 * ```ts
 * import { Condition, run, sleep, taskGroup } from "cede";
 *
 * const changed = new Condition({ name: "stock" });
 * let stock = 0;
 *
 * function* buy(count: number) {
 *   yield* changed.with(function* () {
 *     yield* changed.waitFor(() => stock >= count);
 *     stock -= count;
 *     console.log(`bought ${count}, ${stock} left`);
 *   });
 * }
 *
 * await run(() =>
 *   taskGroup(function* (group) {
 *     group.createTask(() => buy(3));
 *     for (let n = 0; n < 4; n++) {
 *       yield* sleep(5);
 *       yield* changed.with(function* () {
 *         stock++;
 *         changed.notify();
 *       });
 *     }
 *   }),
 * );
 * console.log(stock);
 * // prints: bought 3, 0 left
 * // prints: 1
 * ```
 */
export class Condition {
  /** What messages call it. */
  readonly name: string | undefined;
  /** The lock that is to be held. */
  readonly lock: Lock;
  readonly #queue = new Queue<Notification>();

  constructor({ name, lock = new Lock({ name }) }: ConditionOptions = {}) {
    if (!(lock instanceof Lock)) {
      throw new TypeError(
        `Cannot make a condition with ${describe(lock)} for a lock: give a \`Lock\`, or leave it out.`,
      );
    }
    this.name = name;
    this.lock = lock;
  }

  get statistics(): ConditionStatistics {
    return { waiting: this.#queue.waiting };
  }

  /** Acquires the lock: see `Lock.acquire`. */
  acquire(): Awaitable<LockGuard> {
    return this.lock.acquire();
  }

  /** Runs `body` while holding the lock: see `Lock.with`. */
  with<T>(body: Body<T>): Awaitable<T> {
    return this.lock.with(body);
  }

  /**
   * Lets go of the lock, waits to be notified, and acquires the lock again.
   *
   * @throws InvalidStateError if this task does not hold the lock.
   */
  wait(): Awaitable<void> {
    return waitOnce(this);
  }

  /**
   * Waits until `predicate` gives something true, and gives that. It is called while the lock is held, first at once, then
   * after each notification.
   *
   * @throws InvalidStateError if this task does not hold the lock; what `predicate` throws; TypeError if it gives
   * something to await.
   */
  waitFor<T>(predicate: () => T): Awaitable<T> {
    if (typeof predicate === "function") return waitUntil(this, predicate);
    throw new TypeError(
      `Cannot wait for ${describe(predicate)}: give a function that is called after each notification.`,
    );
  }

  /**
   * Wakes `count` of those who wait (1 unless given), who have waited longest. Where fewer wait, those; nothing is kept
   * for whoever comes later.
   *
   * @throws InvalidStateError if this task does not hold the lock; RangeError for what is no number.
   */
  notify(count = 1): void {
    if (!(count >= 0)) {
      throw new RangeError(
        `Cannot notify ${describe(count)} tasks that wait for ${this.label}: give a number, 0 or more.`,
      );
    }
    this.owned("notify those who wait for");
    for (let left = count; left > 0;) {
      const wait = this.#queue.shift();
      if (wait === null) break;
      if (wait.complete()) left--;
    }
  }

  /**
   * Wakes all who wait. They have the lock one after the other.
   *
   * @throws InvalidStateError if this task does not hold the lock.
   */
  notifyAll(): void {
    this.notify(Infinity);
  }

  /** In words, for whoever waits. @internal */
  get label(): string {
    return called("condition", this.name);
  }

  /** What this task holds of the lock. @internal */
  owned(what: string): Hold {
    if (this.lock.holder !== null && this.lock.holder.owner === current.task) return this.lock.holder;
    throw new InvalidStateError(
      `Cannot ${what} ${this.label}${current.task === null ? "" : ` in ${current.task.name}`}: that does not hold its ` +
        `lock (${this.lock.holder === null ? "nobody does" : `${this.lock.holder.owner.name} does`}). Do it inside ` +
        "`yield* condition.with(body)`.",
    );
  }

  /** @internal */
  enter(wait: Notification, hold: Hold): void {
    this.#queue.push(wait);
    this.lock.pass(hold);
  }

  /** @internal */
  unqueue(wait: Notification): void {
    this.#queue.remove(wait);
  }
}

const waitOnce = coroutine(function* wait(condition: Condition): Awaitable<void> {
  const { lock } = condition;
  const hold = condition.owned("wait for");
  current.task!.onLeave(
    new Release(() => (hold.held ? undefined : lock.again(hold)), `the lock of ${condition.label}`),
  );
  yield* new Notification(condition, hold);
});

const waitUntil = coroutine(function* waitFor<T>(condition: Condition, predicate: () => T): Awaitable<T> {
  condition.owned("wait for");
  yield* checkpoint;
  for (;;) {
    const value = checkGiven(predicate(), "the predicate of `waitFor`");
    if (value) return value;
    yield* waitOnce(condition);
  }
});

/** A wait to be notified, which nobody else sees. */
class Notification extends QueuedWait<void> implements Awaitable<void> {
  readonly #condition: Condition;
  readonly #hold: Hold;

  constructor(condition: Condition, hold: Hold) {
    super();
    this.#condition = condition;
    this.#hold = hold;
  }

  get label(): string {
    return this.#condition.label;
  }
  override subject(): Subject {
    return { kind: "condition", target: this.#condition };
  }
  override get external(): boolean {
    return true;
  }

  [Symbol.iterator](): this {
    return this;
  }

  protected begin(): boolean {
    this.#condition.enter(this, this.#hold);
    return false;
  }

  abort(): void {
    this.#condition.unqueue(this);
  }
}
