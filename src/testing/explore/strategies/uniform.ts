/**
 * A random walk that is uniform over interleavings: each of the ready ones runs with a probability in proportion to the
 * steps that it, and whoever it will create, still has to take, as seen in the executions before. Where that is known
 * exactly and nobody waits for anybody, every interleaving is as likely as any other (Zhao, Wolff, Mathur, Roychoudhury,
 * "Selectively uniform concurrency testing", 2025); a plain random walk hardly ever lets a short task come last.
 */
import type { Random } from "../../random.ts";
import type { Decider } from "../decider.ts";
import type { Execution } from "../execution.ts";
import type { Strategy } from "../strategy.ts";

export class Uniform implements Strategy, Decider {
  readonly #random: Random;
  /** How many steps each took, with those of whoever it created, on an average of the executions so far. */
  readonly #expected = new Map<number, number>();
  #executions = 0;
  /** How many of them are to come, less those of the ones that it has created. */
  #left = new Map<number, number>();
  #parents = new Map<number, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Decider {
    this.#left = new Map();
    this.#parents = new Map();
    return this;
  }

  created(child: number, parent: number): void {
    this.#parents.set(child, parent);
    this.#left.set(parent, this.#leftOf(parent) - (this.#expected.get(child) ?? 1));
  }

  choose(ready: readonly number[]): number {
    let all = 0;
    for (const number of ready) all += this.#weight(number);
    let drawn = this.#random.next() * all;
    let at = 0;
    for (; at < ready.length - 1; at++) {
      drawn -= this.#weight(ready[at]!);
      if (drawn < 0) break;
    }
    return at;
  }

  runs(number: number): void {
    this.#left.set(number, this.#leftOf(number) - 1);
  }

  tie(count: number): number {
    return this.#random.below(count);
  }

  learn({ picked }: Execution): void {
    const steps = new Map<number, number>();
    for (const number of picked) steps.set(number, (steps.get(number) ?? 0) + 1);
    // Whoever was created last is nobody's parent of an earlier one.
    for (const [child, parent] of [...this.#parents].reverse()) {
      steps.set(parent, (steps.get(parent) ?? 0) + (steps.get(child) ?? 0));
    }
    this.#executions++;
    for (const [number, count] of steps) {
      const before = this.#expected.get(number) ?? count;
      this.#expected.set(number, before + (count - before) / this.#executions);
    }
  }

  #weight(number: number): number {
    return Math.max(this.#leftOf(number), 0.5);
  }

  #leftOf(number: number): number {
    return this.#left.get(number) ?? this.#expected.get(number) ?? 1;
  }
}
