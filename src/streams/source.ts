/** What can be iterated over, and how each kind is opened and let go of. */
import type { Awaitable } from "../kernel/awaitable.ts";
import type { ItemOrEnd } from "../channels/waits.ts";
import { current } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { describe } from "../kernel/misuse.ts";
import { isOnlyAwaitable } from "./awaiting.ts";
import { checkUnread, markRead } from "./once-only.ts";
import { fromAsyncIterable, fromNodeStream, fromWebStream } from "./host-sources.ts";
import { OPEN, type Openable, type Opening, type Pulled, type Stage } from "./stage.ts";

/** A channel, one receiver of it, or a subscription of a broadcast. It is not closed when the loop is left. */
export interface ChannelSource<T> {
  receiveOrEnd(): Awaitable<ItemOrEnd<T>>;
}

/** A web stream. It is locked while it is iterated over, and cancelled when that ends early. */
export interface WebStreamSource<T> {
  getReader(): {
    read(): Promise<{ done: boolean; value?: T | undefined }>;
    cancel(reason?: unknown): Promise<void>;
    releaseLock(): void;
  };
}

/** A stream, as far as its type says what it brings. */
export interface StreamSource<T> {
  collect(): Awaitable<T[]>;
}

/**
 * What can be iterated over: a stream; a channel; an async iterable, so a Node stream, too; a web stream; an array or
 * another iterable; and a function that gives one of these, which is called each time that it is opened.
 */
export type Source<T> =
  | StreamSource<T>
  | ChannelSource<T>
  | WebStreamSource<T>
  | AsyncIterable<T>
  | Iterable<T>
  | (() => Source<T>);

/** Whatever it is, as far as it is asked. */
interface Anything<T> extends Partial<Openable<T>> {
  readonly receiveOrEnd?: unknown;
  readonly getReader?: unknown;
  readonly destroy?: unknown;
  readonly [Symbol.asyncIterator]?: unknown;
  readonly [Symbol.iterator]?: unknown;
}

/** Refuses what is no source. @throws TypeError */
export function checkSource(source: unknown): void {
  if (typeof source === "function" || typeof source === "string") return;
  if (isOnlyAwaitable(source)) {
    throw new TypeError(
      `Cannot iterate over ${describe(source)}: it is awaited. To iterate over what it gives, write ` +
        "`stream(yield* …)`.",
    );
  }
  if (typeof source === "object" && source !== null) {
    const { [OPEN]: open, receiveOrEnd, getReader } = source as Anything<unknown>;
    if ([open, receiveOrEnd, getReader].some((method) => typeof method === "function")) return;
    if (Symbol.asyncIterator in source || Symbol.iterator in source) return;
  }
  throw notASource(source);
}

function notASource(source: unknown): TypeError {
  const { addEventListener, on } = Object(source) as { addEventListener?: unknown; on?: unknown };
  const hint =
    typeof addEventListener === "function" || typeof on === "function"
      ? 'Say which of its events are meant: `on(emitter, "data")`.'
      : "It takes a stream, a channel, an iterable or an async iterable, a web stream, or a function that gives one.";
  return new TypeError(`Cannot iterate over ${describe(source)}. ${hint}`);
}

export function openSource<T>(source: Source<T>, opening: Opening): Stage<T> {
  let given: unknown = source;
  while (typeof given === "function") given = (given as () => unknown)();
  checkSource(given);
  checkUnread(given);
  const kind = given as Anything<T>;
  if (typeof kind[OPEN] === "function") return kind[OPEN](opening);
  if (typeof kind.receiveOrEnd === "function") return new ChannelStage(given as ChannelSource<T>);
  if (typeof kind.getReader === "function") return fromWebStream(given as WebStreamSource<T>, opening);
  if (typeof kind[Symbol.asyncIterator] !== "function")
    return new IterableStage(given as Iterable<T>, opening);
  return typeof kind.destroy === "function"
    ? fromNodeStream(given as AsyncIterable<T>, opening)
    : fromAsyncIterable(given as AsyncIterable<T>, opening);
}

function cannotWait(cause: InvalidStateError): TypeError {
  return new TypeError(
    `Cannot wait in a generator that is iterated over (${cause.message.slice("Cannot ".length).split(":")[0]}). Let it ` +
      "yield what is to be awaited for, and await it in `map(function* (item) { … })`; or let a task send items through " +
      "a channel.",
    { cause },
  );
}

class ChannelStage<T> implements Stage<T> {
  value!: T;
  readonly #channel: ChannelSource<T>;

  constructor(channel: ChannelSource<T>) {
    this.#channel = channel;
  }

  *pull(): Awaitable<boolean> {
    const item = yield* this.#channel.receiveOrEnd();
    if (item.done) return false;
    this.value = item.value;
    return true;
  }
}

class IterableStage<T> implements Stage<T> {
  value!: T;
  readonly #iterator: Iterator<T>;
  /** Whether it has ended, well or not: then it is not told to return. */
  #over = false;

  constructor(iterable: Iterable<T>, opening: Opening) {
    this.#iterator = iterable[Symbol.iterator]();
    opening.onClose(() => this.#release());
    if ((this.#iterator as unknown) === iterable) markRead(iterable, opening);
  }

  pull(): Pulled {
    this.#over = true; // if it throws
    const { done, value } = this.#step();
    if (done === true) return false;
    this.#over = false;
    this.value = value;
    return true;
  }

  /** Its code is no coroutine: where it awaits something, that is refused before it is begun. */
  #step(): IteratorResult<T> {
    current.parked = true;
    try {
      return this.#iterator.next();
    } catch (error) {
      throw error instanceof InvalidStateError && error.message.startsWith("Cannot poll ")
        ? cannotWait(error)
        : error;
    } finally {
      current.parked = false;
    }
  }

  #release(): undefined {
    if (!this.#over) this.#iterator.return?.();
  }
}
