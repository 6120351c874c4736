/**
 * Joins a loop and its host. The loop runs in slices: after one to two milliseconds of turns it hands over
 * through the host's macrotasks, so that the host's own work is never starved. Whoever wakes an idle loop
 * gets it running soon, in a microtask; a chain of such wake-ups counts as one slice.
 */
import type { Host } from "./host.ts";
import type { Loop } from "./loop.ts";

const SLICE_MS = 1.5;

export class Drive {
  readonly #loop: Loop;
  readonly #host: Host;
  /** Called when nobody is ready and no deadline is set. */
  readonly #onIdle: () => void;
  #scheduled = false;
  #sliceStart = -Infinity;
  #wakeAt = Infinity;

  constructor(loop: Loop, host: Host, onIdle: () => void) {
    this.#loop = loop;
    this.#host = host;
    this.#onIdle = onIdle;
  }

  /** Sees to it that the loop turns soon. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#host.soon(this.#soon);
  }

  readonly #soon = (): void => {
    const now = this.#host.now();
    if (now - this.#sliceStart < SLICE_MS) this.#turn(now);
    else this.#host.later(this.#later);
  };

  readonly #later = (): void => {
    const now = this.#host.now();
    this.#sliceStart = now;
    this.#turn(now);
  };

  readonly #timer = (): void => {
    this.#wakeAt = Infinity;
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later();
  };

  #turn(now: number): void {
    const loop = this.#loop;
    const host = this.#host;
    try {
      loop.run(now, this.#sliceStart + SLICE_MS);
    } catch (error) {
      host.later(this.#later); // a bug, of a scheduler, say: the platform tells of it, and the rest goes on
      throw error;
    }
    if (loop.ready.size > 0) {
      host.later(this.#later);
      return;
    }
    this.#scheduled = false;
    const next = loop.deadlines.next;
    // A host timer that is early is harmless, and cheaper than a new one.
    if (next < this.#wakeAt || (next === Infinity && this.#wakeAt !== Infinity)) {
      this.#wakeAt = next;
      host.wakeAt(next, this.#timer);
    }
    if (next === Infinity) this.#onIdle();
  }
}
