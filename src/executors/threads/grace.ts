/** The real time that a thread is given to answer: its timers may be longer than the platform's, and held up like everything here. */

/** The longest that the platform's timers wait, in milliseconds: what is longer they take for 1. */
const LONGEST = 2 ** 31 - 1;
/** A timer that is late by more, in milliseconds, tells that this thread was held up, or the whole machine was. */
const LATE = 50;

export class Grace {
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #look: ReturnType<typeof setImmediate> | undefined = undefined;

  /**
   * Calls `over` when so many milliseconds have passed, unless it is ended before that. By the real clock, whatever the
   * loop's is: the thread is real. It begins once more if it was held up meanwhile, since the thread may have been, too.
   */
  begin(ms: number, over: () => void, again = true): void {
    this.end();
    if (ms === Infinity) return;
    const part = Math.min(ms, LONGEST);
    const due = performance.now() + part;
    this.#timer = setTimeout(() => {
      const left = ms - part;
      if (left > 0) this.begin(left, over, again);
      else if (again && performance.now() - due > LATE) this.begin(ms, over, false);
      else this.#look = setImmediate(over); // what has arrived by now is read before that
    }, part);
  }

  end(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#look);
  }
}
