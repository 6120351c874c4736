/**
 * How permits come back with time. A rate knows when a number of them will be there, and takes them then; who waits,
 * and on which clock, is not its concern. Times are compared with the very numbers that were answered, so a timer that
 * is set to one finds its permits, to the last bit.
 */
export interface Rate {
  /** How many can be had at once, at most. */
  readonly most: number;
  /** When so many will be there, in milliseconds; now, or earlier, if they are. */
  due(permits: number): number;
  /** Takes so many, which are there. */
  take(permits: number, now: number): void;
  /** How many are there. */
  available(now: number): number;
  /** Another clock is looked at from now on, which shows so many milliseconds more. */
  shift(ms: number): void;
}

/**
 * A bucket that holds `burst` permits and is filled evenly. All there is to know is when it will be full: a permit
 * that is taken makes that later by the time that one takes to come.
 */
export class TokenBucket implements Rate {
  readonly most: number;
  /** Milliseconds from one permit to the next. */
  readonly #gap: number;
  #full = -Infinity;

  constructor(limit: number, per: number, burst: number) {
    this.most = burst;
    this.#gap = per / limit;
  }

  due(permits: number): number {
    return this.#full - (this.most - permits) * this.#gap;
  }

  take(permits: number, now: number): void {
    this.#full = Math.max(this.#full, now) + permits * this.#gap;
  }

  available(now: number): number {
    let permits = Math.min(this.most, Math.floor(this.most - (this.#full - now) / this.#gap));
    if (this.due(permits + 1) <= now && permits < this.most) permits++; // rounding
    else if (this.due(permits) > now) permits--;
    return permits;
  }

  shift(ms: number): void {
    this.#full += ms;
  }
}

/** No more than `limit` permits in any `per` milliseconds: each comes back when it is so old. */
export class SlidingWindow implements Rate {
  readonly most: number;
  readonly #per: number;
  /** What was taken and has not come back, from the oldest on, from `#first`. */
  #taken: { at: number; permits: number }[] = [];
  #first = 0;
  #count = 0;

  constructor(limit: number, per: number) {
    this.most = limit;
    this.#per = per;
  }

  due(permits: number): number {
    let missing = this.#count + permits - this.most;
    let due = -Infinity;
    for (let i = this.#first; missing > 0; i++) {
      const taken = this.#taken[i]!;
      missing -= taken.permits;
      due = taken.at + this.#per;
    }
    return due;
  }

  take(permits: number, now: number): void {
    this.#forget(now);
    const last = this.#taken.at(-1);
    if (last?.at === now) last.permits += permits;
    else this.#taken.push({ at: now, permits });
    this.#count += permits;
  }

  available(now: number): number {
    this.#forget(now);
    return this.most - this.#count;
  }

  shift(ms: number): void {
    for (const taken of this.#taken) taken.at += ms;
  }

  /** Lets go of those that have come back. */
  #forget(now: number): void {
    const taken = this.#taken;
    while (this.#first < taken.length && taken[this.#first]!.at + this.#per <= now) {
      this.#count -= taken[this.#first++]!.permits;
    }
    if (this.#first > 32 && this.#first * 2 > taken.length) {
      taken.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
