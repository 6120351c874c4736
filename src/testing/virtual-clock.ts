/**
 * The simplest host: its time jumps to the next deadline when nothing else is to be done, so sleeps take no
 * time, and every run is the same.
 */
import type { Host } from "../lowlevel.ts";

export class VirtualClock implements Host {
  #now: number;
  #calls: (() => void)[] = [];
  #wakeAt = Infinity;
  #wake: () => void = () => {};
  #exhausted: (() => void) | null = null;
  #scheduled = false;

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

  /**
   * Makes all calls that are due, and jumps from deadline to deadline, until nothing is left to do. Programs
   * that await no promise run to their end in it.
   */
  runAll(): void {
    do {
      this.#makeCalls();
    } while (this.#jump());
    this.#exhausted?.();
    if (this.#calls.length > 0) this.runAll();
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

  /** Promises that have settled come first; then time may jump. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      const called = this.#calls.length > 0;
      this.#makeCalls();
      if (called || this.#jump()) this.#schedule();
    });
  }
}
