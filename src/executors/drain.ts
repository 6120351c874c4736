import { currentDeadline } from "../index.ts";
import { jobObserver } from "../lowlevel.ts";

/**
 * How long may be waited for the jobs that run, in milliseconds, before they are stopped: `drainTimeout`, but no more than half
 * of the time that is left to the cleanup in which that is asked. The other half is for theirs.
 */
export function timeToDrain(drainTimeout: number): number {
  return Math.min(drainTimeout, (currentDeadline() - jobObserver().now()) / 2);
}
