/**
 * The scheduler of an execution: it has a decider answer each question, and writes down what was answered. Any ready
 * task may be picked; turns are no boundary.
 */
import type { Runnable, Scheduler } from "../../lowlevel.ts";
import { goOn, type Decider } from "./decider.ts";

/** Where something else was done than going on. */
export interface Deviation {
  readonly kind: "run" | "tie";
  /** Of a run the number of the step, of a tie that of the tie; from 1. */
  readonly at: number;
  /** Of a run the number of who runs, of a tie the index among the equals. */
  readonly chosen: number;
}

/** What is told of each step, by its number. */
export interface Passing {
  /** It is to be decided who has it. */
  before(step: number): void;
  /** It is decided who, of those who are ready: whether it would have been another one's turn. */
  decided(step: number, outOfTurn: boolean, number: number, ready: readonly number[]): void;
  /** Of so many this one comes first: of equal deadlines; or, within a step, of what `select` found ready. */
  tied(chosen: number, count: number, within: boolean): void;
  /** It is over: others may be ready, or nobody. */
  after(step: number): void;
}

/** Who takes so many steps in a row while others are ready gives way: it may wait for them, busily. */
const PATIENCE = 100;

export class Crossroads implements Scheduler, Runnable {
  nextReady: Runnable | null = null;
  /** Who had each step, by number. */
  readonly picked: number[] = [];
  readonly deviations: Deviation[] = [];
  /** How often another one ran though the last one was ready to go on, or a tie was not decided by age. */
  preemptions = 0;
  /** Whether somebody was made to give way. */
  forced = false;
  /** Nothing more is picked. */
  stopped = false;
  readonly #decider: Decider;
  readonly #ready: Runnable[] = [];
  /** The number of each that is ready, side by side with it. */
  readonly #numbers: number[] = [];
  readonly #internal: Runnable[] = [];
  /** What runs only after certain others have had a step. */
  #held: { readonly runnable: Runnable; readonly after: Set<number> }[] = [];
  readonly #callbacks = new Map<Runnable, number>();
  readonly #passing: Passing;
  #last = 0;
  #inARow = 0;
  #running: Runnable | null = null;
  #stepping = false;
  /** Whether whoever had the last step gave way at its end, and did not have to wait. */
  #mayGoOn = false;
  #newest = 0;
  #ties = 0;

  constructor(decider: Decider, passing: Passing) {
    this.#decider = decider;
    this.#passing = passing;
  }

  get size(): number {
    return this.stopped ? 0 : this.#ready.length + this.#internal.length;
  }

  push(runnable: Runnable): void {
    if (runnable.internal === true) {
      this.#internal.push(runnable);
      return;
    }
    if (runnable.afterReady === true && this.#numbers.length > 0) {
      this.#held.push({ runnable, after: new Set(this.#numbers) });
    } else {
      this.#add(runnable);
    }
  }

  #add(runnable: Runnable): void {
    const number = runnable.id ?? this.#numberOfCallback(runnable);
    if (number > this.#newest) {
      this.#newest = number;
      this.#decider.created?.(number, this.#last);
    }
    this.#ready.push(runnable);
    this.#numbers.push(number);
  }

  pick(): Runnable | null {
    if (this.#internal.length > 0) return this.#internal.shift()!;
    if (this.#ready.length === 0) return null;
    const step = this.picked.length + 1;
    const before = this.deviations.length;
    this.#passing.before(step);
    if (this.stopped) return nothing;
    const at = this.#ready.length === 1 ? 0 : this.#decide();
    const number = this.#numbers[at]!;
    this.#inARow = number === this.#last ? this.#inARow + 1 : 1;
    this.#last = number;
    this.picked.push(number);
    this.#decider.runs?.(number);
    this.#passing.decided(step, this.deviations.length > before, number, this.#numbers);
    this.#running = this.#ready[at]!;
    take(this.#ready, at);
    take(this.#numbers, at);
    return this;
  }

  /** The step of whoever was picked: so that it is known whether it could go on. */
  step(): boolean {
    const running = this.#running!;
    this.#stepping = true;
    this.#mayGoOn = running.step();
    this.#stepping = false;
    if (this.#mayGoOn) this.push(running);
    if (this.#held.length > 0) this.#releaseHeld();
    this.#passing.after(this.picked.length);
    return false;
  }

  tie(count: number): number {
    const at = ++this.#ties;
    const chosen = this.#decider.tie(count, at);
    if (chosen !== 0) {
      this.deviations.push({ kind: "tie", at, chosen });
      if (!this.#stepping) this.preemptions++;
    }
    this.#passing.tied(chosen, count, this.#stepping);
    return chosen;
  }

  #decide(): number {
    const numbers = this.#numbers;
    const step = this.picked.length + 1;
    const last = this.#mayGoOn ? numbers.indexOf(this.#last) : -1;
    if (last >= 0 && this.#inARow >= PATIENCE) {
      this.forced = true;
      this.#toTheEnd(last); // as one that has just become ready, and is not among those who are asked about
      const others = numbers.slice(0, -1);
      const at = others.length === 1 ? 0 : this.#decider.choose(others, -1, step);
      if (at !== 0) this.deviations.push({ kind: "run", at: step, chosen: numbers[at]! });
      return at;
    }
    const at = this.#decider.choose(numbers, last, step);
    if (at !== goOn(last)) {
      this.deviations.push({ kind: "run", at: step, chosen: numbers[at]! });
      if (last >= 0) this.preemptions++;
    }
    return at;
  }

  #releaseHeld(): void {
    for (const { after } of this.#held) after.delete(this.#last);
    const free = this.#held.filter(({ after }) => after.size === 0);
    this.#held = this.#held.filter(({ after }) => after.size > 0);
    for (const { runnable } of free) this.#add(runnable);
  }

  #toTheEnd(at: number): void {
    this.#ready.push(...this.#ready.splice(at, 1));
    this.#numbers.push(...this.#numbers.splice(at, 1));
  }

  #numberOfCallback(callback: Runnable): number {
    let number = this.#callbacks.get(callback);
    if (number === undefined) this.#callbacks.set(callback, (number = -1 - this.#callbacks.size));
    return number;
  }
}

const nothing: Runnable = { nextReady: null, step: () => false };

/** As `splice`, which makes an array of what it takes out. */
function take(list: unknown[], at: number): void {
  for (let next = at + 1; next < list.length; next++) list[next - 1] = list[next];
  list.pop();
}
