/**
 * A lock: one task at a time holds it, and whoever has waited longest is next. It is handed over directly: it is
 * never free while somebody waits, so nobody can slip in between.
 *
 * The owner is a task. If it ends without having released the lock, that is a mistake, which is reported; the lock is
 * handed on as *broken*, and stays so until an owner says that it has put right what the lock guards.
 */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { current, type Enders } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import type { Waiter } from "../kernel/future.ts";
import { Link } from "../kernel/list.ts";
import { report } from "../kernel/report.ts";
import type { Task } from "../kernel/task.ts";
import type { Subject } from "../kernel/wait.ts";
import { called, holding, Loops, Queue, QueuedWait, type Guard, type SyncOptions } from "./holding.ts";

/** A lock that is held by the task that acquired it. */
export interface LockGuard extends Guard {
  /** Whether an owner ended without releasing the lock: what the lock guards may be half done. See `Lock.repair`. */
  readonly broken: boolean;
  /**
   * Hands the lock to whoever has waited longest. Does nothing if that was done.
   *
   * @throws InvalidStateError in another task than the owner.
   */
  release(): void;
}

/** What a lock shows of itself. */
export interface LockStatistics {
  /** The name of the task that holds it. */
  readonly owner: string | undefined;
  /** How many tasks wait for it. */
  readonly waiting: number;
  readonly broken: boolean;
}

/**
 * Keeps others out while a task does several things that must not be mixed with theirs, waits included. First come,
 * first served. It is not re-entrant: acquiring it again in the task that holds it is an error.
 *
 * A lock belongs to the task that acquired it. If that ends without releasing it, the lock is `broken`: that is reported,
 * and the next owner has the lock all the same. With `with` and `using` it cannot happen.
 *
 * @example
 * ```ts
 * import { Lock, run, sleep, taskGroup } from "cede";
 *
 * const lock = new Lock({ name: "account" });
 * let balance = 100;
 *
 * function* deposit(amount: number) {
 *   using _guard = yield* lock.acquire();
 *   const before = balance;
 *   yield* sleep(1); // whatever takes a moment
 *   balance = before + amount;
 * }
 *
 * await run(() =>
 *   taskGroup(function* (group) {
 *     group.createTask(() => deposit(10));
 *     group.createTask(() => deposit(20));
 *   }),
 * );
 * console.log(balance); // prints: 130
 * ```
 */
export class Lock {
  /** What messages call it. */
  readonly name: string | undefined;
  readonly #queue = new Queue<Acquire>();
  readonly #loops = new Loops();
  #hold: Hold | null = null;
  #broken = false;

  constructor({ name }: SyncOptions = {}) {
    this.name = name;
  }

  /** Whether a task holds it. */
  get locked(): boolean {
    return this.#hold !== null;
  }

  /** Whether an owner ended without releasing it, and nobody has called `repair` since. */
  get broken(): boolean {
    return this.#broken;
  }

  get statistics(): LockStatistics {
    return { owner: this.#hold?.owner.name, waiting: this.#queue.waiting, broken: this.#broken };
  }

  /**
   * Waits until it is this task's turn to hold the lock. Release it with what this gives: `using guard = yield*
   * lock.acquire()` does so at the end of the block.
   *
   * @throws InvalidStateError if this task holds it already; DeadlockError if tasks wait for each other's locks.
   */
  acquire(): Awaitable<LockGuard> {
    return new Acquire(this, null);
  }

  /**
   * Takes the lock if nobody holds it; otherwise gives `undefined`, at once.
   *
   * @throws InvalidStateError outside every task, or if this task holds it already.
   */
  tryAcquire(): LockGuard | undefined {
    const task = current.task as Task<unknown> | null;
    if (task === null) {
      throw new InvalidStateError(
        `Cannot acquire ${this.title}: no task is running here, and a lock belongs to a task. Call it in a coroutine ` +
          "that `run` or `createTask` started.",
      );
    }
    this.refuseAgain(task);
    return this.#hold === null ? this.#give(new Hold(this, task)) : undefined;
  }

  /**
   * Runs `body` while holding the lock, and releases it on every way out.
   *
   * @throws as `acquire` does; what `body` throws.
   */
  with<T>(body: Body<T>): Awaitable<T> {
    return holding(this.acquire(), body);
  }

  /**
   * Hands the lock to whoever has waited longest.
   *
   * @throws InvalidStateError if this task does not hold it.
   */
  release(): void {
    this.mine("release").release();
  }

  /**
   * Says that what the lock guards is in order again, after an owner had ended without releasing it.
   *
   * @throws InvalidStateError if this task does not hold it.
   */
  repair(): void {
    this.mine("repair");
    this.#broken = false;
  }

  /** @internal */
  get title(): string {
    return called("lock", this.name);
  }

  /** In words, for whoever waits. @internal */
  get label(): string {
    return this.#hold === null ? this.title : `${this.title} held by ${this.#hold.owner.name}`;
  }

  /** Whether tasks of other loops hold it or wait for it, too. @internal */
  get external(): boolean {
    return this.#loops.several;
  }

  /** @internal */
  get enders(): Enders | null {
    return this.external ? null : { tasks: this.#hold === null ? [] : [this.#hold.owner], any: true };
  }

  /** @internal */
  get holder(): Hold | null {
    return this.#hold;
  }

  /** What this task holds. @internal */
  mine(what: string): Hold {
    const { task } = current;
    if (this.#hold !== null && this.#hold.owner === task) return this.#hold;
    throw new InvalidStateError(
      `Cannot ${what} ${this.title}${task === null ? "" : ` in ${task.name}`}: it is ` +
        (this.#hold === null ? "not held" : `held by ${this.#hold.owner.name}`) +
        `. It is the task that acquires a lock that may ${what} it.`,
    );
  }

  /** A wait for what a task held before, and let go of for a time. @internal */
  again(hold: Hold): Awaitable<LockGuard> {
    return new Acquire(this, hold);
  }

  /** @internal */
  refuseAgain(task: object | null): void {
    if (this.#hold === null || this.#hold.owner !== task) return;
    throw new InvalidStateError(
      `Cannot acquire ${this.title}: ${this.#hold.owner.name} holds it already, and would wait for itself. Acquire it ` +
        "once, further out, and call inside what needs it to be held.",
    );
  }

  /** Gives it, or queues the wait. @internal */
  enter(wait: Acquire): Hold | null {
    this.refuseAgain(wait.owner);
    if (this.#hold === null) return this.#give(wait.hold());
    this.#loops.add(wait.owner!.loop);
    this.#queue.push(wait);
    return null;
  }

  /** @internal */
  unqueue(wait: Acquire): void {
    this.#queue.remove(wait);
  }

  /** @internal */
  pass(hold: Hold): void {
    if (this.#hold !== hold) return;
    hold.owner.unsubscribe(hold);
    current.monitor?.resource?.("release", this, 1, hold.owner, hold);
    for (let wait = this.#queue.shift(); wait !== null; wait = this.#queue.shift()) {
      const next = wait.hold();
      if (wait.complete(next)) return void this.#give(next);
    }
    this.#hold = null;
    this.#loops.clear();
  }

  /** @internal */
  ownerEnded(hold: Hold): void {
    this.#broken = true;
    report(
      hold.owner,
      "lock-broken",
      `${hold.owner.name} ended while it held ${this.title}, which is handed on as broken: what it guards may be half ` +
        "done. A lock belongs to the task that acquires it; `using guard = yield* lock.acquire()` and " +
        "`yield* lock.with(body)` release it whatever happens.",
    );
    this.pass(hold);
  }

  #give(hold: Hold): Hold {
    this.#hold = hold;
    this.#loops.add(hold.owner.loop);
    hold.owner.subscribe(hold);
    current.monitor?.resource?.("acquire", this, 1, hold.owner, hold);
    return hold;
  }
}

/** The guard. It is told when its owner ends. */
export class Hold extends Link implements LockGuard, Waiter {
  readonly #lock: Lock;
  readonly owner: Task<unknown>;

  constructor(lock: Lock, owner: Task<unknown>) {
    super();
    this.#lock = lock;
    this.owner = owner;
  }

  get broken(): boolean {
    return this.#lock.broken;
  }
  get held(): boolean {
    return this.list !== null;
  }

  release(): void {
    if (!this.held) return;
    this.#lock.mine("release");
    this.#lock.pass(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  get deaf(): true {
    return true;
  }

  settled(): void {
    this.#lock.ownerEnded(this);
  }
}

/** A wait for the lock. It is its own iterator, the first time. */
class Acquire extends QueuedWait<LockGuard> implements Awaitable<LockGuard> {
  readonly #lock: Lock;
  /** What is to be held again, after a condition was waited for. */
  readonly #again: Hold | null;
  owner: Task<unknown> | null = null;

  constructor(lock: Lock, again: Hold | null) {
    super();
    this.#lock = lock;
    this.#again = again;
  }

  get label(): string {
    return this.#lock.label;
  }
  override subject(): Subject {
    return { kind: "lock", target: this.#lock };
  }
  override get external(): boolean {
    return this.#lock.external;
  }
  override enders(): Enders | null {
    return this.#lock.enders;
  }

  [Symbol.iterator](): Acquire {
    return this.unused ? this : new Acquire(this.#lock, this.#again);
  }

  protected begin(): boolean {
    this.owner = current.task as Task<unknown>;
    const hold = this.#lock.enter(this);
    if (hold !== null) return this.ready(hold);
    this.task!.loop.suspect(this.task!, this);
    return false;
  }

  abort(): void {
    this.#lock.unqueue(this);
  }

  hold(): Hold {
    return this.#again ?? new Hold(this.#lock, this.owner!);
  }
}
