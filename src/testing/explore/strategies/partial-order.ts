/**
 * Partial order sampling: each *step* that is to come has a random priority of its own, and the highest runs. Orders
 * that differ only in steps which do not touch each other are drawn far less often than by a random walk (Yuan, Yang,
 * Gu, "Partial order aware concurrency sampling", 2018; here in its basic form, since what a step will touch is not
 * known before).
 */
import type { Random } from "../../random.ts";
import type { Decider } from "../decider.ts";
import type { Strategy } from "../strategy.ts";

export class PartialOrder implements Strategy, Decider {
  readonly #random: Random;
  #priorities = new Map<number, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Decider {
    this.#priorities = new Map();
    return this;
  }

  choose(ready: readonly number[]): number {
    let best = 0;
    let highest = -1;
    for (let at = 0; at < ready.length; at++) {
      let priority = this.#priorities.get(ready[at]!);
      if (priority === undefined) this.#priorities.set(ready[at]!, (priority = this.#random.next()));
      if (priority > highest) {
        highest = priority;
        best = at;
      }
    }
    this.#priorities.delete(ready[best]!); // its next step is another one
    return best;
  }

  tie(count: number): number {
    return this.#random.below(count);
  }
}
