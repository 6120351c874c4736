/** How library authors make a wait of their own. */
import { Lazy, type Awaitable } from "./awaitable.ts";
import type { Task } from "./task.ts";
import type { Enders, Runner } from "./current.ts";
import type { WaitKind } from "./monitor.ts";
import { Wait, type Subject } from "./wait.ts";

/** What a wait of one's own says of itself: to people, and to the search for deadlocks. */
export interface ParkOptions {
  /** What is waited for, in words: it is shown wherever waiting tasks are. A function is asked each time. */
  label: string | (() => string);
  /** Whether something outside the loop may end it (true, unless there are `holders`), or tasks alone can. */
  external?: boolean;
  /**
   * For what tasks hold, any of which could end the wait by letting go: who holds it now. Then a circle of tasks
   * that wait for each other is found. A holder in another loop counts as the outside.
   */
  holders?: () => Iterable<Task<unknown>>;
  /** What kind of thing is waited for, for observers: "other" unless given. */
  kind?: WaitKind;
  /** Whether the host works for it meanwhile, as for a promise: a virtual clock stands still as long as this waits. */
  hostWork?: boolean;
}

/** A parked wait, as whoever is to end it holds it. Exactly one of these, or a cancellation, wins. */
export interface ParkedWait<T> {
  /** Ends it with a value. False if it has ended already: give to the next one. */
  complete(value: T): boolean;
  /** Ends it with an error. False if it has ended already. */
  fail(error: unknown): boolean;
}

class Park<T> extends Wait<T> {
  readonly #options: ParkOptions;
  override readonly enders?: () => Enders | null;
  readonly #arrange: (wait: ParkedWait<T>) => (() => void) | void;
  #undo: (() => void) | void = undefined;

  constructor(options: ParkOptions, arrange: (wait: ParkedWait<T>) => (() => void) | void) {
    super();
    this.#options = options;
    const { holders } = options;
    if (holders !== undefined) {
      this.enders = () =>
        this.external ? null : { tasks: [...holders()].filter((task) => !task.done) as Runner[], any: true };
    }
    this.#arrange = arrange;
  }

  get label(): string {
    const { label } = this.#options;
    return typeof label === "string" ? label : label();
  }
  override get external(): boolean {
    const { external, holders } = this.#options;
    if (holders === undefined) return external ?? true;
    return [...holders()].some(({ loop }) => loop !== this.task?.loop);
  }

  override subject(): Subject {
    return { kind: this.#options.kind ?? "other" };
  }
  override complete(value: T): boolean {
    return this.#ended(super.complete(value));
  }
  override fail(error: unknown): boolean {
    return this.#ended(super.fail(error));
  }

  protected begin(): boolean {
    if (this.#options.hostWork) this.task!.loop.hostWork++;
    try {
      this.#undo = this.#arrange(this);
    } catch (error) {
      this.fail(error); // whoever was given the wait already must not believe that it still waits
      throw error;
    }
    if (this.enders !== undefined && this.pending) this.task!.loop.suspect(this.task!, this);
    return false;
  }

  abort(): void {
    this.#ended(true);
    this.#undo?.();
  }

  #ended(won: boolean): boolean {
    if (won && this.#options.hostWork) this.task!.loop.hostWork--;
    return won;
  }
}

/**
 * Waits until `arrange` has it ended. `arrange` is called at the first poll, unless the task is being
 * cancelled; it keeps the wait, and returns how to undo what it arranged, which is called, once and
 * synchronously, if the task is cancelled while it waits; not when it is completed or has failed.
 *
 * @throws TypeError without a label, or for `holders` of what is `external: true`.
 *
 * @example
 * ```ts
 * import { run } from "cede";
 * import { park } from "cede/lowlevel";
 *
 * const tick = park<string>({ label: "a tick" }, (wait) => {
 *   const timer = setTimeout(() => wait.complete("tick"), 5);
 *   return () => clearTimeout(timer);
 * });
 * console.log(await run(() => tick)); // prints: tick
 * ```
 */
export function park<T>(
  options: ParkOptions,
  arrange: (wait: ParkedWait<T>) => (() => void) | void,
): Awaitable<T> {
  const { label, external, holders } = options;
  if (typeof label !== "string" && typeof label !== "function") {
    throw new TypeError(
      `Cannot park without a label: say in words what is waited for, as in \`{ label: "lock 'db'" }\`.`,
    );
  }
  if (external === true && holders !== undefined) {
    throw new TypeError(
      "Cannot park on what tasks hold and the outside may end: leave out `holders`, or `external: true`.",
    );
  }
  return new Lazy(() => new Park(options, arrange));
}
