/** What is to be said, and done, when no task can go on and nothing is left that could wake one. */
import { DeadlockError } from "../kernel/errors.ts";
import { waitsAt } from "../kernel/place.ts";
import { tasksOf, type Run } from "../kernel/run.ts";

/** Fails the runs with the picture in words. A cleanup that is stuck itself is abandoned. */
export function deadlock(runs: readonly Run<never>[]): void {
  const error = deadlockError(runs);
  for (const run of runs) {
    if (run.ending) run.abandon("can never end");
    else run.fail(error);
  }
}

function deadlockError(runs: readonly Run<never>[]): DeadlockError {
  const waiting: { task: string; label: string }[] = [];
  for (const run of runs) {
    for (const task of tasksOf(run)) {
      const { name, waitingFor } = task;
      if (waitingFor !== undefined) waiting.push({ task: name, label: `${waitingFor}${waitsAt(task)}` });
    }
  }
  return new DeadlockError(
    "Cannot go on: every task waits, and nothing is left that could wake one.\n" +
      waiting.map(({ task, label }) => `  ${task} waits for ${label}`).join("\n"),
    waiting,
  );
}
