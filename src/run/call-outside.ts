/** A call that is nobody's, though a task runs. */
import { setAside } from "../kernel/current.ts";

/**
 * Calls a function as the host would, outside every task, for executors of your own: what a job tells its caller is not
 * told inside the job.
 *
 * @throws what the function throws
 * @example
 * ```ts
 * import { currentTask, run } from "cede";
 * import { callOutside } from "cede/lowlevel";
 *
 * await run(function* () {
 *   console.log(callOutside(() => currentTask())); // prints: undefined
 * });
 * ```
 */
export function callOutside<T>(fn: () => T): T {
  const restore = setAside();
  try {
    return fn();
  } finally {
    restore();
  }
}
