/**
 * Who is ready, and the one question "who runs next?". First in, first out; exploration answers the
 * question otherwise, by another `Scheduler`.
 */

/** Something the loop can run for a moment: a task, or a callback. */
export interface Runnable {
  /** Its link in the queue: whatever is ready is in one queue at a time. Written by the queue only. */
  nextReady: Runnable | null;
  /** Runs for a moment. Whether it is ready again, for the next turn. */
  step(): boolean;
  /** Of a task: its number in its loop. */
  readonly id?: number;
  /** Of a task: its name and number. */
  readonly name?: string;
  /** It must not run before everyone who is ready when it is pushed has had a step. */
  readonly afterReady?: boolean;
  /** The loop's own: no program can tell when it runs. */
  readonly internal?: boolean;
}

/** Who is ready, and who of them runs next: a loop asks for one after another. */
export interface Scheduler {
  /** How many are ready. */
  readonly size: number;
  push(runnable: Runnable): void;
  /** Takes out the one that runs next; `null` when nobody is ready. */
  pick(): Runnable | null;
  /**
   * Which of so many equal deadlines passes first: its index, in the order they were set. Asked only where one of them
   * cancels something; the others make something ready, and then `pick` has the word. The first one, unless given.
   */
  tie?(count: number): number;
}

/**
 * The scheduler of a loop that is given none. One of one's own may stand on it.
 * @example
 * ```ts
 * import { EventLoop, sleep } from "cede";
 * import { firstInFirstOut, type Scheduler } from "cede/lowlevel";
 *
 * const queue = firstInFirstOut();
 * let picked = 0;
 * const counting: Scheduler = {
 *   get size() {
 *     return queue.size;
 *   },
 *   push: (runnable) => queue.push(runnable),
 *   pick() {
 *     picked++;
 *     return queue.pick();
 *   },
 * };
 * await EventLoop.run(() => sleep(1), { scheduler: counting });
 * console.log(picked > 0); // prints: true
 * ```
 */
export function firstInFirstOut(): Scheduler {
  return new FirstInFirstOut();
}

export class FirstInFirstOut implements Scheduler {
  size = 0;
  #head: Runnable | null = null;
  #tail: Runnable | null = null;

  push(runnable: Runnable): void {
    if (this.#tail === null) this.#head = runnable;
    else this.#tail.nextReady = runnable;
    this.#tail = runnable;
    this.size++;
  }

  pick(): Runnable | null {
    const first = this.#head;
    if (first === null) return null;
    this.#head = first.nextReady;
    if (this.#head === null) this.#tail = null;
    first.nextReady = null;
    this.size--;
    return first;
  }
}
