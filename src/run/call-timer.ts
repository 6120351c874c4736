import { Callback } from "../kernel/callback.ts";
import type { LoopPort } from "../kernel/current.ts";
import type { Timer } from "../kernel/deadlines.ts";

/** A callback that waits for its time, then for its turn. */
export class CallTimer implements Timer {
  at = 0;
  order = 0;
  slot = -1;
  readonly #loop: LoopPort;
  readonly #call: Callback;

  constructor(loop: LoopPort, callback: () => void) {
    this.#loop = loop;
    this.#call = new Callback(loop, callback);
  }
  expire(): void {
    this.#loop.enqueue(this.#call);
  }
  cancel(): void {
    this.#loop.deadlines.clear(this);
    this.#call.cancel();
  }
}
