/**
 * Operators that look at one item after the other: map, filter, take, drop, scan, chunk. As long as the source has its
 * items at hand, and the functions answer at once, nothing is awaited and nothing is allocated.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import { NONE } from "../kernel/exit.ts";
import { cede } from "../kernel/sleep.ts";
import { framed, isAwaitable } from "./awaiting.ts";
import { PATIENCE, type Pulled, type Stage } from "./stage.ts";

abstract class Step<A, B> implements Stage<B> {
  value!: B;
  protected readonly before: Stage<A>;

  constructor(before: Stage<A>) {
    this.before = before;
  }

  /** Looks at an item; whether there is a `value` now. */
  protected abstract take(item: A): Pulled;

  /** There are no more items; whether there is a last `value`. */
  protected atEnd(): boolean {
    return false;
  }

  pull(): Pulled {
    for (let n = 0; n < PATIENCE; n++) {
      const found = this.before.pull();
      if (typeof found !== "boolean") return this.#goOn(found);
      if (!found) return this.atEnd();
      const taken = this.take(this.before.value);
      if (typeof taken !== "boolean") return this.#goOn(true, taken);
      if (taken) return true;
    }
    return this.#inTheNextTurn();
  }

  *#goOn(found: Pulled, taken?: Pulled): Awaitable<boolean> {
    for (let n = 1; ; n++) {
      if (typeof found !== "boolean") found = yield* found;
      if (!found) return this.atEnd();
      taken ??= this.take(this.before.value);
      if (typeof taken !== "boolean") taken = yield* taken;
      if (taken) return true;
      taken = undefined;
      if (n % PATIENCE === 0) yield* cede();
      found = this.before.pull();
    }
  }

  *#inTheNextTurn(): Awaitable<boolean> {
    yield* cede();
    return yield* this.#goOn(this.before.pull());
  }
}

/** Calls a function with each item and its number. What it gives may be awaited. */
abstract class Calling<A, B, R> extends Step<A, B> {
  protected readonly fn: (item: A, index: number) => R | Awaitable<R>;
  #index = 0;

  constructor(before: Stage<A>, fn: (item: A, index: number) => R | Awaitable<R>) {
    super(before);
    this.fn = fn;
  }

  /** What the function gave for an item; whether there is a `value` now. */
  protected abstract given(result: R, item: A): boolean;

  protected take(item: A): Pulled {
    const result = this.fn(item, this.#index++);
    return isAwaitable(result) ? this.#await(result, item) : this.given(result, item);
  }

  *#await(result: Awaitable<unknown>, item: A): Awaitable<boolean> {
    return this.given((yield* framed(this.fn, result)) as R, item);
  }
}

export class Mapping<A, B> extends Calling<A, B, B> {
  protected given(result: B): true {
    this.value = result;
    return true;
  }
}

export class Filtering<A> extends Calling<A, A, unknown> {
  protected given(result: unknown, item: A): boolean {
    if (!result) return false;
    this.value = item;
    return true;
  }
}

export class Scanning<A, B> extends Calling<A, B, B> {
  constructor(before: Stage<A>, fn: (value: B, item: A, index: number) => B | Awaitable<B>, initial: B) {
    super(
      before,
      Object.defineProperty((item: A, index: number) => fn(this.value, item, index), "name", {
        value: fn.name,
      }),
    );
    this.value = initial;
  }
  protected given(result: B): true {
    this.value = result;
    return true;
  }
}

export class Taking<A> extends Step<A, A> {
  #left: number;
  constructor(before: Stage<A>, count: number) {
    super(before);
    this.#left = count;
  }
  override pull(): Pulled {
    return this.#left > 0 && super.pull();
  }
  protected take(item: A): true {
    this.#left--;
    this.value = item;
    return true;
  }
}

export class Dropping<A> extends Step<A, A> {
  #left: number;
  constructor(before: Stage<A>, count: number) {
    super(before);
    this.#left = count;
  }
  protected take(item: A): boolean {
    if (this.#left > 0) {
      this.#left--;
      return false;
    }
    this.value = item;
    return true;
  }
}

export class Chunking<A> extends Step<A, A[]> {
  readonly #size: number;
  #chunk: A[] = [];
  /** What comes behind the last chunk. */
  #failure: unknown = NONE;

  constructor(before: Stage<A>, size: number) {
    super(before);
    this.#size = size;
  }

  override pull(): Pulled {
    if (this.#failure !== NONE) throw this.#failure;
    try {
      const pulled = super.pull();
      return typeof pulled === "boolean" ? pulled : this.#await(pulled);
    } catch (error) {
      return this.#failed(error);
    }
  }
  *#await(pulled: Awaitable<boolean>): Awaitable<boolean> {
    try {
      return yield* pulled;
    } catch (error) {
      return this.#failed(error);
    }
  }
  #failed(error: unknown): boolean {
    if (!this.atEnd()) throw error;
    this.#failure = error;
    return true;
  }
  protected take(item: A): boolean {
    this.#chunk.push(item);
    return this.#chunk.length === this.#size && this.#give();
  }
  protected override atEnd(): boolean {
    return this.#chunk.length > 0 && this.#give();
  }
  #give(): true {
    this.value = this.#chunk;
    this.#chunk = [];
    return true;
  }
}
