/** A function that waits for its turn in the ready queue, beside the tasks. */
import { current, type LoopPort } from "./current.ts";
import type { Runnable } from "./ready.ts";

export class Callback implements Runnable {
  nextReady: Runnable | null = null;
  readonly #loop: LoopPort;
  #call: (() => void) | null;

  constructor(loop: LoopPort, call: () => void) {
    this.#loop = loop;
    this.#call = call;
  }

  step(): boolean {
    current.task = null;
    try {
      this.#call?.();
    } catch (error) {
      this.#loop.callbackFailed(error);
    }
    return false;
  }

  /** It will not be called. */
  cancel(): void {
    this.#call = null;
  }
}
