/** How library authors make a wait of their own. */
import type { Awaitable } from "./awaitable.ts";
import type { Task } from "./task.ts";
import type { Enders, Runner } from "./current.ts";
import { Wait } from "./wait.ts";

export interface ParkOptions {
  /** What is waited for, in words: it is shown wherever waiting tasks are. */
  label: string;
  /** Whether something outside the loop may end it (the default), or tasks alone can. */
  external?: boolean;
  /**
   * For what tasks hold, any of which could end the wait by letting go: who holds it now. Then a circle of tasks
   * that wait for each other is found. Goes with `external: false`.
   */
  holders?: () => Iterable<Task<unknown>>;
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
  override readonly enders?: () => Enders;
  readonly #arrange: (wait: ParkedWait<T>) => (() => void) | void;
  #undo: (() => void) | void = undefined;

  constructor(options: ParkOptions, arrange: (wait: ParkedWait<T>) => (() => void) | void) {
    super();
    this.#options = options;
    const { holders } = options;
    if (holders !== undefined) {
      this.enders = () => ({ tasks: [...holders()].filter((task) => !task.done) as Runner[], any: true });
    }
    this.#arrange = arrange;
  }

  get label(): string {
    return this.#options.label;
  }
  override get external(): boolean {
    return this.#options.external ?? true;
  }

  protected begin(): boolean {
    try {
      this.#undo = this.#arrange(this);
    } catch (error) {
      this.fail(error); // whoever was given the wait already must not believe that it still waits
      throw error;
    }
    if (this.enders !== undefined) this.task!.loop.suspect(this.task!, this);
    return false;
  }

  abort(): void {
    this.#undo?.();
  }
}

/**
 * Waits until `arrange` has it ended. `arrange` is called at the first poll, unless the task is being
 * cancelled; it keeps the wait, and returns how to undo what it arranged, which is called, once and
 * synchronously, if the task is cancelled while it waits.
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
  return { [Symbol.iterator]: () => new Park(options, arrange) };
}
