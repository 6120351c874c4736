/**
 * Everything that is sent goes to everyone who has subscribed. Each subscriber has a buffer of its own, and says what is
 * to happen when it is full; who wants to be waited for keeps all senders waiting, and an item comes to all or to none.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import { LinkedList } from "../kernel/list.ts";
import { byWhom, checkCapacity, checkOverflow, titleOf, type Overflow } from "./base-channel.ts";
import { ChannelClosedError, ChannelFullError } from "./errors.ts";
import { Receivable } from "./receivable.ts";
import { Ring } from "./ring.ts";
import { countWaiting, longestWaiting, NOTHING, SendWait } from "./waits.ts";

/** What is known of a broadcast at this moment. */
export interface BroadcastStatistics {
  /** How many have subscribed, and get what is sent. */
  readonly subscriptions: number;
  /** How many waits to send there are. */
  readonly waitingSenders: number;
  /** Whether nothing can be sent any more. */
  readonly closed: boolean;
}

/** How `subscribe` treats who is slow. */
export interface SubscribeOptions {
  /**
   * What becomes of an item for which this subscriber has no room: `"wait"` (unless given): the sender waits;
   * `"dropOldest"`, `"dropNewest"`: it misses one; `"error"`: its subscription ends, by a ChannelFullError.
   */
  overflow?: Overflow;
}

/**
 * Sends each item to everyone who has subscribed by then. Where nobody has, it is gone.
 *
 * @example
 * ```ts
 * import { Broadcast, run } from "cede";
 *
 * await run(function* () {
 *   const news = new Broadcast<string>({ name: "news" });
 *   using all = news.subscribe(10);
 *   using latest = news.subscribe(1, { overflow: "dropOldest" });
 *   yield* news.send("rain");
 *   yield* news.send("sun");
 *   console.log(yield* all.receive(), yield* all.receive()); // prints: rain sun
 *   console.log(yield* latest.receive()); // prints: sun
 * });
 * ```
 */
export class Broadcast<T> {
  /** @internal */ readonly senders: LinkedList<SendWait<T>> = new LinkedList();
  /** @internal */ readonly title: string;
  readonly #subscriptions = new Set<Subscription<T>>();
  #closed: string | null = null;

  /** `name` is what messages and labels call it. */
  constructor({ name }: { name?: string } = {}) {
    this.title = titleOf("broadcast", name);
  }

  /** Who listens, and who waits to send: at this moment. */
  get statistics(): BroadcastStatistics {
    return {
      subscriptions: this.#subscriptions.size,
      waitingSenders: countWaiting(this.senders),
      closed: this.#closed !== null,
    };
  }

  /**
   * Gets everything that is sent from now on, into a buffer for `capacity` items. Close it, or take it by `using`: a
   * subscriber that is gone and wants to be waited for keeps all senders waiting.
   *
   * @throws ChannelClosedError if the broadcast is closed; RangeError if `capacity` is no whole number, 1 or more, nor
   * Infinity.
   */
  subscribe(capacity: number, { overflow = "wait" }: SubscribeOptions = {}): Subscription<T> {
    const title = `a subscription of ${this.title}`;
    if (this.#closed !== null) throw this.#closedError("subscribe to");
    checkCapacity(title, capacity, 1);
    checkOverflow(title, overflow, ["wait", "dropOldest", "dropNewest", "error"]);
    const subscription = new Subscription<T>(title, capacity, overflow, {
      freed: () => this.#letIn(),
      left: () => {
        this.#subscriptions.delete(subscription);
        // Only one that was waited for leaves room. One that is too slow ends while an item is delivered, and the next
        // item must not get to the others before that.
        if (overflow === "wait") this.#letIn();
      },
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /**
   * Waits until everyone who wants to be waited for has room, and sends to all.
   *
   * @throws ChannelClosedError if it is closed, or is while this waits.
   */
  send(item: T): Awaitable<void> {
    return new SendWait<T>(this, item, null);
  }

  /**
   * Sends if nobody needs to be waited for. False: somebody does, and nobody got the item.
   *
   * @throws ChannelClosedError if it is closed.
   */
  trySend(item: T): boolean {
    return this.accept(item);
  }

  /** Says that nothing more will be sent. Everyone still receives what was; whoever waits to send gets a ChannelClosedError. */
  close(): void {
    if (this.#closed !== null) return;
    this.#closed = `it was closed${byWhom()}`;
    for (let wait = this.senders.shift(); wait !== null; wait = this.senders.shift()) {
      wait.fail(this.#closedError("send on"));
    }
    for (const subscription of this.#subscriptions) subscription.sourceClosed(this.#closed);
    this.#subscriptions.clear();
  }

  /** @internal */
  get roomLabel(): string {
    return `room for all subscribers of ${this.title}`;
  }

  /** @internal */
  accept(item: T): boolean {
    if (this.#closed !== null) throw this.#closedError("send on");
    if (!this.#hasRoom()) return false;
    this.#deliver(item);
    return true;
  }

  #hasRoom(): boolean {
    for (const subscription of this.#subscriptions) if (!subscription.hasRoom) return false;
    return true;
  }

  #deliver(item: T): void {
    for (const subscription of this.#subscriptions) subscription.offer(item);
  }

  /** There may be room where there was none. */
  #letIn(): void {
    while (!this.senders.isEmpty && this.#hasRoom()) {
      const wait = longestWaiting(this.senders);
      if (wait === null) return;
      this.senders.remove(wait);
      if (wait.complete()) this.#deliver(wait.item);
    }
  }

  #closedError(what: string): ChannelClosedError {
    return new ChannelClosedError(
      `Cannot ${what} ${this.title}: ${this.#closed}. Close it after the last item.`,
    );
  }
}

/** What is known of a subscription at this moment. */
export interface SubscriptionStatistics {
  /** How many items are in its buffer. */
  readonly size: number;
  /** How many it holds at most. */
  readonly capacity: number;
  /** How many waits to receive there are. */
  readonly waitingReceivers: number;
  /** How many items it missed since there was no room. */
  readonly dropped: number;
  /** Whether nothing more will come. */
  readonly closed: boolean;
}

/** What a subscription tells its broadcast. */
interface Listening {
  /** There is room. */
  freed(): void;
  /** It wants nothing more. */
  left(): void;
}

/** One subscriber's own buffer: what `broadcast.subscribe()` gives. */
export class Subscription<T> extends Receivable<T> {
  /** @internal */ readonly title: string;
  readonly #capacity: number;
  readonly #overflow: Overflow;
  readonly #listening: Listening;
  /** Why nothing more will come, in words. */
  #ended: string | null = null;
  #how: "source" | "self" | "slow" = "source";

  /** @internal */
  constructor(title: string, capacity: number, overflow: Overflow, listening: Listening) {
    super(new Ring<T>());
    this.title = title;
    this.#capacity = capacity;
    this.#overflow = overflow;
    this.#listening = listening;
  }

  /** What it holds, and what it missed: at this moment. */
  get statistics(): SubscriptionStatistics {
    return {
      size: this.buffer.size,
      capacity: this.#capacity,
      waitingReceivers: countWaiting(this.receivers),
      dropped: this.dropped,
      closed: this.#ended !== null,
    };
  }

  /** Ends it: nothing more will come, and what is in its buffer is dropped. Closing it again does nothing. */
  close(): void {
    this.buffer.clear();
    this.#end("self", `it was closed${byWhom()}`);
  }

  /** For `using`: closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  get hasRoom(): boolean {
    return this.#overflow !== "wait" || this.buffer.size < this.#capacity;
  }

  /** @internal */
  offer(item: T): void {
    if (this.hand(item)) return;
    if (this.buffer.size < this.#capacity) {
      this.put(item);
    } else if (this.#overflow === "error") {
      this.#end("slow", `there was no room for an item, with ${this.#capacity} of ${this.#capacity} in it`);
    } else {
      if (this.#overflow === "dropOldest") this.buffer.shift();
      this.drop();
      if (this.#overflow === "dropOldest") this.put(item);
    }
  }

  /** @internal */
  sourceClosed(how: string): void {
    this.#ended = `${how}, and every item was received`;
    this.endAll();
  }

  /** @internal */
  get itemLabel(): string {
    return `an item of ${this.title}`;
  }
  /** @internal */
  get hasEnded(): boolean {
    return this.#ended !== null && this.#how === "source";
  }

  /** @internal */
  ending(): Error | null {
    if (this.#ended === null) return null;
    const what = `Cannot receive from ${this.title}: ${this.#ended}.`;
    if (this.#how === "slow") {
      return new ChannelFullError(`${what} Receive faster, give it more room, or let it drop some.`);
    }
    return new ChannelClosedError(
      this.#how === "self" ? what : `${what} To receive until then without an error, use \`receiveOrEnd\`.`,
    );
  }

  /** @internal */
  protected freed(): void {
    if (this.#overflow === "wait") this.#listening.freed();
  }
  /** @internal */
  protected pull(): typeof NOTHING {
    return NOTHING;
  }

  #end(how: "self" | "slow", words: string): void {
    if (this.#how === "self" || (this.#ended !== null && how === "slow")) return;
    const wasOpen = this.#ended === null;
    this.#how = how;
    this.#ended = words;
    this.endAll();
    if (wasOpen) this.#listening.left();
  }
}
