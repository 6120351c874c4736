/**
 * Events as waits and as streams. Listeners are there only while somebody waits or loops, and are removed on every way
 * out. An emitter cannot be held back, so what comes while the loop is busy is kept, up to a capacity.
 */
import { checkCapacity, checkOverflow, type Overflow } from "../channels/base-channel.ts";
import { Channel } from "../channels/channel.ts";
import { Lazy, type Awaitable } from "../kernel/awaitable.ts";
import { NONE } from "../kernel/exit.ts";
import { describe } from "../kernel/misuse.ts";
import { Wait, type Subject } from "../kernel/wait.ts";
import type { Opening, Stage } from "./stage.ts";
import { Stream } from "./stream.ts";

/** What has `on` and `off`, as Node's `EventEmitter`. */
export interface EmitterLike {
  on(name: string, listener: (...args: unknown[]) => void): unknown;
  off(name: string, listener: (...args: unknown[]) => void): unknown;
}

/** What has `addEventListener` and `removeEventListener`, as everything in a browser. */
export interface TargetLike {
  addEventListener(name: string, listener: (event: Event) => void): void;
  removeEventListener(name: string, listener: (event: Event) => void): void;
}

/** How `on` keeps what comes while nobody asks. */
export interface OnOptions {
  /** How many events are kept at most: 1,000 unless given. */
  capacity?: number;
  /**
   * What becomes of one that comes when so many are kept: `"error"`, unless given: the loop gets what was kept, and then a
   * ChannelFullError; `"dropOldest"`; `"dropNewest"`.
   */
  overflow?: Exclude<Overflow, "wait">;
  /** The name of an event, or of several, that ends the stream: `"close"`, say. */
  end?: string | readonly string[];
}

/**
 * Waits for one event: of an event target it gives the event, of an emitter the array of its arguments, as Node's
 * `once` does. An emitter's `"error"` fails it, unless that is what is waited for. It is a single wait, for `select`, too;
 * however it ends, its listeners are removed.
 *
 * @throws what an emitter's `"error"` event brings; TypeError for what has no events.
 * @example
 * ```ts
 * import { EventEmitter } from "node:events";
 * import { createTask, run, select, sleep } from "cede";
 * import { once } from "cede/streams";
 *
 * const server = new EventEmitter();
 * await run(function* () {
 *   createTask(function* () {
 *     yield* sleep(5);
 *     server.emit("listening", 8080);
 *   });
 *   const first = yield* select({ listening: once<[number]>(server, "listening"), late: sleep(1000) });
 *   if (first.key === "listening") console.log(first.value); // prints: [ 8080 ]
 * });
 * ```
 */
export function once<E extends Event = Event>(target: TargetLike, name: string): Awaitable<E>;
export function once<Arguments extends unknown[] = unknown[]>(
  emitter: EmitterLike,
  name: string,
): Awaitable<Arguments>;
export function once(source: EmitterLike | TargetLike, name: string): Awaitable<unknown> {
  checkEmitter(source, `wait for ${describe(name)}`);
  return new Lazy(() => new Once(source, name));
}

/**
 * A stream of events: of the events of an event target, of the arrays of arguments of an emitter. It listens while it is
 * iterated over; what comes while the loop is busy is kept, up to a capacity. An emitter's `"error"` is thrown to the loop,
 * behind what came before it, unless that is the event that is asked for.
 *
 * @throws TypeError for what has no events, or an `overflow` that is none of the three; RangeError if `capacity` is no
 * whole number, 1 or more, nor Infinity; (in the loop) ChannelFullError; what an emitter's `"error"` event brings.
 * @example
 * ```ts
 * import { EventEmitter } from "node:events";
 * import { createTask, run, sleep } from "cede";
 * import { iterate, on } from "cede/streams";
 *
 * const door = new EventEmitter();
 * await run(function* () {
 *   createTask(function* () {
 *     yield* sleep(5);
 *     door.emit("knock", "Ann");
 *     door.emit("knock", "Bob");
 *     door.emit("close");
 *   });
 *   const knocks = yield* iterate(on<[string]>(door, "knock", { end: "close" }));
 *   while (yield* knocks.next()) console.log(...knocks.value);
 * });
 * // prints: Ann
 * // prints: Bob
 * ```
 */
export function on<E extends Event = Event>(target: TargetLike, name: string, options?: OnOptions): Stream<E>;
export function on<Arguments extends unknown[] = unknown[]>(
  emitter: EmitterLike,
  name: string,
  options?: OnOptions,
): Stream<Arguments>;
export function on(
  source: EmitterLike | TargetLike,
  name: string,
  { capacity = 1000, overflow = "error", end = [] }: OnOptions = {},
): Stream<unknown> {
  checkEmitter(source, `listen to ${describe(name)}`);
  const what = `the events ${describe(name)}`;
  checkCapacity(what, capacity, 1);
  checkOverflow(what, overflow, ["dropOldest", "dropNewest", "error"]);
  const ends = typeof end === "string" ? [end] : end;
  return new Stream((opening) => {
    const kept = new Channel<unknown>(capacity, { name, overflow });
    return new EventStage(kept, source, name, ends, opening);
  });
}

class Once<T> extends Wait<T> {
  readonly #source: EmitterLike | TargetLike;
  readonly #name: string;
  readonly #listeners: Listeners = new Listeners();

  constructor(source: EmitterLike | TargetLike, name: string) {
    super();
    this.#source = source;
    this.#name = name;
  }

  get label(): string {
    return `the event "${this.#name}"`;
  }
  override subject(): Subject {
    return { kind: "event" };
  }
  override get external(): boolean {
    return true;
  }

  protected begin(): boolean {
    this.#listeners.add(this.#source, this.#name, (value) => {
      this.abort();
      this.complete(value as T);
    });
    this.#listeners.addError(this.#source, this.#name, (error) => {
      this.abort();
      this.fail(error);
    });
    return false;
  }

  abort(): void {
    this.#listeners.removeAll();
  }
}

class EventStage<T> implements Stage<T> {
  value!: T;
  readonly #kept: Channel<T>;
  readonly #listeners: Listeners = new Listeners();
  #failure: unknown = NONE;
  /** An emitter calls a listener once more that was removed while it calls them all. */
  #stopped = false;

  constructor(
    kept: Channel<T>,
    source: EmitterLike | TargetLike,
    name: string,
    ends: readonly string[],
    opening: Opening,
  ) {
    this.#kept = kept;
    opening.onClose(() => this.#stop());
    this.#listeners.add(source, name, (value) => this.#keep(value as T));
    for (const end of ends) this.#listeners.add(source, end, () => this.#stop());
    this.#listeners.addError(source, name, (error) => this.#fail(error));
  }

  *pull(): Awaitable<boolean> {
    const next = yield* this.#kept.receiveOrEnd();
    if (!next.done) {
      this.value = next.value;
      return true;
    }
    if (this.#failure !== NONE) throw this.#failure;
    return false;
  }

  #keep(value: T): void {
    if (this.#stopped) return;
    try {
      this.#kept.accept(value);
    } catch (error) {
      this.#fail(error); // there is no room: the emitter is not to hear of that
    }
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    this.#failure = error;
    this.#stop();
  }

  #stop(): undefined {
    this.#stopped = true;
    this.#listeners.removeAll();
    this.#kept.close();
  }
}

/** Listeners that were added, to be removed together. */
class Listeners {
  #removers: (() => void)[] = [];

  /** `listener` is given an event, or the arguments of one. */
  add(source: EmitterLike | TargetLike, name: string, listener: (value: unknown) => void): void {
    if (isTarget(source)) {
      source.addEventListener(name, listener);
      this.#removers.push(() => source.removeEventListener(name, listener));
    } else {
      const ofArguments = (...args: unknown[]): void => listener(args);
      source.on(name, ofArguments);
      this.#removers.push(() => void source.off(name, ofArguments));
    }
  }

  /** An emitter's errors, where they are not what is asked for. */
  addError(source: EmitterLike | TargetLike, name: string, listener: (error: unknown) => void): void {
    if (isTarget(source) || name === "error") return;
    this.add(source, "error", (args) => listener((args as unknown[])[0]));
  }

  removeAll(): void {
    for (const remove of this.#removers.splice(0)) remove();
  }
}

/** Whether it has both: an emitter may have the one besides, and could not let go. */
function isTarget(source: unknown): source is TargetLike {
  const { addEventListener, removeEventListener } = Object(source) as Record<string, unknown>;
  return typeof addEventListener === "function" && typeof removeEventListener === "function";
}

function checkEmitter(source: unknown, what: string): void {
  if (isTarget(source)) return;
  const { on, off } = Object(source) as Record<string, unknown>;
  if (typeof on === "function" && typeof off === "function") return;
  throw new TypeError(
    `Cannot ${what} of ${describe(source)}: it has no events. It takes an emitter (with \`on\` and \`off\`), or an event ` +
      "target (with `addEventListener`).",
  );
}
