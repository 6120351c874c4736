/** The waits of channels, which queue in the order they came, and what they see of what they wait for. */
import type { Awaitable } from "../kernel/awaitable.ts";
import { current, type Runner } from "../kernel/current.ts";
import { LinkedList, type Link } from "../kernel/list.ts";
import { Wait, type Subject } from "../kernel/wait.ts";

/** Instead of an item: there is none now. */
export const NOTHING: unique symbol = Symbol("nothing") as never;

/** One side of a channel that somebody holds: it may be closed under a wait. */
export interface End {
  /** How many are in a queue through it. */
  waits: number;
  /** @throws ChannelClosedError if it was closed. */
  checkOpen(what: "send on" | "receive from"): void;
}

/** A wait through an end, to which that may be closed. */
interface ViaEnd extends Link {
  readonly via: End | null;
  fail(error: Error): boolean;
}

/** Who waits to send, or to receive. It counts through which end: most are closed when nobody waits through them. */
export class EndsQueue<W extends ViaEnd> extends LinkedList<W> {
  override push(wait: W): void {
    if (wait.via !== null) wait.via.waits++;
    super.push(wait);
  }

  override remove(wait: W): void {
    if (wait.via !== null && wait.list === this) wait.via.waits--;
    super.remove(wait);
  }

  /** Fails those who wait through an end. */
  endClosed(end: End, error: () => Error): void {
    for (let wait = this.first as W | null, next; end.waits > 0 && wait !== null; wait = next) {
      next = wait.after as W | null;
      if (wait.via !== end) continue;
      this.remove(wait);
      wait.fail(error());
    }
  }
}

/** Where items are sent. */
export interface Sink<T> {
  readonly senders: LinkedList<SendWait<T>>;
  readonly title: string;
  readonly roomLabel: string;
  /** Takes the item, if it may be now. @throws if it never will. */
  accept(item: T): boolean;
}

/** Where items are received. */
export interface Source<T> {
  readonly receivers: LinkedList<ReceivingWait<T, unknown>>;
  readonly title: string;
  readonly itemLabel: string;
  /** Gives the next item, or `NOTHING`. */
  take(): T | typeof NOTHING;
  /** The error for who would wait for more; `null`: there may be more. */
  ending(): Error | null;
  /** Whether it was closed, and not broken off. */
  readonly hasEnded: boolean;
}

/** Somebody in a queue. */
export interface Queued extends Link {
  /** Whether nobody has ended it: one that is cancelled stays in the queue until its task has its step. */
  readonly isWaiting: boolean;
  /** Whether it is the running task's own: another wait of the same `select` is never what ends it. */
  readonly isOwn: boolean;
}

/** A wait in a queue, that a callback of the host may end. */
export abstract class QueuedWait<T> extends Wait<T> implements Queued {
  override get external(): boolean {
    return true;
  }
  get isWaiting(): boolean {
    return this.pending;
  }
  get owner(): Runner | null {
    return this.task;
  }
  get isOwn(): boolean {
    const { task } = this;
    const running = current.task;
    return running !== null && running.id === task!.id && running.loop === task!.loop;
  }
}

/** Who has waited longest, of those whom the running task may give to. */
export function longestWaiting<W extends Queued>(queue: LinkedList<W>): W | null {
  let wait = queue.first as W | null;
  while (wait !== null && wait.isOwn) wait = wait.after as W | null;
  return wait;
}

/** How many wait. Those that are cancelled, and still in the queue, do not. */
export function countWaiting(queue: Iterable<Queued>): number {
  let count = 0;
  for (const wait of queue) if (wait.isWaiting) count++;
  return count;
}

/** A wait until an item is taken: by a receiver, or into the buffer. */
export class SendWait<T> extends QueuedWait<void> implements Awaitable<void> {
  declare readonly item: T;
  declare readonly via: End | null;
  declare private readonly sink: Sink<T>;

  constructor(sink: Sink<T>, item: T, via: End | null) {
    super();
    this.item = item;
    this.via = via;
    this.sink = sink;
  }

  get label(): string {
    return this.sink.roomLabel;
  }
  override subject(): Subject {
    return { kind: "send", target: this.sink };
  }

  [Symbol.iterator](): SendWait<T> {
    return this.unused ? this : new SendWait(this.sink, this.item, this.via);
  }

  protected begin(): boolean {
    if (this.via !== null) this.via.checkOpen("send on");
    if (this.sink.accept(this.item)) return this.ready();
    this.sink.senders.push(this);
    return false;
  }

  abort(): void {
    this.sink.senders.remove(this);
  }
}

/** A wait for an item, which it gives as it is, or in words about whether there was one. */
export abstract class ReceivingWait<T, R> extends QueuedWait<R> implements Awaitable<R> {
  declare readonly via: End | null;
  declare protected readonly source: Source<T>;

  constructor(source: Source<T>, via: End | null) {
    super();
    this.via = via;
    this.source = source;
  }

  abstract [Symbol.iterator](): ReceivingWait<T, R>;

  /** Ends it with an item. False if it has ended already. */
  abstract give(item: T): boolean;
  /** Ends it, or answers it, where nothing will come any more. */
  abstract finish(): void;

  get label(): string {
    return this.source.itemLabel;
  }
  override subject(): Subject {
    return { kind: "receive", target: this.source };
  }

  protected begin(): boolean {
    if (this.via !== null) this.via.checkOpen("receive from");
    const { source } = this;
    const item = source.take();
    if (item !== NOTHING) return this.there(item);
    if (source.ending() === null) {
      source.receivers.push(this);
      return false;
    }
    this.finish();
    return false;
  }

  abort(): void {
    this.source.receivers.remove(this);
  }

  /** For `begin`: there is an item at once. */
  protected abstract there(item: T): true;
}

export class ReceiveWait<T> extends ReceivingWait<T, T> {
  [Symbol.iterator](): ReceiveWait<T> {
    return this.unused ? this : new ReceiveWait(this.source, this.via);
  }
  give(item: T): boolean {
    return this.complete(item);
  }
  finish(): void {
    this.fail(this.source.ending());
  }
  protected there(item: T): true {
    return this.ready(item);
  }
}

/** What `receiveOrEnd` gives: an item, or the end. */
export type ItemOrEnd<T> =
  | { readonly done: false; readonly value: T }
  | { readonly done: true; readonly value: undefined };

export class ReceiveOrEndWait<T> extends ReceivingWait<T, ItemOrEnd<T>> {
  [Symbol.iterator](): ReceiveOrEndWait<T> {
    return this.unused ? this : new ReceiveOrEndWait(this.source, this.via);
  }
  give(item: T): boolean {
    return this.complete({ done: false, value: item });
  }
  finish(): void {
    if (this.source.hasEnded) this.complete({ done: true, value: undefined });
    else this.fail(this.source.ending());
  }
  protected there(item: T): true {
    return this.ready({ done: false, value: item });
  }
}
