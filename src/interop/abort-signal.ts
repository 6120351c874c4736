/** Cancellation as the platform knows it. */
import { adopt, cancellationAround, disown, type CancelNode } from "../kernel/cancel.ts";
import { Callback } from "../kernel/callback.ts";
import { current, type Runner } from "../kernel/current.ts";
import { cancelledError, CancelledError, InvalidStateError } from "../kernel/errors.ts";
import type { Exit } from "../kernel/exit.ts";
import type { Cancellation } from "../kernel/monitor.ts";
import type { Stack } from "../kernel/frame.ts";
import { coverOf } from "../structure/cover.ts";

/**
 * An `AbortSignal` that is aborted when the code that asks is cancelled: by its task, by a scope or a
 * timeout around it; whoever cleans up finds it aborted. It is for as long as the calling frame lives; host work that should be *awaited* after
 * an abort is better started with `call`.
 *
 * @throws InvalidStateError outside every task.
 * @example
 * ```ts
 * import { abortSignal, runSync } from "cede";
 *
 * runSync(function* () {
 *   console.log(abortSignal().aborted); // prints: false
 * });
 * ```
 */
export function abortSignal(): AbortSignal {
  const { task } = current;
  if (task === null) {
    throw new InvalidStateError(
      "Cannot make an abort signal: no task is running here. Ask inside a coroutine.",
    );
  }
  // What fails while the frame uses it cancels the rest of the frame: see cover.ts.
  const scope = coverOf(task) ?? task.calleeScope();
  return (madeHere(task as Stack, scope) ?? new SignalNode(task, scope)).signal;
}

/**
 * Whether the calling frame has asked for its `abortSignal`: whoever has called an async function there knows by it whether
 * that hears of a cancellation. For executors of your own.
 *
 * @example
 * ```ts
 * import { abortSignal, runSync } from "cede";
 * import { hasAbortSignal } from "cede/lowlevel";
 *
 * runSync(function* () {
 *   console.log(hasAbortSignal()); // prints: false
 *   abortSignal();
 *   console.log(hasAbortSignal()); // prints: true
 * });
 * ```
 */
export function hasAbortSignal(): boolean {
  const { task } = current;
  return task !== null && madeHere(task as Stack, coverOf(task) ?? task.calleeScope()) !== null;
}

/** What the calling frame was given before, so that a loop that asks each time does not pile them up. */
function madeHere(task: Stack, scope: CancelNode): SignalNode | null {
  for (let exit = task.top!.exits; exit !== null; exit = exit.nextExit) {
    if (exit instanceof SignalNode && exit.outer === scope && exit.cancellation === null) return exit;
  }
  return null;
}

/** A leaf of the tree of what can be cancelled. */
class SignalNode implements CancelNode, Exit {
  outer: CancelNode | null = null;
  firstChild: CancelNode | null = null;
  nextSibling: CancelNode | null = null;
  previousSibling: CancelNode | null = null;
  cancellation: Cancellation | null = null;
  nextExit: Exit | null = null;
  readonly shield = false;
  /** So that the tree marks it. */
  readonly isTask = true;
  readonly #task: Runner;
  readonly #controller = new AbortController();

  constructor(task: Runner, scope: CancelNode) {
    this.#task = task;
    adopt(scope, this);
    task.onLeave(this);
    if (task.interrupted()) this.#controller.abort(abortReason(task));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Listeners are user code, which no cancellation runs: they are called from the loop, or before any cleanup. */
  marked(): void {
    const { loop } = this.#task;
    const { signals } = loop;
    const abort = new Callback(loop, () => {
      signals.delete(abort);
      this.#controller.abort(reasonOf(this.cancellation!, this.#task));
    });
    signals.add(abort);
    loop.enqueue(abort);
  }

  delivered(): void {}
  childEnded(): void {}

  leave(): undefined {
    disown(this);
  }
}

/** What a signal is aborted with while a task is being cleaned up. */
export function abortReason(task: Runner): unknown {
  const cancellation = cancellationAround(task.calleeScope());
  return cancellation === null ? new CancelledError(`${task.name} was left`) : reasonOf(cancellation, task);
}

function reasonOf(cancellation: Cancellation, { name }: Runner): unknown {
  const { reason } = cancellation;
  return reason instanceof Error ? reason : cancelledError({ label: `task ${name}`, name }, cancellation);
}
