/**
 * What items can be received from: a buffer, and those who wait until there is something in it. Either is empty, but
 * for those who were cancelled and whose tasks have not had their step.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import { current, type Runner } from "../kernel/current.ts";
import type { Store } from "./ring.ts";
import {
  EndsQueue,
  longestWaiting,
  NOTHING,
  ReceiveOrEndWait,
  ReceiveWait,
  type ItemOrEnd,
  type ReceivingWait,
} from "./waits.ts";

// It is a Source, and what extends it a Sink, but they declare neither: these members are not for users to see.
export abstract class Receivable<T> {
  /** @internal */ readonly receivers: EndsQueue<ReceivingWait<T, unknown>> = new EndsQueue();
  /** @internal */ protected readonly buffer: Store<T>;
  /** How many items were dropped since there was no room. @internal */ protected dropped = 0;

  /** @internal */
  constructor(buffer: Store<T>) {
    this.buffer = buffer;
  }

  /** @internal */ abstract readonly title: string;
  /** @internal */ abstract get itemLabel(): string;
  /** @internal */ abstract get hasEnded(): boolean;
  /** @internal */ abstract ending(): Error | null;
  /** There is room in the buffer. @internal */
  protected abstract freed(): void;
  /** An item from somebody who waits to hand one over, where there is no buffer. @internal */
  protected abstract pull(): T | typeof NOTHING;

  /**
   * Waits for the next item.
   *
   * @throws ChannelClosedError if there is none left and it was closed.
   */
  receive(): Awaitable<T> {
    return new ReceiveWait<T>(this, null);
  }

  /**
   * Waits for the next item, or for the end: `{ done: false, value }`, or `{ done: true }` once it was closed and all was
   * received. For loops.
   */
  receiveOrEnd(): Awaitable<ItemOrEnd<T>> {
    return new ReceiveOrEndWait<T>(this, null);
  }

  /**
   * Takes the next item if there is one now, as `{ value }`; `undefined` if not.
   *
   * @throws ChannelClosedError if there is none left and it was closed.
   */
  tryReceive(): { readonly value: T } | undefined {
    const value = this.take();
    if (value !== NOTHING) return { value };
    const error = this.ending();
    if (error !== null) throw error;
    return undefined;
  }

  /** @internal */
  take(): T | typeof NOTHING {
    const { buffer } = this;
    if (buffer.size === 0) return this.pull();
    const item = buffer.shift();
    current.monitor?.resource?.("take", this, buffer.size, current.task);
    this.freed();
    return item;
  }

  /** Gives it to whoever has waited longest; false if nobody waits. @internal */
  protected hand(item: T): boolean {
    const { receivers } = this;
    for (let wait = longestWaiting(receivers); wait !== null; wait = longestWaiting(receivers)) {
      receivers.remove(wait);
      if (!wait.give(item)) continue;
      this.handed(current.task, wait.owner);
      return true;
    }
    return false;
  }

  /** Puts it into the buffer. @internal */
  protected put(item: T, task: Runner | null = current.task): void {
    this.buffer.push(item);
    current.monitor?.resource?.("put", this, this.buffer.size, task);
  }

  /** Whoever observes is told that an item went from one task to another. @internal */
  protected handed(from: Runner | null, to: Runner | null): void {
    const { monitor } = current;
    if (monitor === null) return;
    monitor.resource?.("put", this, this.buffer.size, from);
    monitor.resource?.("take", this, this.buffer.size, to);
  }

  /** Counts one for which there was no room. @internal */
  protected drop(): void {
    this.dropped++;
    current.monitor?.resource?.("drop", this, this.buffer.size, current.task);
  }

  /** Nothing will come any more. @internal */
  protected endAll(): void {
    for (let wait = this.receivers.shift(); wait !== null; wait = this.receivers.shift()) wait.finish();
  }
}
