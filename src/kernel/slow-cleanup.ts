/** Cleanup that takes longer than a second is reported: it may be slow, or a frame that escaped. */
import { visibleTarget, type CancelNode } from "./cancel.ts";
import type { Runner } from "./current.ts";
import type { Timer } from "./deadlines.ts";
import { askedBy } from "./errors.ts";
import type { Exit } from "./exit.ts";
import type { Cancellation } from "./monitor.ts";
import { waitsAt } from "./place.ts";
import { report } from "./report.ts";

const SLOW_MS = 1000;

/** Set when a frame's cleanup suspends first; the exit that is run first when the frame's generator ends. */
export class SlowCleanup implements Exit, Timer {
  nextExit: Exit | null = null;
  at = 0;
  order = 0;
  slot = -1;
  readonly #frame: string;
  readonly #task: Runner;
  /** What the frame is cleaned up for. */
  readonly #cancellation: Cancellation | undefined;

  /** `scope` is that of what the frame calls now, or called before. */
  constructor(frame: string, task: Runner, scope: CancelNode) {
    this.#frame = frame;
    this.#task = task;
    // Once the cleanup has called something, the frame's own barrier keeps from view what it is for.
    this.#cancellation = (visibleTarget(scope) ?? visibleTarget(scope.outer))?.cancellation ?? undefined;
    task.loop.deadlines.set(this, task.loop.now() + SLOW_MS);
  }

  leave(): undefined {
    this.#task.loop.deadlines.clear(this);
  }

  expire(): void {
    const { name, waitingFor } = this.#task;
    report(
      this.#task,
      "slow-cleanup",
      `The cleanup of ${this.#frame} in ${name} has taken a second` +
        `${waitingFor === undefined ? "" : `, and waits for ${waitingFor}${waitsAt(this.#task)}`}: it is slow, or it escaped its cancellation.` +
        cancelledBy(this.#task, this.#cancellation),
      { cancellation: this.#cancellation },
    );
  }
}

/** Cleanup is cut. It is told when that is done, with what it waited for before. `what` is cleaned up, in words. */
export function abandoning(
  task: Runner,
  what: string,
  why: string,
): (cancellation: Cancellation | null) => void {
  const { waitingFor } = task;
  const waited = waitingFor === undefined ? "" : ` while it waited for ${waitingFor}${waitsAt(task)}`;
  return (cancellation) =>
    report(
      task,
      "cleanup-abandoned",
      `The cleanup of ${what} ${why} and was abandoned${waited}.${cancelledBy(task, cancellation)}`,
      { cancellation: cancellation ?? undefined },
    );
}

/** In debug mode, a sentence about what cleanup cleans up for. */
function cancelledBy({ root }: Runner, cancellation: Cancellation | null | undefined): string {
  return root.debug && cancellation ? ` It was cancelled${askedBy(cancellation)}.` : "";
}
