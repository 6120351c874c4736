/** A clock that goes only when it is told to; it jumps from deadline to deadline. */
import type { Host } from "../../lowlevel.ts";
import { breath } from "../macrotask.ts";
import { clearRealTimeout, realTimeout } from "../real-time.ts";

export class ClockByHand implements Host {
  #now = 0;
  #calls: (() => void)[] = [];
  #at = Infinity;
  #wake: () => void = () => {};
  #exhausted: () => void = () => {};
  #heard: (() => void) | null = null;

  now(): number {
    return this.#now;
  }
  soon(callback: () => void): void {
    this.#calls.push(callback);
    this.#heard?.();
  }
  later(callback: () => void): void {
    this.soon(callback);
  }
  wakeAt(at: number, callback: () => void): void {
    this.#at = at;
    this.#wake = callback;
  }
  onExhausted(callback: () => void): () => void {
    this.#exhausted = callback;
    return () => (this.#exhausted = () => {});
  }

  /** Makes all calls, and jumps, until nothing is left to do, or `until` answers true before a jump. */
  run(until: () => boolean): void {
    for (;;) {
      for (let call = this.#calls.shift(); call !== undefined; call = this.#calls.shift()) call();
      if (until()) return;
      if (this.#at === Infinity) {
        this.#exhausted();
        if (this.#calls.length === 0) return;
        continue;
      }
      this.#now = Math.max(this.#now, this.#at);
      this.#at = Infinity;
      this.#wake();
    }
  }

  /** Whether the outside calls back, once what has settled there is heard, or within `ms` real milliseconds. */
  async hearsSomething(ms: number): Promise<boolean> {
    await breath();
    if (this.#calls.length > 0 || ms === 0) return this.#calls.length > 0;
    await new Promise<void>((resolve) => {
      const timer = realTimeout(resolve, ms);
      this.#heard = () => {
        clearRealTimeout(timer);
        resolve();
      };
    });
    this.#heard = null;
    return this.#calls.length > 0;
  }
}
