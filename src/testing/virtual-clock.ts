/**
 * The simplest host: its time jumps to the next deadline when nothing else is to be done, so sleeps take no
 * time, and every run is the same.
 *
 * While a task waits for the outside (a promise, a future), time must not jump over what is still to come.
 * So it stands still as long as the platform has work under way that was begun after the clock was made.
 */
import type { Host } from "../lowlevel.ts";
import { canTell, lookLater, soon, UnderWay } from "./under-way.ts";

/** For how long time may stand still before that is told, in milliseconds of the real clock. */
const TELL_AFTER_MS = 2000;

export class VirtualClock implements Host {
  #now: number;
  #calls: (() => void)[] = [];
  #wakeAt = Infinity;
  #wake: () => void = () => {};
  #exhausted: (() => void) | null = null;
  #scheduled = false;
  #waitsOutside: () => boolean = () => false;
  readonly #underWay = new UnderWay();
  /** Since when it stands still, by the real clock; `Infinity`: that it does was told. */
  #still: number | null = null;

  /** A clock that shows `start` milliseconds. */
  constructor(start = 0) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  soon(callback: () => void): void {
    this.#calls.push(callback);
    this.#schedule();
  }

  later(callback: () => void): void {
    this.soon(callback);
  }

  wakeAt(at: number, callback: () => void): void {
    this.#wakeAt = at;
    this.#wake = callback;
    if (at !== Infinity) this.#schedule();
  }

  onExhausted(callback: () => void): () => void {
    this.#exhausted = callback;
    return () => (this.#exhausted = null);
  }

  attach(waitsOutside: () => boolean): void {
    this.#waitsOutside = waitsOutside;
  }

  /**
   * Makes all calls that are due, and jumps from deadline to deadline, until nothing is left to do, also over
   * what the outside may bring. Programs that await no promise run to their end in it.
   */
  runAll(): void {
    do {
      this.#makeCalls();
    } while (this.#jump());
    this.#exhausted?.();
    if (this.#calls.length > 0) this.runAll();
  }

  /**
   * The same until a task waits for the outside; from there on the clock runs by itself. Programs in which
   * none does run to their end in it.
   */
  runInside(): void {
    do {
      this.#makeCalls();
    } while (!this.#waitsOutside() && this.#jump());
  }

  #makeCalls(): void {
    for (let call = this.#calls.shift(); call !== undefined; call = this.#calls.shift()) call();
  }

  /** False if there is no deadline. */
  #jump(): boolean {
    if (this.#wakeAt === Infinity) return false;
    this.#now = Math.max(this.#now, this.#wakeAt);
    this.#wakeAt = Infinity;
    this.#wake();
    return true;
  }

  /** By itself: promises that have settled come first; then time may jump. */
  #schedule(again = soon): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    again(() => {
      this.#scheduled = false;
      this.#go();
    });
  }

  #go(): void {
    if (this.#calls.length > 0) {
      this.#still = null;
      this.#makeCalls();
      this.#schedule();
      return;
    }
    const waitsOutside = this.#waitsOutside();
    if (waitsOutside && this.#standsStill()) this.#schedule(lookLater);
    else if (this.#jump()) this.#schedule();
    else if (waitsOutside && canTell) this.#exhausted?.();
  }

  #standsStill(): boolean {
    const kinds = this.#underWay.kinds();
    if (kinds.length === 0) return false;
    const now = performance.now();
    this.#still ??= now;
    if (now - this.#still >= TELL_AFTER_MS) {
      this.#still = Infinity;
      console.warn(
        `cede: Virtual time stands still at ${this.#now} ms: a task waits for the outside, and the platform ` +
          `has work under way that may end that (${kinds.join(", ")}). End it, or let the task wait in ` +
          "another way.",
      );
    }
    return true;
  }
}
