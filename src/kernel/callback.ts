/** A function that waits for its turn in the ready queue, beside the tasks. */
import { stepInside, surrounding } from "./context.ts";
import { current, type Context, type LoopPort, type Root } from "./current.ts";
import type { Runnable } from "./ready.ts";

export class Callback implements Runnable {
  nextReady: Runnable | null = null;
  readonly loop: LoopPort;
  /** What surrounds the place where it was made. */
  readonly context: Context | null;
  readonly #root: Root | null = current.task?.root ?? null;
  #call: (() => void) | null;

  constructor(loop: LoopPort, call: () => void) {
    this.loop = loop;
    this.context = surrounding(loop.contexts);
    this.#call = call;
  }

  step(): boolean {
    if (this.context !== current.context) return stepInside(this);
    current.task = null;
    try {
      this.#call?.();
    } catch (error) {
      this.loop.callbackFailed(error, this.#root);
    }
    return false;
  }

  /** It will not be called. */
  cancel(): void {
    this.#call = null;
  }
}
