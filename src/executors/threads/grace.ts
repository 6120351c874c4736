/** The real time that a thread is given to answer, which may be longer than the platform's timers. */

/** The longest that the platform's timers wait, in milliseconds: what is longer they take for 1. */
const LONGEST = 2 ** 31 - 1;

export class Grace {
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  /**
   * Calls `over` when so many milliseconds have passed, unless it is ended before that. By the real clock, whatever the
   * loop's is: the thread is real.
   */
  begin(ms: number, over: () => void): void {
    this.end();
    if (ms === Infinity) return;
    const part = Math.min(ms, LONGEST);
    this.#timer = setTimeout(() => {
      const left = ms - part;
      if (left > 0) this.begin(left, over);
      else over();
    }, part);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
