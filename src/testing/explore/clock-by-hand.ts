/** A clock that goes only when it is told to. */
import { JumpingClock } from "../jumping-clock.ts";
import { breath } from "../macrotask.ts";
import { clearRealTimeout, realTimeout } from "../real-time.ts";

export class ClockByHand extends JumpingClock {
  #heard: (() => void) | null = null;

  protected heard(): void {
    this.#heard?.();
  }

  /** Whether the outside calls back, once what has settled there is heard, or within `ms` real milliseconds. */
  async hearsSomething(ms: number): Promise<boolean> {
    await breath();
    if (this.calls.length > 0 || ms === 0) return this.calls.length > 0;
    await new Promise<void>((resolve) => {
      const timer = realTimeout(resolve, ms);
      this.#heard = () => {
        clearRealTimeout(timer);
        resolve();
      };
    });
    this.#heard = null;
    return this.calls.length > 0;
  }
}
