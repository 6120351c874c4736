/**
 * Several strategies by turns: each finds mistakes that another needs very long for. The systematic one has every
 * second schedule at first: where there are few orders it goes through all of them, and nothing is left for the others
 * either. Where there are many it comes to few, and has less and less to say.
 */
import { Random } from "../../random.ts";
import { inOrder, type Decider } from "../decider.ts";
import type { Execution } from "../execution.ts";
import type { Strategy } from "../strategy.ts";
import { CreatorsFirst } from "./creators-first.ts";
import { DepthFirst } from "./depth-first.ts";
import { PartialOrder } from "./partial-order.ts";
import { Priorities } from "./priorities.ts";
import { RandomWalk } from "./random-walk.ts";
import { Uniform } from "./uniform.ts";

/** As long as the systematic one has every second turn; later, every eighth. */
const FEW = 500;

export class Portfolio implements Strategy {
  readonly #systematic: DepthFirst;
  readonly #sampling: readonly Strategy[];
  readonly #creatorsFirst: CreatorsFirst;
  #systematicHasMore = true;
  #turn = -1;
  #first = "";
  #unsteady = false;
  #sampled = -1;
  #current: Strategy | null = null;

  constructor(random: Random, mostPreemptions: number) {
    this.#systematic = new DepthFirst(random, mostPreemptions);
    const uniform = new Uniform(random); // of those by chance the one that finds most, and soonest
    this.#sampling = [
      uniform,
      new RandomWalk(random),
      uniform,
      new PartialOrder(random),
      uniform,
      new Priorities(random),
    ];
    this.#creatorsFirst = new CreatorsFirst();
  }

  next(): Decider | null {
    this.#turn++;
    this.#current = null;
    // As it happens in production: a mistake there is the one to tell of. Twice: it must be the same.
    if (this.#turn < 2) return this.#creatorsFirst.over(inOrder, false);
    if (this.#systematicHasMore && this.#turn % (this.#turn < FEW ? 2 : 8) === 0) {
      const decider = this.#systematic.next();
      if (decider !== null) {
        this.#current = this.#systematic;
        return decider;
      }
      this.#systematicHasMore = false;
      if (this.#systematic.notSearched().length === 0) return null;
    }
    this.#sampled++;
    this.#current = this.#sampling[this.#sampled % this.#sampling.length]!;
    const round = Math.floor(this.#sampled / this.#sampling.length);
    return this.#creatorsFirst.over(this.#current.next()!, round % 2 === 1);
  }

  get orders(): number | undefined {
    return this.#systematicHasMore ? undefined : this.#systematic.orders;
  }

  get unsteady(): boolean {
    return this.#unsteady || this.#systematic.unsteady;
  }

  learn(execution: Execution): void {
    const { picked } = execution;
    if (this.#turn === 0) this.#first = picked.join();
    else if (this.#turn === 1) this.#unsteady = picked.join() !== this.#first;
    this.#current?.learn?.(execution);
  }

  notSearched(): string[] {
    return this.#systematic.notSearched();
  }
}
