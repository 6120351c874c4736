/**
 * What channels have in common: items are sent at one side and received at the other, each exactly once.
 *
 * Handed over directly, first come first served: whoever sends gives to the receiver that has waited longest; whoever
 * receives takes the oldest item, and lets in that of the sender that has waited longest. One that was cancelled is passed
 * over. So senders wait only while there is no room, and receivers only while there is nothing; and whoever comes later,
 * also by `trySend` and `tryReceive`, finds the room or the item taken by those who waited.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import { current } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { LinkedList } from "../kernel/list.ts";
import { describe } from "../kernel/misuse.ts";
import type { Subject } from "../kernel/wait.ts";
import { Receiver, Sender, type EndOf } from "./ends.ts";
import { BrokenChannelError, ChannelClosedError, ChannelFullError } from "./errors.ts";
import { Receivable } from "./receivable.ts";
import type { Store } from "./ring.ts";
import { countWaiting, EndsQueue, longestWaiting, NOTHING, QueuedWait, SendWait } from "./waits.ts";

/** What `send` does where there is no room. */
export type Overflow = "wait" | "dropOldest" | "dropNewest" | "error";

/** What is known of a channel at this moment. */
export interface ChannelStatistics {
  /** How many items are in it. */
  readonly size: number;
  /** How many it holds at most. */
  readonly capacity: number;
  /** How many waits to send there are. */
  readonly waitingSenders: number;
  /** How many waits to receive there are. */
  readonly waitingReceivers: number;
  /** How many were taken by `sender` and `clone`, and are open. */
  readonly openSenders: number;
  /** How many were taken by `receiver` and `clone`, and are open. */
  readonly openReceivers: number;
  /** How many items were dropped since there was no room. */
  readonly dropped: number;
  /** How many items were sent that `taskDone` was not called for. */
  readonly unfinished: number;
  /** Whether nothing can be sent any more. */
  readonly closed: boolean;
}

/** What `Channel` and `PriorityChannel` can do. */
export abstract class BaseChannel<T> extends Receivable<T> {
  /** @internal */ readonly senders: EndsQueue<SendWait<T>> = new EndsQueue();
  /** @internal */ readonly title: string;
  readonly #capacity: number;
  readonly #overflow: Overflow;
  readonly #joins = new LinkedList<JoinWait>();
  #senderEnds: EndOf<BaseChannel<T>> | null = null;
  #receiverEnds: EndOf<BaseChannel<T>> | null = null;
  /** When and by whom it was closed, in words; `null`: it is open. */
  #closed: string | null = null;
  #broken = false;
  #unfinished = 0;

  /** @internal */
  constructor(title: string, capacity: number, overflow: Overflow, buffer: Store<T>) {
    super(buffer);
    this.title = title;
    this.#capacity = capacity;
    this.#overflow = overflow;
  }

  /** What it holds, who waits, and what became of what was sent: at this moment. */
  get statistics(): ChannelStatistics {
    return {
      size: this.buffer.size,
      capacity: this.#capacity,
      waitingSenders: countWaiting(this.senders),
      waitingReceivers: countWaiting(this.receivers),
      openSenders: this.#senderEnds?.open ?? 0,
      openReceivers: this.#receiverEnds?.open ?? 0,
      dropped: this.dropped,
      unfinished: this.#unfinished,
      closed: this.#closed !== null,
    };
  }

  /**
   * Waits until there is room, or whatever else `overflow` says, and sends. Done once a receiver has the item, or it is in
   * the channel.
   *
   * @throws ChannelClosedError if it is closed, or is while this waits; BrokenChannelError if its last receiver was closed;
   * ChannelFullError where `overflow` is `"error"`.
   */
  send(item: T): Awaitable<void> {
    return new SendWait<T>(this, item, null);
  }

  /**
   * Sends if that needs no wait. False: there is no room, and the item was not sent.
   *
   * @throws ChannelClosedError if it is closed; BrokenChannelError if its last receiver was.
   */
  trySend(item: T): boolean {
    if (this.#put(item)) return true;
    if (this.#overflow !== "dropOldest") return false;
    this.#dropOldestFor(item);
    return true;
  }

  /**
   * Says that nothing more will be sent. What is in the channel is still received; whoever waits to send, or would wait to
   * receive, gets a ChannelClosedError. Closing it again does nothing.
   */
  close(): void {
    this.#close(`it was closed${byWhom()}`);
  }

  /** A side to send, to be closed by itself: once the last one is, the channel is closed. */
  sender(): Sender<T> {
    this.#refuseClosed("take a sender of");
    this.#senderEnds ??= {
      channel: this,
      open: 0,
      endClosed: (end, error) => this.senders.endClosed(end, error),
      lastClosed: () => this.#close(`its last sender was closed${byWhom()}`),
    };
    return new Sender<T>(this.#senderEnds);
  }

  /** A side to receive, to be closed by itself: once the last one is, sending is a BrokenChannelError. */
  receiver(): Receiver<T> {
    if (this.#broken) throw this.#brokenError("take a receiver of");
    this.#receiverEnds ??= {
      channel: this,
      open: 0,
      endClosed: (end, error) => this.receivers.endClosed(end, error),
      lastClosed: () => this.#break(),
    };
    return new Receiver<T>(this.#receiverEnds);
  }

  /**
   * Says that one item that was received is done with: for `join`.
   *
   * @throws InvalidStateError if it is called more often than items were sent.
   */
  taskDone(): void {
    if (this.#unfinished <= this.buffer.size) {
      throw new InvalidStateError(
        `Cannot mark an item of ${this.title} as done: every item that was received has been. Call \`taskDone\` once ` +
          "for each.",
      );
    }
    this.#finished(1);
  }

  /** Waits until `taskDone` was called for every item that was sent: until nothing is left to do, for now. */
  join(): Awaitable<void> {
    return new JoinWait(this, this.#joins);
  }

  /** @internal */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** @internal */
  get roomLabel(): string {
    return this.#capacity === 0 ? `a receiver of ${this.title}` : `room in ${this.title}`;
  }
  /** @internal */
  get itemLabel(): string {
    return `an item of ${this.title}`;
  }
  /** @internal */
  get hasEnded(): boolean {
    return this.#closed !== null && !this.#broken;
  }

  /** @internal */
  ending(): Error | null {
    if (this.#closed === null) return null;
    return new ChannelClosedError(
      `Cannot receive from ${this.title}: ${this.#closed}, and ` +
        (this.#broken
          ? "what was left was dropped. Keep a receiver open for as long as anybody receives."
          : "every item was received. To receive until then without an error, use `receiveOrEnd`."),
    );
  }

  /** @internal */
  accept(item: T): boolean {
    if (this.#put(item)) return true;
    switch (this.#overflow) {
      case "wait":
        return false;
      case "dropOldest":
        this.#dropOldestFor(item);
        return true;
      case "dropNewest":
        this.drop();
        return true;
      case "error":
        throw new ChannelFullError(
          `Cannot send on ${this.title}: ` +
            (this.#capacity === 0
              ? "nobody waits to receive. "
              : `there is no room, with ${this.#capacity} of ${this.#capacity} items in it. `) +
            'Let `send` wait, with { overflow: "wait" }, or give it more room.',
        );
    }
  }

  /** @internal */
  protected freed(): void {
    if (!this.senders.isEmpty) this.#nextSender(true);
  }

  /** @internal */
  protected pull(): T | typeof NOTHING {
    if (this.senders.isEmpty) return NOTHING;
    const sender = this.#nextSender(false);
    if (sender === null) return NOTHING;
    this.handed(sender.owner, current.task);
    return sender.item;
  }

  /** Gives it to a receiver, or puts it where there is room. */
  #put(item: T): boolean {
    if (this.#closed !== null) this.#refuseClosed("send on");
    if (this.receivers.isEmpty || !this.hand(item)) {
      if (this.buffer.size >= this.#capacity) return false;
      this.put(item);
    }
    this.#unfinished++;
    return true;
  }

  #dropOldestFor(item: T): void {
    this.buffer.shift();
    this.drop();
    this.put(item);
  }

  /** The sender that has waited longest, told that its item is taken: into the buffer, if it is to be kept. */
  #nextSender(keep: boolean): SendWait<T> | null {
    const { senders } = this;
    for (let wait = longestWaiting(senders); wait !== null; wait = longestWaiting(senders)) {
      senders.remove(wait);
      if (!wait.isWaiting) continue;
      try {
        if (keep) this.put(wait.item, wait.owner);
      } catch (error) {
        wait.fail(error); // as if it had been sent at once: a comparison threw
        continue;
      }
      wait.complete();
      this.#unfinished++;
      return wait;
    }
    return null;
  }

  #close(how: string): void {
    if (this.#closed !== null) return;
    this.#closed = how;
    for (let wait = this.senders.shift(); wait !== null; wait = this.senders.shift()) {
      wait.fail(this.#closedError("send on"));
    }
    this.endAll();
  }

  #break(): void {
    this.#broken = true;
    this.#closed = `its last receiver was closed${byWhom()}`;
    const { size } = this.buffer;
    this.buffer.clear();
    for (let wait = this.senders.shift(); wait !== null; wait = this.senders.shift()) {
      wait.fail(this.#brokenError("send on"));
    }
    this.endAll();
    this.#finished(size);
  }

  #finished(count: number): void {
    this.#unfinished -= count;
    if (this.#unfinished > 0) return;
    for (let wait = this.#joins.shift(); wait !== null; wait = this.#joins.shift()) wait.complete();
  }

  #refuseClosed(what: string): void {
    if (this.#broken) throw this.#brokenError(what);
    if (this.#closed !== null) throw this.#closedError(what);
  }

  #closedError(what: string): ChannelClosedError {
    return new ChannelClosedError(
      `Cannot ${what} ${this.title}: ${this.#closed}. Close it after the last item; where several tasks send, let each ` +
        "close a sender of its own.",
    );
  }

  #brokenError(what: string): BrokenChannelError {
    return new BrokenChannelError(
      `Cannot ${what} ${this.title}: ${this.#closed}, so nobody would ever get an item. Stop sending, or keep a receiver ` +
        "open.",
    );
  }
}

class JoinWait extends QueuedWait<void> implements Awaitable<void> {
  readonly #of: { readonly title: string; readonly unfinished: number };
  readonly #joins: LinkedList<JoinWait>;

  constructor(of: { readonly title: string; readonly unfinished: number }, joins: LinkedList<JoinWait>) {
    super();
    this.#of = of;
    this.#joins = joins;
  }

  get label(): string {
    return `${this.#of.unfinished} unfinished items of ${this.#of.title}`;
  }
  override subject(): Subject {
    return { kind: "join", target: this.#of };
  }
  [Symbol.iterator](): JoinWait {
    return this.unused ? this : new JoinWait(this.#of, this.#joins);
  }
  protected begin(): boolean {
    if (this.#of.unfinished === 0) return this.ready();
    this.#joins.push(this);
    return false;
  }
  abort(): void {
    this.#joins.remove(this);
  }
}

/** For messages: `channel "jobs"`. */
export function titleOf(kind: string, name: string | undefined): string {
  return name === undefined ? `the ${kind}` : `${kind} "${name}"`;
}

/** @throws RangeError for what is no number of items. */
export function checkCapacity(what: string, capacity: number, least: number): void {
  if (capacity === Infinity || (Number.isInteger(capacity) && capacity >= least)) return;
  const rendezvous = least === 0 ? ", 0 to hand each over directly" : "";
  throw new RangeError(
    `Cannot make ${what} for ${describe(capacity)} items: give a whole number, ${least} or more${rendezvous}, or ` +
      "Infinity for no limit.",
  );
}

/** @throws TypeError for what is no policy of `allowed`. */
export function checkOverflow(what: string, overflow: string, allowed: readonly string[]): void {
  if (allowed.includes(overflow)) return;
  throw new TypeError(
    `Cannot make ${what} with the overflow ${describe(overflow)}: it is one of ` +
      `${allowed.map((one) => `"${one}"`).join(", ")}.`,
  );
}

/** When, and by whom: " at 12.3 s by producer#2". */
export function byWhom(): string {
  const { task } = current;
  return task === null ? "" : ` at ${(task.loop.now() / 1000).toFixed(1)} s by ${task.name}`;
}
