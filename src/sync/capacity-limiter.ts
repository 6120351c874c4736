/**
 * A capacity limiter: so many tokens, one for each borrower, a task unless something else is named. It is a semaphore that
 * knows who holds what, so nobody takes two by mistake, and whose total may be changed while it is in use. Whoever has
 * waited longest is next.
 *
 * Whoever changes the total may end a wait, a callback of the host too. So its waits count as external.
 */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { current, type Runner } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { describe } from "../kernel/misuse.ts";
import { Task } from "../kernel/task.ts";
import type { Subject } from "../kernel/wait.ts";
import { called, holding, Queue, QueuedWait, type Guard, type SyncOptions } from "./holding.ts";

/** What a capacity limiter shows of itself. */
export interface CapacityLimiterStatistics {
  readonly total: number;
  /** How many tokens are borrowed. It may be more than the total, after that was lowered. */
  readonly borrowed: number;
  /** How many tasks wait. */
  readonly waiting: number;
  /** Who has borrowed one, in words. */
  readonly borrowers: readonly string[];
}

/**
 * Limits how many do something at a time, to a total that may be changed meanwhile. Each borrower has one token: the task
 * that acquires it, or whatever is named as the borrower, a connection, say.
 *
 * @throws RangeError if `total` is neither a whole number, 0 or more, nor `Infinity`.
 * @example
 * ```ts
 * import { CapacityLimiter, run, sleep, taskGroup } from "cede";
 *
 * const limiter = new CapacityLimiter(1, { name: "disk" });
 *
 * await run(() =>
 *   taskGroup(function* (group) {
 *     for (let n = 0; n < 4; n++) group.createTask(() => limiter.with(() => sleep(10)));
 *     yield* sleep(5);
 *     console.log(limiter.borrowed, limiter.statistics.waiting);
 *     limiter.total = 3;
 *     console.log(limiter.borrowed, limiter.statistics.waiting);
 *   }),
 * );
 * // prints: 1 3
 * // prints: 3 1
 * ```
 */
export class CapacityLimiter {
  /** What messages call it. */
  readonly name: string | undefined;
  readonly #borrowers = new Map<unknown, Token>();
  readonly #queue = new Queue<Acquire>();
  #total: number;

  constructor(total: number, { name }: SyncOptions = {}) {
    this.name = name;
    this.#total = checkTotal(total, this.title);
  }

  /**
   * How many tokens there are. Raised, it lets in who waits; lowered, it takes nothing away from those who hold one: nobody
   * gets one until enough have come back. 0 lets nobody in.
   */
  get total(): number {
    return this.#total;
  }

  /** @throws RangeError if it is neither a whole number, 0 or more, nor `Infinity`. */
  set total(total: number) {
    this.#total = checkTotal(total, this.title);
    this.#give();
  }

  /** How many tokens are borrowed. */
  get borrowed(): number {
    return this.#borrowers.size;
  }

  /** How many could be borrowed now. */
  get available(): number {
    return Math.max(0, this.#total - this.#borrowers.size);
  }

  get statistics(): CapacityLimiterStatistics {
    return {
      total: this.#total,
      borrowed: this.#borrowers.size,
      waiting: this.#queue.waiting,
      borrowers: [...this.#borrowers.keys()].map(inWords),
    };
  }

  /**
   * Waits for a token, for this task or for the `borrower` that is given. Release it with what this gives, or with
   * `release`: it does not come back by itself when a task ends.
   *
   * @throws InvalidStateError if the borrower has one already.
   */
  acquire(borrower?: unknown): Awaitable<Guard> {
    return new Acquire(this, borrower);
  }

  /**
   * Takes a token, if there is one; otherwise gives `undefined`, at once.
   *
   * @throws InvalidStateError if the borrower has one already, or, outside every task, if none is given.
   */
  tryAcquire(borrower?: unknown): Guard | undefined {
    const who = this.#borrower(borrower, "acquire");
    this.#refuseTwo(who);
    return this.available === 0 ? undefined : this.#lend(new Token(this, who), current.task);
  }

  /**
   * Runs `body` while this task has a token, and gives it back on every way out.
   *
   * @throws as `acquire` does; what `body` throws.
   */
  with<T>(body: Body<T>): Awaitable<T> {
    return holding(this.acquire(), body);
  }

  /**
   * Gives the token of this task, or of the `borrower` that is given, to whoever has waited longest.
   *
   * @throws InvalidStateError if the borrower has none.
   */
  release(borrower?: unknown): void {
    const who = this.#borrower(borrower, "release");
    const token = this.#borrowers.get(who);
    if (token === undefined) {
      throw new InvalidStateError(
        `Cannot release ${this.title}: ${inWords(who)} has no token of it. A token is released once, for the borrower ` +
          "that it was acquired for.",
      );
    }
    this.giveBack(token);
  }

  /** @internal */
  get title(): string {
    return called("capacity limiter", this.name);
  }

  /** In words, for whoever waits. @internal */
  get label(): string {
    return `${this.title}, ${this.#borrowers.size} of ${this.#total} borrowed`;
  }

  /** Lends a token, or queues the wait. @internal */
  enter(wait: Acquire): Token | null {
    wait.who = this.#borrower(wait.borrower, "acquire");
    this.#refuseTwo(wait.who);
    if (this.available > 0) return this.#lend(wait.token(), wait.owner);
    this.#queue.push(wait);
    return null;
  }

  /** @internal */
  unqueue(wait: Acquire): void {
    this.#queue.remove(wait);
  }

  /** Does nothing if that was done. @internal */
  giveBack(token: Token): void {
    if (this.#borrowers.get(token.borrower) !== token) return;
    this.#borrowers.delete(token.borrower);
    current.monitor?.resource?.("release", this, 1, current.task, token);
    this.#give();
  }

  #give(): void {
    while (this.available > 0) {
      const wait = this.#queue.shift();
      if (wait === null) return;
      const token = wait.token();
      if (this.#borrowers.has(wait.who)) wait.fail(this.#twice(wait.who));
      else if (wait.complete(token)) this.#lend(token, wait.owner);
    }
  }

  #lend(token: Token, task: Runner | null): Token {
    this.#borrowers.set(token.borrower, token);
    current.monitor?.resource?.("acquire", this, 1, task, token);
    return token;
  }

  #borrower(borrower: unknown, what: string): unknown {
    const who = borrower ?? current.task;
    if (who !== null) return who;
    throw new InvalidStateError(
      `Cannot ${what} ${this.title}: no task is running here that could be the borrower. Name one, ` +
        `\`limiter.${what}(borrower)\`, or call it in a coroutine that \`run\` or \`createTask\` started.`,
    );
  }

  #refuseTwo(borrower: unknown): void {
    if (this.#borrowers.has(borrower)) throw this.#twice(borrower);
  }

  #twice(borrower: unknown): InvalidStateError {
    return new InvalidStateError(
      `Cannot acquire ${this.title}: ${inWords(borrower)} has a token of it already, and each borrower has one. Name ` +
        "another borrower, or use a `Semaphore`.",
    );
  }
}

class Token implements Guard {
  readonly #limiter: CapacityLimiter;
  readonly borrower: unknown;

  constructor(limiter: CapacityLimiter, borrower: unknown) {
    this.#limiter = limiter;
    this.borrower = borrower;
  }

  release(): void {
    this.#limiter.giveBack(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A wait for a token. It is its own iterator, the first time. */
class Acquire extends QueuedWait<Guard> implements Awaitable<Guard> {
  readonly #limiter: CapacityLimiter;
  /** What was named. */
  readonly borrower: unknown;
  /** That, or the task that waits. */
  who: unknown = null;

  constructor(limiter: CapacityLimiter, borrower: unknown) {
    super();
    this.#limiter = limiter;
    this.borrower = borrower;
  }

  get label(): string {
    return this.#limiter.label;
  }
  get owner(): Runner | null {
    return this.task;
  }
  override subject(): Subject {
    return { kind: "limiter", target: this.#limiter };
  }
  override get external(): boolean {
    return true;
  }

  [Symbol.iterator](): Acquire {
    return this.unused ? this : new Acquire(this.#limiter, this.borrower);
  }

  protected begin(): boolean {
    const token = this.#limiter.enter(this);
    return token !== null && this.ready(token);
  }

  abort(): void {
    this.#limiter.unqueue(this);
  }

  token(): Token {
    return new Token(this.#limiter, this.who);
  }
}

function inWords(borrower: unknown): string {
  return borrower instanceof Task ? borrower.name : describe(borrower);
}

function checkTotal(total: number, title: string): number {
  if (total === Infinity || (Number.isInteger(total) && total >= 0)) return total;
  throw new RangeError(
    `Cannot give ${title} a total of ${describe(total)}: it is a whole number, 0 or more, or \`Infinity\`.`,
  );
}
