/**
 * How long to wait for the outside, in real time, where a program can only go on by it. Nobody can tell whether somebody out
 * there is about to call: a file that is read, a server. Once nothing was heard for all of the time given, later executions
 * wait only as long as what was heard has ever taken, several times over; and not at all, if nothing ever was.
 */
import { realNow } from "../real-time.ts";

const TIMES = 4;
const LEAST_MS = 20;

export class Patience {
  readonly most: number;
  #longest = 0;
  #silent = false;

  constructor(most: number) {
    this.most = most;
  }

  /** For how long, in milliseconds. */
  get ms(): number {
    if (!this.#silent) return this.most;
    return this.#longest === 0 ? 0 : Math.min(this.most, Math.max(LEAST_MS, TIMES * this.#longest));
  }

  /** Waits with it for what tells whether it has heard something. */
  async wait(hears: (ms: number) => Promise<boolean>): Promise<boolean> {
    const start = realNow();
    const heard = await hears(this.ms);
    if (heard) this.#longest = Math.max(this.#longest, realNow() - start);
    else this.#silent = true;
    return heard;
  }
}
