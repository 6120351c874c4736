/**
 * The two sides of a channel, to be held by different tasks. Each may be cloned, and each clone is closed by itself: the
 * last one that is closed tells the other side.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import { ChannelClosedError } from "./errors.ts";
import {
  ReceiveOrEndWait,
  ReceiveWait,
  SendWait,
  type End,
  type ItemOrEnd,
  type Sink,
  type Source,
} from "./waits.ts";

/** What an end needs of its channel. */
export interface EndOf<Channel> {
  readonly channel: Channel & { readonly title: string };
  /** How many ends of its kind are open. */
  open: number;
  /** Tells those who wait through it that it was closed. */
  endClosed(end: End, error: () => Error): void;
  /** The last of its kind was closed. */
  lastClosed(): void;
}

abstract class ChannelEnd<Channel> {
  readonly #kind: string;
  #closed = false;
  /** @internal */ waits = 0;
  /** @internal */ protected readonly of: EndOf<Channel>;

  /** @internal */
  constructor(kind: string, of: EndOf<Channel>) {
    this.#kind = kind;
    this.of = of;
    of.open++;
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Closes this end. Whoever waits through it is told by a ChannelClosedError. Closing it again does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.of.endClosed(this, () => this.#wasClosed("wait on"));
    if (--this.of.open === 0) this.of.lastClosed();
  }

  /** For `using`: closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  checkOpen(what: string): void {
    if (this.#closed) throw this.#wasClosed(what);
  }

  #wasClosed(what: string): ChannelClosedError {
    const { title } = this.of.channel;
    return new ChannelClosedError(
      `Cannot ${what} ${title}: this ${this.#kind} was closed. Clone it for each task that is to close one.`,
    );
  }
}

/**
 * The side of a channel that sends: what `channel.sender()` gives. Once the last sender is closed, so is the channel.
 *
 * @example
 * ```ts
 * import { Channel, run, taskGroup, type Sender } from "cede";
 *
 * function* produce(sender: Sender<number>, from: number) {
 *   using numbers = sender;
 *   for (let n = from; n < from + 2; n++) yield* numbers.send(n);
 * }
 * await run(function* () {
 *   const numbers = new Channel<number>(4);
 *   yield* taskGroup(function* (group) {
 *     for (const from of [10, 20]) {
 *       const sender = numbers.sender();
 *       group.createTask(() => produce(sender, from), { start: "always" });
 *     }
 *     for (;;) {
 *       const item = yield* numbers.receiveOrEnd();
 *       if (item.done) break;
 *       console.log(item.value);
 *     }
 *   });
 * });
 * // prints: 10
 * // prints: 11
 * // prints: 20
 * // prints: 21
 * ```
 */
export class Sender<T> extends ChannelEnd<Sink<T> & { trySend(item: T): boolean }> {
  /** @internal */
  constructor(of: EndOf<Sink<T> & { trySend(item: T): boolean }>) {
    super("sender", of);
  }

  /** As the channel's `send`; ChannelClosedError also if this sender was closed. */
  send(item: T): Awaitable<void> {
    return new SendWait<T>(this.of.channel, item, this);
  }

  /** As the channel's `trySend`; ChannelClosedError also if this sender was closed. */
  trySend(item: T): boolean {
    this.checkOpen("send on");
    return this.of.channel.trySend(item);
  }

  /** Another sender of the same channel, to be closed by itself. */
  clone(): Sender<T> {
    this.checkOpen("clone a sender of");
    return new Sender(this.of);
  }
}

/**
 * The side of a channel that receives: what `channel.receiver()` gives. Once the last receiver is closed, what is left in
 * the channel is dropped, and whoever sends gets a BrokenChannelError.
 *
 * @example
 * ```ts
 * import { BrokenChannelError, Channel, run, taskGroup } from "cede";
 *
 * await run(function* () {
 *   const numbers = new Channel<number>(0);
 *   yield* taskGroup(function* (group) {
 *     const receiver = numbers.receiver();
 *     group.createTask(
 *       function* () {
 *         using first = receiver;
 *         console.log(yield* first.receive()); // prints: 1
 *       },
 *       { start: "always" },
 *     );
 *     try {
 *       for (let n = 1; ; n++) yield* numbers.send(n);
 *     } catch (error) {
 *       console.log(error instanceof BrokenChannelError); // prints: true
 *     }
 *   });
 * });
 * ```
 */
export class Receiver<T> extends ChannelEnd<Source<T> & { tryReceive(): { readonly value: T } | undefined }> {
  /** @internal */
  constructor(of: EndOf<Source<T> & { tryReceive(): { readonly value: T } | undefined }>) {
    super("receiver", of);
  }

  /** As the channel's `receive`; ChannelClosedError also if this receiver was closed. */
  receive(): Awaitable<T> {
    return new ReceiveWait<T>(this.of.channel, this);
  }

  /** As the channel's `receiveOrEnd`; ChannelClosedError if this receiver was closed. */
  receiveOrEnd(): Awaitable<ItemOrEnd<T>> {
    return new ReceiveOrEndWait<T>(this.of.channel, this);
  }

  /** As the channel's `tryReceive`; ChannelClosedError also if this receiver was closed. */
  tryReceive(): { readonly value: T } | undefined {
    this.checkOpen("receive from");
    return this.of.channel.tryReceive();
  }

  /** Another receiver of the same channel, to be closed by itself. */
  clone(): Receiver<T> {
    this.checkOpen("clone a receiver of");
    return new Receiver(this.of);
  }
}
