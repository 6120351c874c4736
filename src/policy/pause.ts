/** A sleep until a time that says what it is for: "attempt 2 of load, 200 ms after: Error: refused". */
import type { Awaitable } from "../kernel/awaitable.ts";
import type { Timer } from "../kernel/deadlines.ts";
import { Wait, type Subject } from "../kernel/wait.ts";

export class Pause extends Wait<void> implements Awaitable<void>, Timer {
  at = 0;
  order = 0;
  slot = -1;
  readonly #until: number;
  readonly #why: () => string;

  /** `until`: in milliseconds of the loop's clock; what has passed is the next turn. */
  constructor(until: number, why: () => string) {
    super();
    this.#until = until;
    this.#why = why;
  }

  [Symbol.iterator](): this {
    return this;
  }
  get label(): string {
    return this.#why();
  }
  override subject(): Subject {
    return { kind: "sleep" };
  }
  /** As with a sleep: one that lasts for ever can be ended by cancelling the run. */
  override get external(): boolean {
    return this.#until === Infinity;
  }

  protected begin(): boolean {
    this.task!.loop.deadlines.set(this, this.#until);
    return false;
  }
  abort(): void {
    this.task!.loop.deadlines.clear(this);
  }
  expire(): void {
    this.complete();
  }
}
