/**
 * A stream: a description of items that come one after the other. It is lazy and cold: nothing is opened before a loop
 * begins, and each loop opens its own. An operator is a method that gives another stream; docs/decisions/0010 says why.
 */
import { checkCapacity, checkOverflow, type Overflow } from "../channels/base-channel.ts";
import { checkConcurrency } from "../combine/items.ts";
import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { describe } from "../kernel/misuse.ts";
import { checkDelay } from "../kernel/sleep.ts";
import { checkPolicy, type RetryPolicy } from "../policy/retry.ts";
import type { Schedule } from "../policy/schedule.ts";
import { checkOperator, framed, isAwaitable, type Given } from "./awaiting.ts";
import { Buffering, MappingAtOnce, Merging, Retrying } from "./concurrent.ts";
import { iterate } from "./items.ts";
import { checkSource, openSource, type Source } from "./source.ts";
import { OPEN, type Opening, type Stage } from "./stage.ts";
import { Chunking, Dropping, Filtering, Mapping, Scanning, Taking } from "./steps.ts";
import { ChunkingInTime, Debouncing, Limiting, Throttling } from "./timed.ts";
import { Zipping } from "./zipping.ts";

/** How `map` calls its function. */
export interface StreamMapOptions {
  /**
   * How many items are under way at once, at most, counting results that nobody has taken yet: a whole number from 1, or
   * `Infinity`. 1 unless given.
   */
  concurrency?: number;
  /** Whether results come in the order of the items, which is so unless given, or as they are there. */
  ordered?: boolean;
}

/** How `buffer` reads ahead. */
export interface BufferOptions {
  /**
   * What becomes of an item for which there is no room: `"wait"`, unless given: the source waits; `"dropOldest"`;
   * `"dropNewest"`; `"error"`: the loop gets a ChannelFullError, behind what was there.
   */
  overflow?: Overflow;
}

/** How `chunk` ends a chunk that is not full. */
export interface ChunkOptions {
  /** How long after its first item it is given all the same, in milliseconds; never unless given. */
  within?: number;
}

/** How `throttle` drops items. */
export interface ThrottleOptions {
  /** Whether the last item that comes within the time is given after it: `true` unless given. */
  trailing?: boolean;
}

/**
 * Items that come one after the other: what `stream`, `on`, `merge` and `zip` give, and each operator. Nothing is opened
 * before somebody loops over it (`iterate`, or a method that ends it: `collect`, `forEach`, `first`, `reduce`), and each
 * loop opens its own. An item is read when the loop asks for it, unless an operator says otherwise.
 *
 * What the functions given to operators throw comes to the loop, and releases everything. They may give something to
 * await (they may be `function*`): then the next item waits for that.
 *
 * @example
 * ```ts
 * import { run } from "cede";
 * import { stream } from "cede/streams";
 *
 * const squares = stream([1, 2, 3, 4])
 *   .filter((n) => n % 2 === 0)
 *   .map((n) => n * n);
 * console.log(await run(() => squares.collect())); // prints: [ 4, 16 ]
 * ```
 */
export class Stream<T> {
  /** @internal */ readonly [OPEN]: (opening: Opening) => Stage<T>;

  /** @internal */
  constructor(open: (opening: Opening) => Stage<T>) {
    this[OPEN] = open;
  }

  /**
   * What a function makes of each item; what it gives to await is awaited. With a `concurrency`, so many items are under
   * way at once, each in a task: the results come in the order of the items, or, with `ordered: false`, as they are there.
   * The first failure cancels the others.
   *
   * @throws RangeError if `concurrency` is no whole number from 1, nor `Infinity`; TypeError if `fn` is no function.
   * @example
   * ```ts
   * import { coroutine, run, sleep } from "cede";
   * import { stream } from "cede/streams";
   *
   * const load = coroutine(function* load(ms: number) {
   *   yield* sleep(ms);
   *   return `after ${ms}`;
   * });
   * const loaded = stream([30, 10]).map(load, { concurrency: 2, ordered: false });
   * console.log(await run(() => loaded.collect())); // prints: [ 'after 10', 'after 30' ]
   * ```
   */
  map<R>(
    fn: (item: T, index: number) => R,
    { concurrency = 1, ordered = true }: StreamMapOptions = {},
  ): Stream<Given<R>> {
    checkOperator("map by", fn);
    checkConcurrency("map", concurrency);
    const given = fn as (item: T, index: number) => Given<R>;
    return concurrency === 1
      ? new Stream((opening) => new Mapping(this[OPEN](opening), given))
      : new Stream((opening) => new MappingAtOnce(this, opening, given, concurrency, ordered));
  }

  /** The items of which a function says so; it may give something to await. @throws TypeError if it is no function */
  filter<S extends T>(fn: (item: T, index: number) => item is S): Stream<S>;
  filter(fn: (item: T, index: number) => unknown): Stream<T>;
  filter(fn: (item: T, index: number) => unknown): Stream<T> {
    checkOperator("filter by", fn);
    return new Stream((opening) => new Filtering(this[OPEN](opening), fn));
  }

  /** The first `count` items; then the source is released. @throws RangeError if it is no whole number from 0, nor Infinity */
  take(count: number): Stream<T> {
    checkCount("take", count, 0);
    return new Stream((opening) => new Taking(this[OPEN](opening), count));
  }

  /** The items after the first `count`. @throws RangeError if it is no whole number from 0, nor Infinity */
  drop(count: number): Stream<T> {
    checkCount("drop", count, 0);
    return new Stream((opening) => new Dropping(this[OPEN](opening), count));
  }

  /**
   * What a function makes of the last value and each item: every value in between of a `reduce`. It may give something to
   * await.
   *
   * @throws TypeError if `fn` is no function.
   */
  scan<R>(fn: (value: R, item: T, index: number) => R | Awaitable<R>, initial: R): Stream<R> {
    checkOperator("scan by", fn);
    return new Stream((opening) => new Scanning(this[OPEN](opening), fn, initial));
  }

  /**
   * Arrays of `size` items; the last may have fewer. With `within`, one is given that many milliseconds after its first
   * item came, full or not; `size` items are read ahead, so that the chunks of a loop that is slow are full.
   *
   * @throws RangeError if `size` is no whole number from 1, nor Infinity, or if `within` is no delay.
   */
  chunk(size: number, { within = Infinity }: ChunkOptions = {}): Stream<T[]> {
    checkCount("chunk", size, 1);
    checkDelay("give a chunk within", within);
    return within === Infinity
      ? new Stream((opening) => new Chunking(this[OPEN](opening), size))
      : new Stream((opening) => new ChunkingInTime(this, opening, size, within));
  }

  /**
   * Reads ahead: up to `capacity` items that nobody has asked for, in a task beside the loop.
   *
   * @throws RangeError if `capacity` is no whole number, 1 or more, nor Infinity; TypeError for an `overflow` that is none.
   */
  buffer(capacity: number, { overflow }: BufferOptions = {}): Stream<T> {
    checkCapacity("a buffer", capacity, 1);
    if (overflow !== undefined)
      checkOverflow("a buffer", overflow, ["wait", "dropOldest", "dropNewest", "error"]);
    return new Stream((opening) => new Buffering(this, opening, capacity, overflow));
  }

  /**
   * The last item, once none has come for `ms` milliseconds. The source is read all the time; a loop that is slow gets the
   * last item alone.
   *
   * @throws RangeError if `ms` is no delay.
   */
  debounce(ms: number): Stream<T> {
    checkDelay("debounce by", ms);
    return new Stream((opening) => new Debouncing(this, opening, ms));
  }

  /**
   * At most one item every `ms` milliseconds: the first at once; of those that come within the time after it, the last one
   * when it is over, or none with `trailing: false`. The source is read all the time; a loop that is slow gets the last
   * item alone.
   *
   * @throws RangeError if `ms` is no delay.
   */
  throttle(ms: number, { trailing = true }: ThrottleOptions = {}): Stream<T> {
    checkDelay("throttle by", ms);
    return new Stream((opening) => new Throttling(this, opening, ms, trailing));
  }

  /**
   * Fails where an item does not come within `ms` milliseconds from when it is asked for.
   *
   * @throws RangeError if `ms` is no delay; (in the loop) TimeoutError.
   */
  timeout(ms: number): Stream<T> {
    checkDelay("wait for an item for", ms);
    return new Stream((opening) => new Limiting(this[OPEN](opening), ms));
  }

  /**
   * Where it fails, opens it again from its beginning, after a delay, as `retry` does with a function: items that came
   * before come once more. What was opened is released first. The policy counts over all of it.
   *
   * A source that can be looped over once (a generator, a stream of the host) cannot be opened again: give a function that
   * makes it.
   *
   * @throws TypeError if the policy is none; (in the loop) the last error; TypeError for what cannot be opened again.
   */
  retry(policy: RetryPolicy | Schedule = {}): Stream<T> {
    const checked = checkPolicy(policy);
    return new Stream((opening) => new Retrying(this, opening, checked));
  }

  /** All items, in an array. @throws what the stream throws */
  collect(): Coroutine<T[]> {
    return collecting(this);
  }

  /** Calls a function with each item, and awaits what it gives. @throws what it throws; what the stream throws */
  forEach(fn: (item: T, index: number) => unknown): Coroutine<void> {
    checkOperator("call for each item", fn);
    return eachOf(this, fn);
  }

  /** The first item; `undefined` where there is none. @throws what the stream throws */
  first(): Coroutine<T | undefined> {
    return firstOf(this);
  }

  /**
   * What a function makes, in the end, of `initial` and of each item. It may give something to await.
   *
   * @throws what it throws; what the stream throws.
   */
  reduce<R>(fn: (value: R, item: T, index: number) => R | Awaitable<R>, initial: R): Coroutine<R> {
    checkOperator("reduce by", fn);
    return reducing(this, fn, initial);
  }
}

/**
 * Makes a stream of a source: of a channel, an async iterable (a Node stream is one), a web stream, an array or another
 * iterable, or of a function that gives one of these, which is called each time that the stream is opened: so that it can
 * be looped over more than once.
 *
 * @throws TypeError for what is no source.
 * @example
 * ```ts
 * import { run } from "cede";
 * import { stream } from "cede/streams";
 *
 * async function* lines() {
 *   yield "one";
 *   yield "two";
 * }
 * const numbered = stream(lines).map((line, index) => `${index + 1} ${line}`);
 * console.log(await run(() => numbered.collect())); // prints: [ '1 one', '2 two' ]
 * console.log(await run(() => numbered.first())); // prints: 1 one
 * ```
 */
export function stream<T>(source: Source<T>): Stream<T> {
  checkSource(source);
  return source instanceof Stream ? source : new Stream((opening) => openSource(source, opening));
}

/** What a source brings. */
export type ItemOf<S> = S extends Source<infer T> ? T : never;

/**
 * The items of several sources, as they come; ends once all have. Each source is read in a task of its own, which has one
 * item ready at most. The first that fails releases the others.
 *
 * @throws TypeError for what is no source.
 * @example
 * ```ts
 * import { coroutine, run, sleep } from "cede";
 * import { merge, stream } from "cede/streams";
 *
 * const after = coroutine(function* after(ms: number) {
 *   yield* sleep(ms);
 *   return ms;
 * });
 * const both = merge(stream([10, 30]).map(after), stream([25]).map(after));
 * console.log(await run(() => both.collect())); // prints: [ 10, 25, 30 ]
 * ```
 */
export function merge<Sources extends readonly Source<unknown>[]>(
  ...sources: Sources
): Stream<ItemOf<Sources[number]>> {
  sources.forEach(checkSource);
  return new Stream((opening) => new Merging(sources as readonly Source<never>[], opening));
}

/**
 * One item of each of several sources at a time, in an array; ends with the first that ends, and releases the others.
 *
 * @throws TypeError for what is no source.
 * @example
 * ```ts
 * import { run } from "cede";
 * import { zip } from "cede/streams";
 *
 * const pairs = zip(["a", "b", "c"], [1, 2]);
 * console.log(await run(() => pairs.collect())); // prints: [ [ 'a', 1 ], [ 'b', 2 ] ]
 * ```
 */
export function zip<const Sources extends readonly Source<unknown>[]>(
  ...sources: Sources
): Stream<{ -readonly [Key in keyof Sources]: ItemOf<Sources[Key]> }> {
  sources.forEach(checkSource);
  return new Stream((opening) => new Zipping(sources, opening) as unknown as Stage<never>);
}

const collecting = coroutine(function* collect<T>(source: Source<T>): Awaitable<T[]> {
  const all: T[] = [];
  const items = yield* iterate(source);
  while (yield* items.next()) all.push(items.value);
  return all;
});

const eachOf = coroutine(function* forEach<T>(
  source: Source<T>,
  fn: (item: T, index: number) => unknown,
): Awaitable<void> {
  const items = yield* iterate(source);
  for (let index = 0; yield* items.next(); index++) {
    const given = fn(items.value, index);
    if (isAwaitable(given)) yield* framed(fn, given);
  }
});

const firstOf = coroutine(function* first<T>(source: Source<T>): Awaitable<T | undefined> {
  const items = yield* iterate(source);
  return (yield* items.next()) ? items.value : undefined;
});

const reducing = coroutine(function* reduce<T, R>(
  source: Source<T>,
  fn: (value: R, item: T, index: number) => R | Awaitable<R>,
  initial: R,
): Awaitable<R> {
  let value = initial;
  const items = yield* iterate(source);
  for (let index = 0; yield* items.next(); index++) {
    const given = fn(value, items.value, index);
    value = isAwaitable(given) ? yield* framed(fn, given) : given;
  }
  return value;
});

function checkCount(what: string, count: number, least: number): void {
  if (count === Infinity || (Number.isInteger(count) && count >= least)) return;
  throw new RangeError(
    `Cannot ${what} ${describe(count)} items: give a whole number from ${least}, or Infinity.`,
  );
}
