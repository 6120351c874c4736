/**
 * The loop over a stream: `while (yield* items.next()) use(items.value)`. It belongs to the frame that calls `iterate`,
 * as what is used there does: leaving the frame, in whatever way, lets go of everything that the loop has opened.
 */
import { Lazy, type Awaitable } from "../kernel/awaitable.ts";
import { coroutine } from "../kernel/coroutine.ts";
import { current } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { RETURNED, THREW, type Exit, type Leaving } from "../kernel/exit.ts";
import { checkDelay, checkpoint } from "../kernel/sleep.ts";
import { Wait } from "../kernel/wait.ts";
import { tellOfHelper } from "../structure/helper.ts";
import { reportIfSlow } from "../structure/release.ts";
import { shield } from "../structure/shield.ts";
import { NextItem, type Pulling } from "./next-item.ts";
import { checkSource, openSource, type Source } from "./source.ts";
import { Opening, type Pulled, type Stage } from "./stage.ts";

/** How `iterate` lets go of its source. */
export interface IterateOptions {
  /**
   * How long the host may take to let go of the source (an async iterator to return, a web stream to be cancelled, a Node
   * stream to close), in milliseconds: 1,000 unless given. What takes longer is reported, and left behind.
   */
  settleTimeout?: number;
}

/** The loop over a source: what `iterate` gives. */
export interface Items<T> {
  /**
   * Waits for the next item, which is then the `value`; `false` at the end. Then, and after an error, everything is
   * released.
   *
   * @throws what the source throws; InvalidStateError where another task waits for the next item, or where the coroutine
   * that called `iterate` was left.
   */
  next(): Awaitable<boolean>;
  /** The item that `next` has brought. @throws InvalidStateError before the first, and after the last */
  readonly value: T;
  /**
   * Releases everything before the coroutine is left; then `next` gives `false`. Closing it again does nothing.
   *
   * @throws what fails in that.
   */
  close(): Awaitable<void>;
}

/**
 * Opens a source, to loop over its items: `while (yield* items.next()) use(items.value)`. A source is a stream, a
 * channel, an async iterable (a Node stream is one), a web stream, an array or another iterable, or a function that gives
 * one of these. An item is asked for when the loop asks, never before.
 *
 * What was opened belongs to the coroutine that calls `iterate`, and is released when that is left, however that happens:
 * an async iterator is told to return, a Node stream is destroyed, a web stream is cancelled and unlocked, listeners are
 * removed, and tasks are cancelled. That is awaited. To release it earlier, write `yield* items.close()`.
 *
 * @throws TypeError for what is no source; RangeError if `settleTimeout` is no delay; (where it is awaited) what opening
 * the source throws.
 * @example
 * ```ts
 * import { run } from "cede";
 * import { iterate } from "cede/streams";
 *
 * async function* countdown() {
 *   yield 2;
 *   yield 1;
 * }
 * await run(function* () {
 *   const items = yield* iterate(countdown());
 *   while (yield* items.next()) console.log(items.value);
 * });
 * // prints: 2
 * // prints: 1
 * ```
 */
export function iterate<T>(source: Source<T>, options: IterateOptions = {}): Awaitable<Items<T>> {
  const { settleTimeout = 1000 } = options;
  checkSource(source);
  checkDelay("wait for a source to be released for", settleTimeout);
  if (current.task !== null) tellOfHelper("uses", current.task);
  return new Lazy(() => new Open(source, settleTimeout));
}

/** A checkpoint that opens. */
class Open<T> extends Wait<Items<T>> {
  readonly #source: Source<T>;
  readonly #settleTimeout: number;

  constructor(source: Source<T>, settleTimeout: number) {
    super();
    this.#source = source;
    this.#settleTimeout = settleTimeout;
  }
  get label(): string {
    return "a source to open";
  }
  protected begin(): boolean {
    return this.ready(new Iteration(this.#source, new Opening(this.task!, this.#settleTimeout)));
  }
  abort(): void {}
}

class Iteration<T> implements Items<T>, Exit, Pulling {
  nextExit: Exit | null = null;
  readonly #opening: Opening;
  readonly #stage: Stage<T>;
  readonly #forget: () => void;
  readonly #next: NextItem;
  #state: "open" | "ended" | "left" = "open";
  #hasValue = false;

  constructor(source: Source<T>, opening: Opening) {
    this.#opening = opening;
    this.#next = new NextItem(this);
    this.#forget = opening.task.onLeave(this); // first: opening may fail half way
    this.#stage = openSource(source, opening);
  }

  get value(): T {
    if (!this.#hasValue) {
      throw new InvalidStateError(
        "Cannot read the value: there is no item. Ask for one first: `while (yield* items.next()) use(items.value)`.",
      );
    }
    return this.#stage.value;
  }

  next(): Awaitable<boolean> {
    return this.#next;
  }

  close(): Awaitable<void> {
    return new Lazy(() =>
      closing(() => this.#state === "open" && this.#end({ state: RETURNED, value: false }))[
        Symbol.iterator
      ](),
    );
  }

  leave(frame: Leaving): Awaitable<void> | undefined {
    if (this.#state === "open") this.#state = "left";
    this.#hasValue = false;
    const rest = this.#opening.close(frame);
    if (rest !== undefined) reportIfSlow(frame, "a source", this.#opening.task);
    return rest;
  }

  pull(): Pulled {
    this.#hasValue = false;
    if (this.#state === "left") {
      throw new InvalidStateError(
        "Cannot take the next item: the coroutine that called `iterate` was left, and everything was released. Loop " +
          "where `iterate` is called.",
      );
    }
    return this.#state === "open" && this.#stage.pull();
  }

  pulled(found: boolean): Pulled {
    this.#hasValue = found && this.#state === "open";
    return this.#hasValue || (this.#state === "open" && this.#end({ state: RETURNED, value: false }));
  }

  failed(error: unknown): Pulled {
    if (this.#state !== "open") throw error;
    return this.#end({ state: THREW, value: error });
  }

  /** Releases everything; then gives `false`, or throws. */
  #end(outcome: Leaving): Pulled {
    this.#state = "ended";
    this.#hasValue = false;
    this.#forget();
    const rest = this.#opening.close(outcome);
    if (rest === undefined) return outcomeOf(outcome);
    return shield(function* () {
      yield* rest;
      return outcomeOf(outcome);
    });
  }
}

function outcomeOf({ state, value }: Leaving): false {
  if (state === THREW) throw value;
  return false;
}

const closing = coroutine(function* close(end: () => Pulled): Awaitable<void> {
  yield* checkpoint;
  const ended = end();
  if (typeof ended !== "boolean") yield* ended;
});
