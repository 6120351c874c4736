import type { CancelNode } from "../kernel/cancel.ts";
import { current } from "../kernel/current.ts";
import { Scope } from "../kernel/scope.ts";

/**
 * When the code that asks will be cancelled by a deadline, in milliseconds of the loop's clock: the earliest
 * of those around it, in this task and around it; `Infinity` if there is none, and outside every task. Inside cleanup
 * and shields only deadlines set in there count, and what limits the cleanup itself: the `cleanupTimeout` of a scope
 * that is being cancelled, and the time that the run has to shut down.
 *
 * @example
 * ```ts
 * import { currentDeadline, run, runningLoop, sleep, timeout } from "cede";
 *
 * await run(() =>
 *   timeout(1000, function* () {
 *     yield* sleep(10);
 *     console.log(currentDeadline() - runningLoop().time() < 1000); // prints: true
 *   }),
 * );
 * ```
 */
export function currentDeadline(): number {
  const { task } = current;
  if (task === null) return Infinity;
  let earliest = task.root.deadline;
  let shielded = false;
  for (let node: CancelNode | null = task.calleeScope(); node !== null; node = node.outer) {
    if (node instanceof Scope) {
      if (!shielded) earliest = Math.min(earliest, node.deadline);
      if (node.bound !== null) earliest = Math.min(earliest, node.bound.at);
    }
    shielded ||= node.shield;
  }
  return earliest;
}
