/**
 * Probabilistic concurrency testing: each task has a random priority, and the highest runs; at d − 1 random steps
 * whoever would run is given the lowest. It finds a mistake that needs d steps in a certain order among k steps of n
 * tasks with a probability of at least 1 / (n k^(d−1)), however long the program is (Burckhardt, Kothari, Musuvathi,
 * Nagarakatte, "A randomized scheduler with probabilistic guarantees of finding bugs", 2010).
 */
import type { Random } from "../../random.ts";
import type { Decider } from "../decider.ts";
import type { Execution } from "../execution.ts";
import type { Strategy } from "../strategy.ts";

/** Up to how many steps in order: mistakes that need more are rare. */
const DEPTHS = 5;

export class Priorities implements Strategy, Decider {
  readonly #random: Random;
  #steps = 1;
  #depth = 0;
  #priorities = new Map<number, number>();
  /** At which steps priorities change: the next one last. */
  #changes: number[] = [];
  #lowest = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Decider {
    this.#depth = (this.#depth % DEPTHS) + 1;
    this.#priorities = new Map();
    this.#changes = [];
    this.#lowest = 0;
    for (let change = 1; change < this.#depth; change++) {
      this.#changes.push(1 + this.#random.below(this.#steps));
    }
    this.#changes.sort((a, b) => b - a);
    return this;
  }

  choose(ready: readonly number[], _last: number, step: number): number {
    let at = this.#highest(ready);
    // Also one that fell on a step at which there was nothing to choose.
    for (; this.#changes.length > 0 && this.#changes.at(-1)! <= step; this.#changes.pop()) {
      this.#priorities.set(ready[at]!, --this.#lowest);
      at = this.#highest(ready);
    }
    return at;
  }

  tie(count: number): number {
    return this.#random.below(count);
  }

  learn({ picked }: Execution): void {
    this.#steps = Math.max(this.#steps, picked.length);
  }

  #highest(ready: readonly number[]): number {
    let best = 0;
    for (let at = 1; at < ready.length; at++) {
      if (this.#priority(ready[at]!) > this.#priority(ready[best]!)) best = at;
    }
    return best;
  }

  #priority(number: number): number {
    let priority = this.#priorities.get(number);
    if (priority === undefined) this.#priorities.set(number, (priority = this.#random.next()));
    return priority;
  }
}
