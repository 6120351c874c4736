/** Sources whose items the host brings, by promises: async iterables, Node streams, web streams. */
import type { Awaitable } from "../kernel/awaitable.ts";
import { checkpoint } from "../kernel/sleep.ts";
import { promiseWait } from "../interop/until.ts";
import { reportLate, settled } from "./host.ts";
import { markRead } from "./once-only.ts";
import type { Opening, Stage } from "./stage.ts";

interface Result<T> {
  readonly done?: boolean | undefined;
  readonly value?: T | undefined;
}

/** How a source of one kind is read, and let go of. */
interface Reading<T> {
  /** What it is called in reports. */
  readonly what: string;
  read(): PromiseLike<Result<T>>;
  /** Lets go of it before its end; what it gives settles when that is done. */
  stop(): unknown;
  /** Lets go of it after its end, or after it has failed. */
  over?(): void;
  /** Whether a read that is under way fails when it is stopped, and means nothing by that. */
  readonly stopFails?: true;
}

export function fromAsyncIterable<T>(source: AsyncIterable<T>, opening: Opening): Stage<T> {
  const iterator = source[Symbol.asyncIterator]();
  if ((iterator as unknown) === source) markRead(source, opening);
  return new Reader(
    { what: "an async iterator", read: () => iterator.next(), stop: () => iterator.return?.() },
    opening,
  );
}

/** What a Node stream has besides. */
interface NodeStream {
  destroy(): unknown;
  readonly closed?: boolean;
  once(event: "close", listener: () => void): unknown;
}

function closing(stream: NodeStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once("close", resolve);
  });
}

/** It is destroyed first: its iterator would wait for a read that is under way before it returns. */
export function fromNodeStream<T>(source: AsyncIterable<T>, opening: Opening): Stage<T> {
  const stream = source as AsyncIterable<T> & NodeStream;
  const iterator = stream[Symbol.asyncIterator]();
  markRead(source, opening);
  const stop = async (): Promise<void> => {
    const closed = stream.closed === false && closing(stream);
    stream.destroy();
    await iterator.return?.();
    await closed;
  };
  return new Reader({ what: "a Node stream", read: () => iterator.next(), stop, stopFails: true }, opening);
}

/** Its reader, and not its iterator: that would wait for a read that is under way, and is missing in some browsers. */
export function fromWebStream<T>(
  source: {
    getReader(): { read(): Promise<Result<T>>; cancel(): Promise<void>; releaseLock(): void };
  },
  opening: Opening,
): Stage<T> {
  const reader = source.getReader();
  markRead(source, opening);
  const stop = (): Promise<void> => {
    const cancelled = reader.cancel();
    reader.releaseLock();
    return cancelled;
  };
  return new Reader(
    { what: "a web stream", read: () => reader.read(), stop, over: () => reader.releaseLock() },
    opening,
  );
}

class Reader<T> implements Stage<T> {
  value!: T;
  readonly #reading: Reading<T>;
  readonly #opening: Opening;
  /** The read that is under way. It is kept where its wait is cancelled, so that no item is lost. */
  #pending: PromiseLike<Result<T>> | null = null;
  #over = false;

  constructor(reading: Reading<T>, opening: Opening) {
    this.#reading = reading;
    this.#opening = opening;
    opening.onClose(() => this.#release());
  }

  *pull(): Awaitable<boolean> {
    yield* checkpoint; // so that what is read is waited for
    try {
      const { done, value } = yield* promiseWait((this.#pending ??= this.#reading.read()));
      this.#pending = null;
      this.#over = done === true;
      this.value = value as T;
    } catch (error) {
      this.#pending = null;
      this.#over = true;
      throw error;
    }
    return !this.#over;
  }

  #release(): Awaitable<void> | undefined {
    const { task, settleTimeout } = this.#opening;
    const { what, stopFails } = this.#reading;
    if (this.#over) {
      this.#reading.over?.();
      return undefined;
    }
    const of = `${what} of ${task.name}`;
    this.#pending?.then(undefined, (error: unknown) => {
      if (stopFails !== true) reportLate(error, `A read of ${of}, which was left,`, task);
    });
    const stopped = this.#reading.stop();
    return stopped === undefined ? undefined : settled(stopped, of, settleTimeout, task);
  }
}
