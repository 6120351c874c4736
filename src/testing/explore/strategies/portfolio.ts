/**
 * Several strategies by turns: each finds mistakes that another needs very long for. The systematic one has every
 * second schedule; when it has gone through all there are, nothing is left for the others either.
 */
import { Random } from "../../random.ts";
import { inOrder, type Decider } from "../decider.ts";
import type { Execution } from "../execution.ts";
import type { Strategy } from "../strategy.ts";
import { DepthFirst } from "./depth-first.ts";
import { PartialOrder } from "./partial-order.ts";
import { Priorities } from "./priorities.ts";
import { RandomWalk } from "./random-walk.ts";
import { Uniform } from "./uniform.ts";

export class Portfolio implements Strategy {
  readonly #systematic: DepthFirst;
  readonly #sampling: readonly Strategy[];
  #systematicHasMore = true;
  #turn = -1;
  #current: Strategy | null = null;

  constructor(random: Random, mostPreemptions: number) {
    this.#systematic = new DepthFirst(random, mostPreemptions);
    this.#sampling = [
      new Priorities(random),
      new RandomWalk(random),
      new PartialOrder(random),
      new Uniform(random),
    ];
  }

  next(): Decider | null {
    this.#turn++;
    this.#current = null;
    if (this.#turn === 0) return inOrder; // as it happens in production: a mistake there is the one to tell of
    if (this.#turn % 2 === 1 && this.#systematicHasMore) {
      const decider = this.#systematic.next();
      if (decider !== null) {
        this.#current = this.#systematic;
        return decider;
      }
      this.#systematicHasMore = false;
      if (this.#systematic.notSearched().length === 0) return null;
    }
    this.#current = this.#sampling[(this.#turn >> 1) % this.#sampling.length]!;
    return this.#current.next();
  }

  learn(execution: Execution): void {
    this.#current?.learn?.(execution);
  }

  notSearched(): string[] {
    return this.#systematic.notSearched();
  }
}
