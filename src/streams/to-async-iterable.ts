/** Streams for the rest of the world: `for await` in ordinary async code, and web streams. */
import type { Awaitable } from "../kernel/awaitable.ts";
import { Channel } from "../channels/channel.ts";
import { run } from "../run/run.ts";
import type { RunOptions } from "../run/event-loop.ts";
import { iterate } from "./items.ts";
import { checkSource, type Source } from "./source.ts";

/**
 * Makes an async iterable of a source, for `for await` in ordinary async code. Each loop over it is a run of its own, that
 * begins when the first item is asked for. Leaving the loop early cancels it, and waits until everything is released.
 *
 * @throws TypeError for what is no source; (rejects) what the source throws, or `signal.reason`, if the `signal` of the
 * options is aborted.
 * @example
 * ```ts
 * import { stream, toAsyncIterable } from "cede/streams";
 *
 * const numbers = stream([1, 2, 3]).map((n) => n * 10);
 * for await (const n of toAsyncIterable(numbers)) {
 *   console.log(n);
 *   if (n === 20) break;
 * }
 * // prints: 10
 * // prints: 20
 * ```
 */
export function toAsyncIterable<T>(source: Source<T>, options: RunOptions = {}): AsyncIterable<T> {
  checkSource(source);
  return { [Symbol.asyncIterator]: () => new Outside(source, options) };
}

/**
 * Makes a web `ReadableStream` of a source. An item is read when the stream is; cancelling it cancels the loop, and waits
 * until everything is released.
 *
 * @throws TypeError for what is no source; (what reads) as `toAsyncIterable`.
 * @example
 * ```ts
 * import { stream, toReadableStream } from "cede/streams";
 *
 * const body = toReadableStream(stream(["hello ", "world"]).map((text) => new TextEncoder().encode(text)));
 * console.log(await new Response(body).text()); // prints: hello world
 * ```
 */
export function toReadableStream<T>(source: Source<T>, options: RunOptions = {}): ReadableStream<T> {
  checkSource(source);
  const items = new Outside(source, options);
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await items.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await items.return();
      },
    },
    { highWaterMark: 0 }, // nothing is read ahead: `buffer` does that
  );
}

/** Somebody outside who asks for an item. */
interface Asking<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

/** Why the run of a loop that was left early was cancelled. */
const LEFT = new Error("The loop over the stream was left.");

class Outside<T> implements AsyncIterator<T, undefined> {
  readonly #source: Source<T>;
  readonly #options: RunOptions;
  readonly #stop = new AbortController();
  readonly #asked = new Channel<Asking<T>>(Infinity, { name: "of who asks from outside" });
  /** Whose item is being looked for. */
  #serving: Asking<T> | undefined;
  /** Settles when everything is released. */
  #run: Promise<void> | null = null;
  #over = false;
  /** What has failed when nobody asked; told to the next who does. */
  #failures: unknown[] = [];

  constructor(source: Source<T>, options: RunOptions) {
    this.#source = source;
    this.#options = options;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#failures.length > 0) return Promise.reject(this.#failures.shift());
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#asked.trySend({ resolve, reject });
      this.#run ??= this.#start();
    });
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#over = true;
    this.#stop.abort(LEFT);
    await this.#run;
    return { done: true, value: undefined };
  }

  #start(): Promise<void> {
    const { signal } = this.#stop;
    const { signal: given } = this.#options;
    const options = {
      ...this.#options,
      signal: given === undefined ? signal : AbortSignal.any([given, signal]),
    };
    return run(() => this.#serve(), options).then(
      () => this.#end([]),
      (error: unknown) => {
        if (!signal.aborted) this.#end([error]);
        else this.#end([]);
        if (signal.aborted && error !== LEFT) throw error; // of cleanup: for whoever called `return`
      },
    );
  }

  *#serve(): Awaitable<void> {
    const items = yield* iterate(this.#source);
    for (;;) {
      this.#serving = yield* this.#asked.receive();
      if (!(yield* items.next())) return;
      this.#serving.resolve({ done: false, value: items.value });
      this.#serving = undefined;
    }
  }

  /** Everything is released: tells whoever asks. */
  #end(failures: unknown[]): void {
    this.#over = true;
    this.#failures = failures;
    const next = (): Asking<T> | undefined => this.#asked.tryReceive()?.value;
    for (let asking = this.#serving ?? next(); asking !== undefined; asking = next()) {
      if (failures.length > 0) asking.reject(failures.shift());
      else asking.resolve({ done: true, value: undefined });
    }
  }
}
