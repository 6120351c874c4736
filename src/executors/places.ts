import { coroutine, type Awaitable } from "../index.ts";
import type { Call } from "./call.ts";
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

  /** Runs a call's body once there is a place, and keeps that for it. @throws ExecutorFullError if too many wait; PayloadError */
  hold<T>(call: Call, body: () => Awaitable<T>, label: () => string = () => call.label): Awaitable<T> {
    return holding(this as Places, call, body, label);
  }

  /** @internal */
  enter(call: Call, label: () => string): Awaitable<true> {
    return this.#gate.enter(label, call.priority, () => call.keepArguments());
  }

  /** @internal */
  leave(): void {
    this.#free++;
    this.#gate.open();
  }
}

const holding = coroutine(function* places<T>(
  places: Places,
  call: Call,
  body: () => Awaitable<T>,
  label: () => string,
): Awaitable<T> {
  yield* places.enter(call, label);
  try {
    return yield* body();
  } finally {
    places.leave();
  }
});
