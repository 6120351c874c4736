/**
 * In which order those who are ready in one turn run. First in, first out, as in production; or shuffled, by a
 * seed: that finds code that relies on more than is promised (S19 promises the order, but a program that stands
 * on it breaks when a line is added).
 */
import { firstInFirstOut, type Runnable, type Scheduler } from "../lowlevel.ts";
import { Random } from "./random.ts";

const SEEDS = 2 ** 32;
/** Of all that `Math.random` is: the one there was before a test has put its own in its place. */
const { random } = Math;

/** What may be said of the order. */
export interface OrderOptions {
  /** Whether those who are ready run in a random order: as CEDE_SEED or a `seed` says, unless given. */
  shuffle?: boolean;
  /**
   * Decides the random order, and what `runTest` has the program draw from `Math.random`: a whole number from 0 to
   * 4294967295. As CEDE_SEED says, or any, unless given.
   */
  seed?: number;
}

/** The seed of a shuffled order; `undefined`: first in, first out. @throws RangeError if it is no seed. */
export function seedOf({ shuffle, seed }: OrderOptions): number | undefined {
  if (shuffle === false) return undefined;
  if (seed !== undefined) {
    if (isSeed(seed)) return seed;
    throw new RangeError(`Cannot shuffle with the seed ${String(seed)}: ${WHAT_IS_ONE}`);
  }
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const given = process?.env?.["CEDE_SEED"] ?? "";
  if (given === "") return shuffle ? Math.floor(random() * SEEDS) : undefined;
  if (/^\d+$/.test(given) && isSeed(Number(given))) return Number(given);
  throw new RangeError(`Cannot shuffle: CEDE_SEED is "${given}". ${WHAT_IS_ONE}`);
}

const WHAT_IS_ONE = `A seed is a whole number from 0 to ${SEEDS - 1}.`;

export function isSeed(seed: number): boolean {
  return Number.isInteger(seed) && seed >= 0 && seed < SEEDS;
}

/** The scheduler of a seed. `onMany` is called now and then, while the loop does not let go. */
export function schedulerOf(seed: number | undefined, onMany: () => void): Scheduler {
  const order = seed === undefined ? firstInFirstOut() : new Shuffled(new Random(seed));
  let picks = 0;
  return {
    get size() {
      return order.size;
    },
    push: (runnable) => order.push(runnable),
    pick() {
      if ((++picks & 4095) === 0) onMany();
      return order.pick();
    },
    ...(order.tie && { tie: (count) => order.tie!(count) }),
  };
}

/**
 * A permutation of each turn. Tasks only: whoever calls back "once everyone who is ready now has had a step" is
 * a callback, and comes after the tasks, in order; the loop's own come before.
 */
class Shuffled implements Scheduler {
  readonly #random: Random;
  /** Those of this turn that have not run; those that became ready in it. */
  readonly #own: Runnable[] = [];
  readonly #tasks: Runnable[] = [];
  readonly #callbacks: Runnable[] = [];
  #next: Runnable[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  get size(): number {
    return this.#left + this.#next.length;
  }

  push(runnable: Runnable): void {
    this.#next.push(runnable);
  }

  pick(): Runnable | null {
    if (this.#left === 0) this.#nextTurn();
    const own = this.#own.shift();
    if (own !== undefined) return own;
    const tasks = this.#tasks;
    if (tasks.length === 0) return this.#callbacks.shift() ?? null;
    const index = this.#random.below(tasks.length);
    const picked = tasks[index]!;
    tasks[index] = tasks[tasks.length - 1]!;
    tasks.pop();
    return picked;
  }

  tie(count: number): number {
    return this.#random.below(count);
  }

  get #left(): number {
    return this.#own.length + this.#tasks.length + this.#callbacks.length;
  }

  #nextTurn(): void {
    for (const runnable of this.#next) {
      const list = runnable.internal ? this.#own : runnable.id === undefined ? this.#callbacks : this.#tasks;
      list.push(runnable);
    }
    this.#next = [];
  }
}
