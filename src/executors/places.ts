import { coroutine, type Awaitable } from "../index.ts";
import { Gate } from "./gate.ts";

/** So many calls at once; the rest wait at a gate. */
export class Places {
  readonly #gate: Gate<true>;
  #free: number;

  constructor(count: number, maxWaiting: number) {
    this.#free = count;
    this.#gate = new Gate<true>(
      () => (this.#free > 0 ? (this.#free--, true) : undefined),
      () => void this.#free++,
      maxWaiting,
    );
  }

  /** How many wait. */
  get waiting(): number {
    return this.#gate.waiting;
  }

  /** Runs a body once there is a place, and keeps that for it. @throws ExecutorFullError if too many wait */
  hold<T>(label: () => string, priority: number, body: () => Awaitable<T>): Awaitable<T> {
    return holding(this as Places, label, priority, body);
  }

  /** @internal */
  enter(label: () => string, priority: number): Awaitable<true> {
    return this.#gate.enter(label, priority);
  }

  /** @internal */
  leave(): void {
    this.#free++;
    this.#gate.open();
  }
}

const holding = coroutine(function* places<T>(
  places: Places,
  label: () => string,
  priority: number,
  body: () => Awaitable<T>,
): Awaitable<T> {
  yield* places.enter(label, priority);
  try {
    return yield* body();
  } finally {
    places.leave();
  }
});
