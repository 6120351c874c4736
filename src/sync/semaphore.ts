/**
 * A semaphore: so many permits, which are taken and given back. Whoever has waited longest is next, also where that one
 * wants many permits and others only one: nobody who wants much is starved by those who want little.
 *
 * It has a greatest number of permits, so that one released twice is found. And since what `with` holds is released by
 * `with` alone, a circle of such tasks is known for certain. What was acquired by hand may be released by anybody, a
 * callback of the host too: while any permit is taken so, nothing is certain, and the waits count as external.
 */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { current, type Enders, type Runner } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { Link, LinkedList } from "../kernel/list.ts";
import { describe } from "../kernel/misuse.ts";
import type { Subject } from "../kernel/wait.ts";
import { called, holding, Loops, Queue, QueuedWait, type Guard, type SyncOptions } from "./holding.ts";

/** How a semaphore is made. */
export interface SemaphoreOptions extends SyncOptions {
  /** How many permits there are at most; unless given, as many as there are at first. May be `Infinity`. */
  max?: number;
}

/** Permits that are held. */
export interface SemaphoreGuard extends Guard {
  /** How many. */
  readonly permits: number;
}

/** What a semaphore shows of itself. */
export interface SemaphoreStatistics {
  /** How many permits nobody holds. */
  readonly available: number;
  /** How many there are at most. */
  readonly max: number;
  /** How many tasks wait. */
  readonly waiting: number;
}

/**
 * Lets so many tasks do something at a time. First come, first served. `with` and `using` release what they acquire.
 *
 * Permits acquired with `acquire` may be released by anybody, so a semaphore can count things, too: the free places of a
 * buffer, say, taken by those who fill it and released by those who empty it. One that counts up from nothing needs
 * room: `new Semaphore(0, { max: Infinity })`.
 *
 * @throws RangeError if `permits` is not a whole number, 0 or more, or `max` less.
 * @example
 * ```ts
 * import { run, Semaphore, sleep, taskGroup } from "cede";
 *
 * const slots = new Semaphore(2, { name: "slots" });
 *
 * function* load(name: string) {
 *   yield* slots.with(function* () {
 *     yield* sleep(5);
 *     console.log(`${name}, ${slots.available} free`);
 *   });
 * }
 *
 * await run(() =>
 *   taskGroup(function* (group) {
 *     for (const name of ["a", "b", "c"]) group.createTask(() => load(name));
 *   }),
 * );
 * // prints: a, 0 free
 * // prints: b, 0 free
 * // prints: c, 1 free
 * ```
 */
export class Semaphore {
  /** What messages call it. */
  readonly name: string | undefined;
  readonly #max: number;
  #available: number;
  /** Those that `with` holds. */
  readonly #kept = new LinkedList<Permits>();
  #keptPermits = 0;
  readonly #queue = new Queue<Acquire>();
  /** How many of those who wait may give what they get to anybody. */
  #waitingByHand = 0;
  readonly #loops = new Loops();

  constructor(permits: number, { name, max = permits }: SemaphoreOptions = {}) {
    if (!Number.isInteger(permits) || permits < 0) {
      throw new RangeError(
        `Cannot make a semaphore of ${describe(permits)} permits: give a whole number, 0 or more.`,
      );
    }
    if (!(max >= permits) || (max !== Infinity && !Number.isInteger(max))) {
      throw new RangeError(
        `Cannot make a semaphore of ${permits} permits, at most ${describe(max)}: that is a whole number not below the ` +
          "first, or `Infinity`.",
      );
    }
    this.name = name;
    this.#available = permits;
    this.#max = max;
  }

  /** How many permits nobody holds. Those who wait for more come first. */
  get available(): number {
    return this.#available;
  }

  get statistics(): SemaphoreStatistics {
    return { available: this.#available, max: this.#max, waiting: this.#queue.waiting };
  }

  /**
   * Waits until `permits` permits (1 unless given) can be taken together, and takes them. Release them with what this
   * gives, or with `release`.
   *
   * @throws RangeError if there can never be so many.
   */
  acquire(permits = 1): Awaitable<SemaphoreGuard> {
    this.#check("acquire", permits);
    return new Acquire(this, permits, false);
  }

  /**
   * Takes `permits` permits (1 unless given) if that is possible at once and nobody waits; otherwise gives `undefined`.
   *
   * @throws RangeError if there can never be so many.
   */
  tryAcquire(permits = 1): SemaphoreGuard | undefined {
    this.#check("acquire", permits);
    return this.#isFree(permits) ? this.#take(new Permits(this, permits, null), current.task) : undefined;
  }

  /**
   * Runs `body` while holding a permit, or `permits` of them, and releases them on every way out.
   *
   * @throws RangeError if there can never be so many; what `body` throws.
   */
  with<T>(body: Body<T>): Awaitable<T>;
  with<T>(permits: number, body: Body<T>): Awaitable<T>;
  with<T>(...args: [Body<T>] | [number, Body<T>]): Awaitable<T> {
    const [permits, body] = args.length === 1 ? [1, args[0]] : args;
    this.#check("acquire", permits);
    return holding(new Acquire(this, permits, true), body);
  }

  /**
   * Gives `permits` permits (1 unless given) to those who have waited longest. Anybody may.
   *
   * @throws InvalidStateError if there would be more than there can be: they were not taken.
   */
  release(permits = 1): void {
    this.#check("release", permits);
    this.putBack(permits);
  }

  /** @internal */
  get title(): string {
    return called("semaphore", this.name);
  }

  /** @internal */
  labelFor(permits: number): string {
    const what = permits === 1 ? this.title : `${permits} permits of ${this.title}`;
    return `${what}, ${this.#available}${this.#max === Infinity ? "" : ` of ${this.#max}`} free`;
  }

  /** Takes the permits, or queues the wait. @internal */
  enter(wait: Acquire): Permits | null {
    if (this.#isFree(wait.permits)) return this.#take(wait.guard(), wait.owner);
    this.#loops.add(wait.owner!.loop);
    wait.closed =
      this.#waitingByHand === 0 && !this.#loops.several && this.#available + this.#keptPermits === this.#max;
    if (!wait.keeps) this.#waitingByHand++;
    this.#queue.push(wait);
    return null;
  }

  /** Those who would release what is held. @internal */
  *keepers(): Iterable<Runner> {
    for (const { keeper } of this.#kept) yield keeper!;
  }

  /** The wait has been cancelled. What it would have taken may be enough for those behind it. @internal */
  unqueue(wait: Acquire): void {
    this.#leave(wait);
    this.#give();
  }

  /** What a guard held. @internal */
  giveBack(guard: Permits): void {
    if (guard.keeper !== null) {
      this.#kept.remove(guard);
      this.#keptPermits -= guard.permits;
    }
    this.putBack(guard.permits, guard);
  }

  /** `guard`: what held them, where that is known. @internal */
  putBack(permits: number, guard?: Permits): void {
    const taken = this.#max - this.#available - this.#keptPermits;
    if (permits > taken) {
      throw new InvalidStateError(
        `Cannot release ${permits} permit${permits === 1 ? "" : "s"} of ${this.title}: ${taken} of ${this.#max} ` +
          `${taken === 1 ? "is" : "are"} taken${this.#keptPermits > 0 ? `, and ${this.#keptPermits} by \`with\`, which releases them itself` : ""}. ` +
          "Release once what was acquired once; where it counts up, give it room, as in " +
          "`new Semaphore(0, { max: Infinity })`.",
      );
    }
    this.#available += permits;
    current.monitor?.resource?.("release", this, permits, current.task, guard);
    this.#give();
  }

  #check(what: "acquire" | "release", permits: number): void {
    if (Number.isInteger(permits) && permits > 0 && (what === "release" || permits <= this.#max)) return;
    throw new RangeError(
      `Cannot ${what} ${describe(permits)} permits of ${this.title}: ` +
        (permits > this.#max ? `it never has more than ${this.#max}.` : "give a whole number, 1 or more."),
    );
  }

  /** Whether there are so many, and nobody waits who comes first. */
  #isFree(permits: number): boolean {
    this.#give(); // one that was cancelled may still be in the queue, and keep back those behind it
    return this.#queue.isEmpty && permits <= this.#available;
  }

  /** Gives to those who have waited longest, as long as there is enough for the first. */
  #give(): void {
    for (
      let wait = this.#queue.first as Acquire | null;
      wait !== null && (!wait.isWaiting || wait.permits <= this.#available);
      wait = this.#queue.first as Acquire | null
    ) {
      this.#leave(wait);
      const guard = wait.guard();
      if (wait.complete(guard)) this.#take(guard, wait.owner);
    }
    if (this.#queue.size === 0 && this.#keptPermits === 0) this.#loops.clear();
  }

  #leave(wait: Acquire): void {
    if (!wait.keeps && wait.list !== null) this.#waitingByHand--;
    this.#queue.remove(wait);
  }

  #take(guard: Permits, task: Runner | null): Permits {
    this.#available -= guard.permits;
    if (guard.keeper !== null) {
      this.#loops.add(guard.keeper.loop);
      this.#kept.push(guard);
      this.#keptPermits += guard.permits;
    }
    current.monitor?.resource?.("acquire", this, guard.permits, task, guard);
    return guard;
  }
}

class Permits extends Link implements SemaphoreGuard {
  readonly #semaphore: Semaphore;
  readonly permits: number;
  /** Whose `with` releases them. */
  readonly keeper: Runner | null;
  #held = true;

  constructor(semaphore: Semaphore, permits: number, keeper: Runner | null) {
    super();
    this.#semaphore = semaphore;
    this.permits = permits;
    this.keeper = keeper;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#semaphore.giveBack(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A wait for permits. It is its own iterator, the first time. */
class Acquire extends QueuedWait<SemaphoreGuard> implements Awaitable<SemaphoreGuard> {
  readonly #semaphore: Semaphore;
  readonly permits: number;
  /** Whether what it gets is released by `with` alone. */
  readonly keeps: boolean;
  owner: Runner | null = null;
  /** Whether tasks alone can end it: all permits are held so, also those that others get before. */
  closed = false;

  constructor(semaphore: Semaphore, permits: number, keeps: boolean) {
    super();
    this.#semaphore = semaphore;
    this.permits = permits;
    this.keeps = keeps;
  }

  get label(): string {
    return this.#semaphore.labelFor(this.permits);
  }
  override subject(): Subject {
    return { kind: "semaphore", target: this.#semaphore };
  }
  override get external(): boolean {
    return !this.closed;
  }
  override enders(): Enders | null {
    return this.closed ? { tasks: this.#semaphore.keepers(), any: true } : null;
  }

  [Symbol.iterator](): Acquire {
    return this.unused ? this : new Acquire(this.#semaphore, this.permits, this.keeps);
  }

  protected begin(): boolean {
    this.owner = current.task!;
    const guard = this.#semaphore.enter(this);
    if (guard !== null) return this.ready(guard);
    if (this.closed) this.task!.loop.suspect(this.task!, this);
    return false;
  }

  abort(): void {
    this.#semaphore.unqueue(this);
  }

  guard(): Permits {
    return new Permits(this.#semaphore, this.permits, this.keeps ? this.owner : null);
  }
}
