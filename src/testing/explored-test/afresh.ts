/** Whether a program does the same each time that it is run in the same order, and if not, what differs. */
import type { Execution } from "../explore/execution.ts";
import type { Recorded } from "../explore/search.ts";
import type { ScheduleStep } from "../explore/recording.ts";
import { textOf } from "../text-of.ts";

/** What differs between the first run and a later one, in words: nothing, if it is empty. */
export function difference(first: Recorded, later: Recorded, which: string): string[] {
  // What the outside answers, and when, nobody here decides.
  const outside = [first, later].some(({ execution }) => execution.outside.size > 0 || execution.unjudged);
  const at = outside ? -1 : firstDifference(first.recording.steps, later.recording.steps);
  const ends = [first, later].map(({ execution }) => endOf(execution));
  return [
    ...(at < 0
      ? []
      : [`in step ${at + 1}, ${does(first, at)} in the first run, and ${does(later, at)} in the ${which}`]),
    ...(ends[0] === ends[1] ? [] : [`the first run ${ends[0]}, the ${which} ${ends[1]}`]),
  ];
}

function firstDifference(first: readonly ScheduleStep[], later: readonly ScheduleStep[]): number {
  const length = Math.max(first.length, later.length);
  for (let at = 0; at < length; at++) if (inWords(first[at]) !== inWords(later[at])) return at;
  return -1;
}

function does({ recording }: Recorded, at: number): string {
  return inWords(recording.steps[at]) ?? "nothing is left to do";
}

function inWords(step: ScheduleStep | undefined): string | undefined {
  return step && `${step.task} ${step.does.join(", ") || "runs"} at ${step.time} ms`;
}

function endOf({ failure, tooLong }: Execution): string {
  if (tooLong) return "does not end";
  return failure === null ? "ends well" : `fails (${textOf(failure.error).split("\n")[0]})`;
}
