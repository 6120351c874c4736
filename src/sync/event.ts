/**
 * An event: it is set or not, and tasks wait until it is. Setting it wakes all of them, in the order in which they came;
 * it stays set until it is cleared. Anybody may set it, a callback of the host too.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import type { Subject } from "../kernel/wait.ts";
import { called, Queue, QueuedWait, type SyncOptions } from "./holding.ts";

/** What an event shows of itself. */
export interface EventStatistics {
  readonly isSet: boolean;
  /** How many tasks wait. */
  readonly waiting: number;
}

/**
 * Something that happens, and that any number of tasks may wait for. Also exported as `AsyncEvent`, since browsers have an
 * `Event` of their own.
 *
 * @example
 * ```ts
 * import { Event, run, sleep, taskGroup } from "cede";
 *
 * const open = new Event({ name: "open" });
 *
 * function* guest(name: string) {
 *   yield* open.wait();
 *   console.log(`${name} comes in`);
 * }
 *
 * await run(() =>
 *   taskGroup(function* (group) {
 *     group.createTask(() => guest("Ann"));
 *     group.createTask(() => guest("Bob"));
 *     yield* sleep(5);
 *     open.set();
 *   }),
 * );
 * // prints: Ann comes in
 * // prints: Bob comes in
 * ```
 */
export class Event {
  /** What messages call it. */
  readonly name: string | undefined;
  readonly #queue = new Queue<EventWait>();
  #isSet = false;

  constructor({ name }: SyncOptions = {}) {
    this.name = name;
  }

  /** Whether it is set: then nobody waits. */
  get isSet(): boolean {
    return this.#isSet;
  }

  get statistics(): EventStatistics {
    return { isSet: this.#isSet, waiting: this.#queue.waiting };
  }

  /** Sets it, and wakes all who wait. Does nothing if it is set. */
  set(): void {
    this.#isSet = true;
    for (let wait = this.#queue.shift(); wait !== null; wait = this.#queue.shift()) wait.complete();
  }

  /** From now on, whoever comes waits until it is set again. Those whom it has woken go on. */
  clear(): void {
    this.#isSet = false;
  }

  /** Waits until it is set. */
  wait(): Awaitable<void> {
    return new EventWait(this);
  }

  /** In words, for whoever waits. @internal */
  get label(): string {
    return called("event", this.name);
  }

  /** Whether there is nothing to wait for. @internal */
  enter(wait: EventWait): boolean {
    if (!this.#isSet) this.#queue.push(wait);
    return this.#isSet;
  }

  /** @internal */
  unqueue(wait: EventWait): void {
    this.#queue.remove(wait);
  }
}

/** It is its own iterator, the first time. */
class EventWait extends QueuedWait<void> implements Awaitable<void> {
  readonly #event: Event;

  constructor(event: Event) {
    super();
    this.#event = event;
  }

  get label(): string {
    return this.#event.label;
  }
  override subject(): Subject {
    return { kind: "event", target: this.#event };
  }
  override get external(): boolean {
    return true;
  }

  [Symbol.iterator](): EventWait {
    return this.unused ? this : new EventWait(this.#event);
  }

  protected begin(): boolean {
    return this.#event.enter(this) && this.ready();
  }

  abort(): void {
    this.#event.unqueue(this);
  }
}
