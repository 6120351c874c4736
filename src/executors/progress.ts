/** Progress, told no more often than anybody can read it: of what comes faster, the last one counts. */
const LEAST_GAP = 10;

export class Progress<Kept = unknown> {
  readonly #send: (value: Kept) => void;
  readonly #keep: (value: unknown) => Kept;
  #sentAt = -Infinity;
  #held: { readonly value: Kept } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  /** `keep`: a copy, in the form in which it is sent. It may throw, to whoever tells the value; `send` may not: a timer calls it. */
  constructor(
    send: (value: Kept) => void,
    keep: (value: unknown) => Kept = structuredClone as (value: unknown) => Kept,
  ) {
    this.#send = send;
    this.#keep = keep;
  }

  /** The value as it is now: its owner may change it before it is sent. @throws what `keep` throws */
  tell(told: unknown): void {
    const value = this.#keep(told);
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
