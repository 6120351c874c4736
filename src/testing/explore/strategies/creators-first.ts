/**
 * Lets whoever creates tasks run before the others, and leaves the rest to another decider. Many mistakes need most of
 * a program's tasks to be there; where each is created in a step of its own, a walk by chance has the first ones
 * long done by then.
 */
import type { Decider } from "../decider.ts";

export class CreatorsFirst implements Decider {
  /** Who has created others, in executions before this one too. */
  readonly #creators = new Set<number>();
  #decider: Decider | null = null;
  #active = false;

  /** For the next execution; where it is not active, it only learns who creates others. */
  over(decider: Decider, active: boolean): this {
    this.#decider = decider;
    this.#active = active;
    return this;
  }

  choose(ready: readonly number[], last: number, step: number): number {
    const at = this.#active ? ready.findIndex((number) => this.#creators.has(number)) : -1;
    return at >= 0 ? at : this.#decider!.choose(ready, last, step);
  }

  tie(count: number, at: number): number {
    return this.#decider!.tie(count, at);
  }

  created(child: number, parent: number): void {
    this.#creators.add(parent);
    this.#decider!.created?.(child, parent);
  }

  runs(number: number): void {
    this.#decider!.runs?.(number);
  }
}
