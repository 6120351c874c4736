/** What a program under search sees of the world: a date that its clock decides, chance that a seed decides, no more. */
import { Random } from "../random.ts";
import type { RealTimer } from "../left-timers.ts";
import { Uncontrolled } from "../uncontrolled.ts";

/** Any date does that is always the same. */
const EPOCH = Date.UTC(2000, 0, 1);

export class World {
  /** Whether the program has drawn random numbers. */
  drawn = false;
  readonly #seed: number;
  #random: Random;
  #now: () => number = () => 0;
  readonly #uncontrolled: Uncontrolled = new Uncontrolled({
    "Date.now": () => EPOCH + this.#now(),
    "performance.now": () => this.#now(),
    "Math.random": () => {
      this.drawn = true;
      return this.#random.next();
    },
  });

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed);
  }

  /** A new execution begins: it sees what each one sees. */
  begin(now: () => number): void {
    this.#now = now;
    this.#uncontrolled.forgetTimers();
    if (this.drawn) this.#random = new Random(this.#seed);
  }

  within(call: () => void): void {
    this.#uncontrolled.within(call);
  }

  /** The timers of the platform that it has used, with the task that was the first: real time may do something. */
  get timers(): ReadonlyMap<string, string> {
    return this.#uncontrolled.seen;
  }

  /** Those that this execution has set, and that still stand. */
  get leftTimers(): readonly RealTimer[] {
    return this.#uncontrolled.leftTimers;
  }
}
