/**
 * Numbers that look random and are the same for the same seed, on every platform: the small fast counting
 * generator (sfc32), whose state is four 32-bit words. `Math.random` has no seed.
 */

/** How many numbers are thrown away first, so that seeds that differ in one bit have nothing in common. */
const WARM_UP = 12;

/** Pseudo-random numbers, decided by a seed of 32 bits. */
export class Random {
  #a = 0;
  #b: number;
  #c = 0x9e3779b9 | 0; // any constant: seed 0 must not begin with a state of zeros
  #counter = 1;

  constructor(seed: number) {
    this.#b = seed | 0;
    for (let i = 0; i < WARM_UP; i++) this.#word();
  }

  /** At least 0, less than 1. */
  next(): number {
    return (this.#word() >>> 0) / 2 ** 32;
  }

  /** A whole number, at least 0, less than `n`. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  #word(): number {
    const word = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + word) | 0;
    return word;
  }
}
