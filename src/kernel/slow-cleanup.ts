/** Cleanup that takes longer than a second is reported: it may be slow, or a frame that escaped. */
import type { Runner } from "./current.ts";
import type { Timer } from "./deadlines.ts";
import type { Exit } from "./exit.ts";

const SLOW_MS = 1000;

/** Set when a frame's cleanup suspends first; the exit that is run first when the frame's generator ends. */
export class SlowCleanup implements Exit, Timer {
  nextExit: Exit | null = null;
  at = 0;
  order = 0;
  slot = -1;
  readonly #frame: string;
  readonly #task: Runner;

  constructor(frame: string, task: Runner) {
    this.#frame = frame;
    this.#task = task;
    task.loop.deadlines.set(this, task.loop.now() + SLOW_MS);
  }

  leave(): undefined {
    this.#task.loop.deadlines.clear(this);
  }

  expire(): void {
    const { loop, name, waitingFor } = this.#task;
    loop.report({
      kind: "slow-cleanup",
      message:
        `The cleanup of ${this.#frame} in ${name} has taken a second` +
        `${waitingFor === undefined ? "" : `, and waits for ${waitingFor}`}: it is slow, or it escaped its cancellation.`,
      task: name,
    });
  }
}
