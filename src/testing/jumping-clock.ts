/**
 * What the clocks of tests have in common: calls that are to be made, and time that jumps to the deadline once none is
 * left. Who makes them, and when time may jump, is for each clock to say.
 */
import type { Host } from "../lowlevel.ts";

export abstract class JumpingClock implements Host {
  /** @internal */ protected time = 0;
  /** @internal */ protected readonly calls: (() => void)[] = [];
  /** What time jumps to; `Infinity`: nothing. @internal */
  protected deadline = Infinity;
  /** To be told that nothing is left to do. @internal */
  protected exhausted: (() => void) | null = null;
  #wake: () => void = () => {};

  now(): number {
    return this.time;
  }

  soon(callback: () => void): void {
    this.calls.push(callback);
    this.heard();
  }

  later(callback: () => void): void {
    this.soon(callback);
  }

  wakeAt(at: number, callback: () => void): void {
    this.deadline = at;
    this.#wake = callback;
  }

  onExhausted(callback: () => void): () => void {
    this.exhausted = callback;
    return () => (this.exhausted = null);
  }

  /**
   * Makes all calls that are due, and jumps from deadline to deadline, until nothing is left to do, or `until`
   * answers true before a jump: programs that await no promise run to their end in it.
   */
  runAll(until: () => boolean = () => false): void {
    do {
      do {
        this.makeCalls();
        if (until()) return;
      } while (this.jump());
      this.exhausted?.();
    } while (this.calls.length > 0);
  }

  /** A call is to be made. @internal */
  protected abstract heard(): void;

  /** @internal */
  protected makeCalls(): void {
    for (let call = this.calls.shift(); call !== undefined; call = this.calls.shift()) call();
  }

  /** False if there is no deadline. @internal */
  protected jump(): boolean {
    if (this.deadline === Infinity) return false;
    this.time = Math.max(this.time, this.deadline);
    this.deadline = Infinity;
    this.#wake();
    return true;
  }
}
