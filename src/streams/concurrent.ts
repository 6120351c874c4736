/** Operators that run tasks beside the loop: buffer, merge, retry, and map with a concurrency. */
import type { Overflow } from "../channels/base-channel.ts";
import { Channel } from "../channels/channel.ts";
import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine } from "../kernel/coroutine.ts";
import { Listener } from "../kernel/future.ts";
import type { Task } from "../kernel/task.ts";
import { retry, type RetryPolicy } from "../policy/retry.ts";
import { framed, isAwaitable } from "./awaiting.ts";
import { Beside, sendAll } from "./beside.ts";
import { iterate } from "./items.ts";
import { ReadBeforeError } from "./once-only.ts";
import type { Source } from "./source.ts";
import type { Opening, Stage } from "./stage.ts";

/** What the tasks send is what the loop gets. */
abstract class Sent<T> implements Stage<T> {
  value!: T;
  readonly #beside: Beside<T>;

  constructor(beside: Beside<T>) {
    this.#beside = beside;
  }

  *pull(): Awaitable<boolean> {
    const next = yield* this.#beside.next();
    if (next === undefined) return false;
    this.value = next.value;
    return true;
  }
}

export class Buffering<T> extends Sent<T> {
  constructor(source: Source<T>, opening: Opening, capacity: number, overflow: Overflow | undefined) {
    const beside = new Beside<T>(opening, "buffer", capacity, overflow);
    beside.pump(source);
    super(beside);
  }
}

/** Each source has one item ready, at most. */
export class Merging<T> extends Sent<T> {
  constructor(sources: readonly Source<T>[], opening: Opening) {
    const beside = new Beside<T>(opening, "merge", 0);
    for (const source of sources) beside.pump(source);
    if (sources.length === 0) beside.found.close();
    super(beside);
  }
}

/** All of it again, where it fails. */
export class Retrying<T> extends Sent<T> {
  constructor(source: Source<T>, opening: Opening, policy: RetryPolicy) {
    const beside = new Beside<T>(opening, "retry", 0);
    const when: RetryPolicy["when"] = (error, attempt) =>
      !(error instanceof ReadBeforeError) && (policy.when === undefined || policy.when(error, attempt));
    beside.start(() =>
      retry(() => sendAll(source, beside.found, opening.settleTimeout), { ...policy, when }),
    );
    super(beside);
  }
}

/** A task for each item. Their results are given in the order of the items, or as they come. */
export class MappingAtOnce<A, B> implements Stage<B> {
  value!: B;
  /** What is found are the tasks: as they were started, or as they end. */
  readonly #beside: Beside<Task<B>>;
  /** Has one for each item that is under way, or done and not taken. */
  readonly #places: Channel<void>;
  /** The task whose result is next. Kept where its wait is cancelled. */
  #next: Task<B> | null = null;

  constructor(
    source: Source<A>,
    opening: Opening,
    fn: (item: A, index: number) => B | Awaitable<B>,
    concurrency: number,
    ordered: boolean,
  ) {
    const name = fn.name || "map";
    const beside = new Beside<Task<B>>(opening, name, Infinity);
    const places = new Channel<void>(concurrency, { name: `the places of ${name}` });
    const work = coroutine(function* map(item: A, index: number): Awaitable<B> {
      const given = fn(item, index);
      return isAwaitable(given) ? yield* framed(fn, given) : given;
    });
    beside.start(function* read() {
      const items = yield* iterate(source, { settleTimeout: opening.settleTimeout });
      for (let index = 0; ; index++) {
        yield* places.send();
        if (!(yield* items.next())) return;
        const task = beside.start(work(items.value, index), name);
        const found = (): void => void beside.found.trySend(task);
        if (ordered) found();
        else task.subscribe(new Listener(found));
      }
    });
    this.#beside = beside;
    this.#places = places;
  }

  *pull(): Awaitable<boolean> {
    this.#next ??= (yield* this.#beside.next())?.value ?? null;
    if (this.#next === null) return false;
    this.value = yield* this.#resultOf(this.#next);
    this.#next = null;
    this.#places.tryReceive();
    return true;
  }

  /** Where it was cancelled because another one has failed, that one's error. */
  *#resultOf(task: Task<B>): Awaitable<B> {
    try {
      return yield* task;
    } catch (error) {
      this.#beside.throwFailure();
      throw error;
    }
  }
}
