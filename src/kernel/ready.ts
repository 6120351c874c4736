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
}

export interface Scheduler {
  /** How many are ready. */
  readonly size: number;
  push(runnable: Runnable): void;
  /** Takes out the one that runs next; `null` when nobody is ready. */
  pick(): Runnable | null;
}

/** The scheduler of a loop that is given none. */
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
