/**
 * Something that is made once, by whoever asks first, in that task; the others wait for it.
 *
 * If that task is cancelled while it makes it, whoever has waited longest takes over and begins anew: what one task does
 * not want any more, another may. If making it fails, all who waited for that attempt get its error, and the next one
 * who asks tries again: an error is not remembered, since what failed (a connection, say) may work later.
 */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { coroutine } from "../kernel/coroutine.ts";
import { current, type Enders, type Runner } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { Frame } from "../kernel/frame.ts";
import { describe, namedAfter } from "../kernel/misuse.ts";
import type { Subject } from "../kernel/wait.ts";
import { called, Loops, Queue, QueuedWait, type SyncOptions } from "./holding.ts";

/** What a once shows of itself. */
export interface OnceStatistics {
  readonly state: "not begun" | "running" | "done";
  /** The name of the task that runs the body. */
  readonly runner: string | undefined;
  /** How many tasks wait for it. */
  readonly waiting: number;
}

/** Instead of a value: the wait is over because it is one's own turn to make it. */
const YOURS: unique symbol = Symbol("yours") as never;

/**
 * Runs `body` once, when somebody first asks for its value, and gives that value to all who ask.
 *
 * `body` runs in the task that asks first, and may be cancelled with it: then another one that waits begins it anew. If it
 * throws, those who wait get the error too, and whoever asks next tries again.
 *
 * @throws TypeError if `body` is not a function.
 * @example
 * ```ts
 * import { all, coroutine, Once, run, sleep } from "cede";
 *
 * const settings = new Once(function* () {
 *   console.log("loads");
 *   yield* sleep(5);
 *   return { color: "blue" };
 * });
 *
 * const color = coroutine(function* color() {
 *   return (yield* settings.get()).color;
 * });
 * console.log(await run(() => all([color(), color()])));
 * // prints: loads
 * // prints: [ 'blue', 'blue' ]
 * ```
 */
export class Once<T> {
  /** What messages call it. */
  readonly name: string | undefined;
  readonly #body: Body<T>;
  readonly #queue = new Queue<Turn<T>>();
  readonly #loops = new Loops();
  #runner: Runner | null = null;
  #done = false;
  #value: T | undefined = undefined;

  constructor(body: Body<T>, { name }: SyncOptions = {}) {
    if (typeof body !== "function") {
      throw new TypeError(
        `Cannot run ${describe(body)} once: give a function that returns what is awaited, \`() => …\` or ` +
          "`function* () { … }`.",
      );
    }
    this.name = name;
    this.#body = body;
  }

  /** Whether the value is there. */
  get done(): boolean {
    return this.#done;
  }

  get statistics(): OnceStatistics {
    return {
      state: this.#done ? "done" : this.#runner === null ? "not begun" : "running",
      runner: this.#runner?.name,
      waiting: this.#queue.waiting,
    };
  }

  /**
   * The value: makes it, if nobody has; otherwise waits for it.
   *
   * @throws what `body` throws; InvalidStateError if `body` itself asks for it.
   */
  get(): Awaitable<T> {
    return getOnce(this);
  }

  /** The value if it is there; otherwise `undefined`, at once. */
  tryGet(): T | undefined {
    return this.#value;
  }

  /** @internal */
  get title(): string {
    return called("once", this.name);
  }

  /** In words, for whoever waits. @internal */
  get label(): string {
    return this.#runner === null ? this.title : `${this.title}, which ${this.#runner.name} runs`;
  }

  /** Whether tasks of several loops are concerned. @internal */
  get external(): boolean {
    return this.#loops.several;
  }

  /** @internal */
  get enders(): Enders | null {
    return this.external ? null : { tasks: this.#runner === null ? [] : [this.#runner], any: true };
  }

  /** A frame of the body. @internal */
  run(): Frame<T> {
    return new Frame<T>(() => namedAfter(this.#body, this.#body()));
  }

  /** The value, or whose turn it is, or nothing: then the wait is queued. @internal */
  enter(turn: Turn<T>): { readonly value: T | typeof YOURS } | null {
    if (this.#done) return { value: this.#value as T };
    const owner = turn.owner!;
    this.#loops.add(owner.loop);
    if (this.#runner === null) {
      this.#runner = owner;
      return { value: YOURS };
    }
    if (this.#runner === owner) {
      throw new InvalidStateError(
        `Cannot get ${this.title} in ${owner.name}: this task is making it, and would wait for itself. Its body must ` +
          "not ask for it.",
      );
    }
    this.#queue.push(turn);
    return null;
  }

  /** @internal */
  unqueue(turn: Turn<T>): void {
    this.#queue.remove(turn);
  }

  /** @internal */
  succeeded(value: T): void {
    this.#done = true;
    this.#value = value;
    for (let turn = this.#queue.shift(); turn !== null; turn = this.#queue.shift()) turn.complete(value);
  }

  /** @internal */
  failed(error: unknown): void {
    for (let turn = this.#queue.shift(); turn !== null; turn = this.#queue.shift()) turn.fail(error);
  }

  /** Whoever made it does so no longer. Those who still wait were told nothing: it was cancelled. @internal */
  handOn(): void {
    for (let turn = this.#queue.shift(); turn !== null; turn = this.#queue.shift()) {
      if (!turn.complete(YOURS)) continue;
      this.#runner = turn.owner;
      return;
    }
    this.#runner = null;
    this.#loops.clear();
  }
}

const getOnce = coroutine(function* get<T>(once: Once<T>): Awaitable<T> {
  const turn: Awaitable<T | typeof YOURS> = new Turn(once);
  const given = yield* turn;
  if (given !== YOURS) return given;
  try {
    const made: Awaitable<T> = once.run();
    const value = yield* made;
    once.succeeded(value);
    return value;
  } catch (error) {
    once.failed(error);
    throw error;
  } finally {
    once.handOn();
  }
});

/** A wait for the value, or for one's turn to make it; nobody else sees it. */
class Turn<T> extends QueuedWait<T | typeof YOURS> implements Awaitable<T | typeof YOURS> {
  readonly #once: Once<T>;
  owner: Runner | null = null;

  constructor(once: Once<T>) {
    super();
    this.#once = once;
  }

  get label(): string {
    return this.#once.label;
  }
  override subject(): Subject {
    return { kind: "once", target: this.#once };
  }
  override get external(): boolean {
    return this.#once.external;
  }
  override enders(): Enders | null {
    return this.#once.enders;
  }

  [Symbol.iterator](): this {
    return this;
  }

  protected begin(): boolean {
    this.owner = current.task!;
    const given = this.#once.enter(this);
    if (given !== null) return this.ready(given.value);
    this.task!.loop.suspect(this.task!, this);
    return false;
  }

  abort(): void {
    this.#once.unqueue(this);
  }
}
