/** At each step, any of the ready ones, all alike. */
import type { Random } from "../../random.ts";
import type { Decider } from "../decider.ts";
import type { Strategy } from "../strategy.ts";

export class RandomWalk implements Strategy, Decider {
  readonly #random: Random;
  constructor(random: Random) {
    this.#random = random;
  }
  next(): Decider {
    return this;
  }
  choose(ready: readonly number[]): number {
    return this.#random.below(ready.length);
  }
  tie(count: number): number {
    return this.#random.below(count);
  }
}
