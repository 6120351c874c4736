/**
 * What a stream is made of. A stage brings one item when it is asked to, and asks the stage before it when it needs
 * one: so nothing is read that nobody wants. Stages are opened for one loop over the stream, together, and whatever
 * one has opened is closed when that loop's frame is left.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import type { Runner } from "../kernel/current.ts";
import { failWith, type Leaving } from "../kernel/exit.ts";
import { Frame } from "../kernel/frame.ts";

/** Whether there is an item: at once, or as something to await. */
export type Pulled = boolean | Awaitable<boolean>;

export interface Stage<T> {
  /** The item that was brought last. */
  readonly value: T;
  /** Brings the next item; `false`: there is none any more. Not called again after that, nor after an error. */
  pull(): Pulled;
}

/** How many items are taken at once, without a wait, before others have a turn. */
export const PATIENCE = 1000;

/** How a stage is opened: on what can be, a method. By name, since two copies of the package may meet. */
export const OPEN: unique symbol = Symbol.for("cede.stream.open") as never;

export interface Openable<T> {
  [OPEN](opening: Opening): Stage<T>;
}

/** How to let go of something: at once as far as that goes, and what it gives is awaited. */
type Release = () => Awaitable<unknown> | undefined;

/** What was opened for one loop, in one frame. */
export class Opening {
  /** The task that loops. */
  readonly task: Runner;
  /** How long the host may take to let go of something, in milliseconds. */
  readonly settleTimeout: number;
  #releases: Release[] = [];

  constructor(task: Runner, settleTimeout: number) {
    this.task = task;
    this.settleTimeout = settleTimeout;
  }

  onClose(release: Release): void {
    this.#releases.push(release);
  }

  /**
   * Lets go of everything, the last opened first, and adds what fails to `frame`. All of it begins at once, so that it
   * happens in a task that is abandoned, too; what is given is to be awaited.
   */
  close(frame: Leaving): Awaitable<void> | undefined {
    const { loop } = this.task;
    const rest: Awaitable<unknown>[] = [];
    for (const release of this.#releases.splice(0).reverse()) {
      try {
        const more = release();
        if (more !== undefined) rest.push(more);
      } catch (error) {
        failWith(frame, error, loop);
      }
    }
    if (rest.length === 0) return undefined;
    return (function* closing(): Awaitable<void> {
      for (const one of rest) {
        try {
          yield* new Frame(one);
        } catch (error) {
          failWith(frame, error, loop);
        }
      }
    })();
  }
}
