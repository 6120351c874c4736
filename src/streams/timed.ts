/** Operators that look at the clock. Debounce and throttle read their source all the time; the loop gets the last item. */
import { select } from "../channels/select.ts";
import { NOTHING, type ItemOrEnd } from "../channels/waits.ts";
import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine } from "../kernel/coroutine.ts";
import { current, type Runner } from "../kernel/current.ts";
import { sleepUntil } from "../kernel/sleep.ts";
import { timeout } from "../structure/timeout.ts";
import { Beside } from "./beside.ts";
import { iterate } from "./items.ts";
import type { Source } from "./source.ts";
import type { Opening, Pulled, Stage } from "./stage.ts";

/** An item, and when it came, in milliseconds of the loop's clock. */
interface Dated<T> {
  readonly value: T;
  readonly at: number;
}

/** Reads a source in a task beside the loop; `wanted` says which items are sent. */
function dated<T>(
  beside: Beside<Dated<T>>,
  source: Source<T>,
  { settleTimeout }: Opening,
  wanted: (at: number) => boolean = () => true,
): void {
  const read = coroutine(function* read(): Awaitable<void> {
    const { loop } = current.task!;
    const items = yield* iterate(source, { settleTimeout });
    while (yield* items.next()) {
      const at = loop.now();
      if (wanted(at)) yield* beside.found.send({ value: items.value, at });
    }
  });
  beside.start(read());
}

/** The next item, or the end, if it comes by a given time. */
function* foundBy<T>(beside: Beside<T>, time: number): Awaitable<ItemOrEnd<T> | undefined> {
  const first = yield* select(
    { item: beside.found.receiveOrEnd(), time: sleepUntil(time) },
    { order: "listed" },
  );
  return first.key === "item" ? first.value : undefined;
}

export class Debouncing<T> implements Stage<T> {
  value!: T;
  readonly #beside: Beside<Dated<T>>;
  readonly #ms: number;
  /** What is given if nothing newer comes. */
  #last: Dated<T> | undefined;

  constructor(source: Source<T>, opening: Opening, ms: number) {
    this.#ms = ms;
    this.#beside = new Beside(opening, "debounce", 1, "dropOldest");
    dated(this.#beside, source, opening);
  }

  *pull(): Awaitable<boolean> {
    this.#last ??= (yield* this.#beside.next())?.value;
    if (this.#last === undefined) return false;
    for (;;) {
      const newer: ItemOrEnd<Dated<T>> | undefined = yield* foundBy(this.#beside, this.#last.at + this.#ms);
      if (newer === undefined || newer.done) break;
      this.#last = newer.value;
    }
    this.value = this.#last.value;
    this.#last = undefined;
    return true;
  }
}

export class Throttling<T> implements Stage<T> {
  value!: T;
  readonly #beside: Beside<Dated<T>>;
  readonly #ms: number;
  readonly #trailing: boolean;
  /** When the next item may be given. */
  #from = -Infinity;
  /** What is given then, if nothing newer comes. */
  #last: Dated<T> | undefined;

  constructor(source: Source<T>, opening: Opening, ms: number, trailing: boolean) {
    this.#ms = ms;
    this.#trailing = trailing;
    this.#beside = new Beside(opening, "throttle", 1, "dropOldest");
    let from = -Infinity;
    dated(this.#beside, source, opening, (at) => {
      if (trailing) return true;
      if (at < from) return false;
      from = at + ms;
      return true;
    });
  }

  *pull(): Awaitable<boolean> {
    this.#last ??= (yield* this.#beside.next())?.value;
    if (this.#last === undefined) return false; // at once: an end, or an error, is not held back
    const { loop } = current.task!;
    if (this.#trailing) yield* this.#newest(loop);
    this.#from = loop.now() + this.#ms;
    this.value = this.#last.value;
    this.#last = undefined;
    return true;
  }

  *#newest(loop: Runner["loop"]): Awaitable<void> {
    while (loop.now() < this.#from) {
      const newer: ItemOrEnd<Dated<T>> | undefined = yield* foundBy(this.#beside, this.#from);
      if (newer === undefined) break;
      if (newer.done) yield* sleepUntil(this.#from);
      else this.#last = newer.value;
    }
    const newer = this.#beside.found.take(); // where it was the loop that was slow
    if (newer !== NOTHING) this.#last = newer;
  }
}

/** Chunks that are full, or whose time is over. So many items as a chunk has are read ahead. */
export class ChunkingInTime<T> implements Stage<T[]> {
  value!: T[];
  readonly #beside: Beside<Dated<T>>;
  readonly #size: number;
  readonly #ms: number;
  #chunk: T[] = [];
  /** When the chunk is given, full or not. */
  #due = 0;

  constructor(source: Source<T>, opening: Opening, size: number, ms: number) {
    this.#size = size;
    this.#ms = ms;
    this.#beside = new Beside(opening, "chunk", size);
    dated(this.#beside, source, opening);
  }

  *pull(): Awaitable<boolean> {
    if (this.#chunk.length === 0) {
      const first = yield* this.#beside.next();
      if (first === undefined) return false;
      this.#chunk.push(first.value.value);
      this.#due = first.value.at + this.#ms;
    }
    while (this.#chunk.length < this.#size) {
      // What is there comes first: a loop that is slow finds the time over, and would get them one by one.
      const there = this.#beside.found.take();
      if (there !== NOTHING) {
        this.#chunk.push(there.value);
        continue;
      }
      const more = yield* foundBy(this.#beside, this.#due);
      if (more === undefined || more.done) break;
      this.#chunk.push(more.value.value);
    }
    this.value = this.#chunk;
    this.#chunk = [];
    return true;
  }
}

/** Each item in time, from when it is asked for. */
export class Limiting<T> implements Stage<T> {
  readonly #before: Stage<T>;
  readonly #ms: number;

  constructor(before: Stage<T>, ms: number) {
    this.#before = before;
    this.#ms = ms;
  }

  get value(): T {
    return this.#before.value;
  }

  pull(): Pulled {
    const pulled = this.#before.pull();
    return typeof pulled === "boolean" ? pulled : timeout(this.#ms, () => pulled);
  }
}
