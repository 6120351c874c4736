/** A function that waits for its turn in the ready queue, beside the tasks. */
import { stepInside, surrounding } from "./context.ts";
import { current, setAside, type Context, type LoopPort, type Root } from "./current.ts";
import { isGeneratorFunction } from "./generator.ts";
import { describe } from "./misuse.ts";
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

/** One that runs when everyone who is ready now has had a step: they may be about to do what it looks for. */
export class AfterReady extends Callback {
  readonly afterReady = true;
}

/**
 * A cancellation is delivered: the signals that stand for it are aborted before any cleanup could look at them. Their
 * listeners are the program's, and none of its tasks runs meanwhile.
 */
export function abortSignals({ signals }: LoopPort): void {
  if (signals.size === 0) return;
  const restore = setAside();
  for (const signal of signals) signal.step();
  restore();
}

/** Refuses what could not be called back. @throws TypeError */
export function checkCallback(callback: unknown): void {
  if (typeof callback === "function" && !isGeneratorFunction(callback)) return;
  throw new TypeError(
    `Cannot call back ${describe(callback)}${isGeneratorFunction(callback) ? ", a generator function" : ""}: a callback ` +
      "is an ordinary function, which is called and not awaited. Write `() => …`; to wait for something in it, let " +
      "it create a task, or write a task that awaits this one with `yield*`.",
  );
}
