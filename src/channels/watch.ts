/**
 * A value that changes, and those who wait for that. Values in between may be missed, the last one never: who waits says
 * which value it has seen, and what is another one by then is there at once.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import { checkGiven } from "../kernel/given.ts";
import { LinkedList } from "../kernel/list.ts";
import type { Subject } from "../kernel/wait.ts";
import { byWhom, titleOf } from "./base-channel.ts";
import { ChannelClosedError } from "./errors.ts";
import { countWaiting, QueuedWait } from "./waits.ts";

/** What is known of a watch at this moment. */
export interface WatchStatistics {
  /** How many waits for a value there are. */
  readonly waiting: number;
  /** Whether it will not change any more. */
  readonly closed: boolean;
}

/**
 * The last value of something, and a wait for another one. Values are told apart as `Object.is` does, so set a new object
 * instead of changing the one that is there.
 *
 * @example
 * ```ts
 * import { createTask, run, sleep, Watch } from "cede";
 *
 * await run(function* () {
 *   const level = new Watch("calm", { name: "level" });
 *   createTask(function* () {
 *     yield* sleep(5);
 *     level.set("wind");
 *     level.set("storm");
 *   });
 *   let seen = level.value;
 *   while (seen !== "storm") {
 *     seen = yield* level.changed(seen);
 *     console.log(seen);
 *   }
 * });
 * // prints: wind
 * // prints: storm
 * ```
 */
export class Watch<T> {
  /** @internal */ readonly title: string;
  /** @internal */ readonly waits: LinkedList<WatchWait<T>> = new LinkedList();
  #value: T;
  #closed: string | null = null;

  /** `name` is what messages and labels call it. */
  constructor(value: T, { name }: { name?: string } = {}) {
    this.#value = value;
    this.title = titleOf("watch", name);
  }

  /** The last value. */
  get value(): T {
    return this.#value;
  }

  /** Who waits: at this moment. */
  get statistics(): WatchStatistics {
    return { waiting: countWaiting(this.waits), closed: this.#closed !== null };
  }

  /**
   * Sets the value, and wakes whoever waits for it.
   *
   * @throws ChannelClosedError if it is closed.
   */
  set(value: T): void {
    this.refuseClosed("set");
    this.#value = value;
    for (let wait = this.waits.first as WatchWait<T> | null, next; wait !== null; wait = next) {
      next = wait.after as WatchWait<T> | null;
      wait.look(value);
    }
  }

  /**
   * Sets the value to what `change` makes of the last one.
   *
   * @throws ChannelClosedError if it is closed; what `change` throws.
   */
  update(change: (value: T) => T): void {
    this.set(change(this.#value));
  }

  /**
   * Waits until the value is another one than `seen`: the one at the moment of this call, unless given. Give the one that
   * was seen last, and no change is missed that came since.
   *
   * @throws ChannelClosedError if it is closed without another value, or is while this waits.
   */
  changed(...seen: [seen?: T]): Awaitable<T> {
    const from = seen.length === 0 ? this.#value : seen[0];
    return new WatchWait<T>(this, "another value", (value) => !Object.is(value, from));
  }

  /**
   * Waits until `test` is true of the value. It is asked at once, and whenever a value is set; what it throws fails the
   * wait.
   *
   * @throws ChannelClosedError if it is closed without such a value, or is while this waits; TypeError if `test` gives
   * something to await.
   */
  when<S extends T>(test: (value: T) => value is S): Awaitable<S>;
  when(test: (value: T) => boolean): Awaitable<T>;
  when(test: (value: T) => boolean): Awaitable<T> {
    return new WatchWait<T>(this, "a value", (value) => checkGiven(test(value), "the test of `when`"));
  }

  /** Says that it will not change any more. Whoever waits gets a ChannelClosedError. Closing it again does nothing. */
  close(): void {
    if (this.#closed !== null) return;
    this.#closed = `it was closed${byWhom()}`;
    for (let wait = this.waits.shift(); wait !== null; wait = this.waits.shift()) {
      wait.fail(this.#closedError("wait for a change of"));
    }
  }

  /** @internal */
  refuseClosed(what: string): void {
    if (this.#closed !== null) throw this.#closedError(what);
  }

  #closedError(what: string): ChannelClosedError {
    return new ChannelClosedError(
      `Cannot ${what} ${this.title}: ${this.#closed}. Close it after the last change.`,
    );
  }
}

/** What a wait sees of its watch. */
interface Watched<T> {
  readonly title: string;
  readonly waits: LinkedList<WatchWait<T>>;
  readonly value: T;
  refuseClosed(what: string): void;
}

class WatchWait<T> extends QueuedWait<T> implements Awaitable<T> {
  readonly #of: Watched<T>;
  readonly #what: string;
  readonly #test: (value: T) => boolean;

  constructor(of: Watched<T>, what: string, test: (value: T) => boolean) {
    super();
    this.#of = of;
    this.#what = what;
    this.#test = test;
  }

  get label(): string {
    return `${this.#what} of ${this.#of.title}`;
  }
  override subject(): Subject {
    return { kind: "watch", target: this.#of };
  }
  [Symbol.iterator](): WatchWait<T> {
    return this.unused ? this : new WatchWait(this.#of, this.#what, this.#test);
  }

  protected begin(): boolean {
    const { value } = this.#of;
    if (this.#test(value)) return this.ready(value);
    this.#of.refuseClosed("wait for a change of");
    this.#of.waits.push(this);
    return false;
  }

  abort(): void {
    this.#of.waits.remove(this);
  }

  look(value: T): void {
    try {
      if (!this.#test(value)) return;
    } catch (error) {
      this.abort();
      this.fail(error);
      return;
    }
    this.abort();
    this.complete(value);
  }
}
