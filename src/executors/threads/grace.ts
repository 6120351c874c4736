/** The real time that a thread is given to answer. */

export class Grace {
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  /**
   * Calls `over` when so many milliseconds have passed, unless it is ended before that. By the real clock, whatever the
   * loop's is: the thread is real.
   */
  begin(ms: number, over: () => void): void {
    this.end();
    this.#timer = setTimeout(over, ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
