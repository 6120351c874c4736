/** Progress, told no more often than anybody can read it: of what comes faster, the last one counts. */
const LEAST_GAP = 10;

export class Progress {
  readonly #send: (value: unknown) => void;
  #sentAt = -Infinity;
  #held: { readonly value: unknown } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  constructor(send: (value: unknown) => void) {
    this.#send = send;
  }

  tell(value: unknown): void {
    const now = performance.now();
    if (now - this.#sentAt >= LEAST_GAP) {
      this.#sentAt = now;
      this.#held = null;
      this.#send(value);
      return;
    }
    this.#held = { value };
    // A job that keeps its thread for itself sends the next one itself; for another the timer does.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, LEAST_GAP);
  }

  /** Sends what was held back: nothing comes any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#flush();
  }

  #flush(): void {
    const held = this.#held;
    this.#held = null;
    if (held === null) return;
    this.#sentAt = performance.now();
    this.#send(held.value);
  }
}
