/** What the search is held to. */
import type { BugResult, CorrectResult, CountResult, SpeedResult } from "./measure.ts";
import { grouped } from "./table.ts";

export interface Results {
  readonly bugs: readonly BugResult[];
  readonly correct: readonly CorrectResult[];
  readonly counts: readonly CountResult[];
  readonly speeds: readonly SpeedResult[];
}

export interface Bar {
  readonly bar: string;
  readonly holds: boolean;
  readonly seen: string;
}

/** Executions a second, of the shortest program. */
const LEAST_PER_SECOND = 20_000;

export function bars({ bugs, correct, counts, speeds }: Results): Bar[] {
  const missed = bugs.filter(({ found, seeds }) => found < seeds);
  const grown = bugs.filter((bug) => bug.grown > 0);
  const unsteady = bugs.filter(({ replays: { of, same } }) => same < of);
  const alarms = correct.filter(({ alarm }) => alarm !== undefined);
  const miscounted = counts.filter(
    ({ expected, schedules, different, exhausted }) =>
      schedules !== expected || different !== expected || !exhausted,
  );
  const replays = bugs.reduce((sum, { replays: { of } }) => sum + of, 0);
  const speed = speeds[0];
  return [
    ...(bugs.length === 0
      ? []
      : [
          bar("each bug is found with each seed", missed, bugs.length),
          bar("making a schedule simple never adds a switch", grown, bugs.length),
          bar(
            `a string fails in the same way each time (${grouped(replays)} replays)`,
            unsteady,
            bugs.length,
          ),
        ]),
    ...(correct.length > 0 ? [bar("no alarm in a correct program", alarms, correct.length)] : []),
    ...(counts.length > 0
      ? [
          {
            bar: "depth first runs each of all the orders once",
            holds: miscounted.length === 0,
            seen: `${counts.length - miscounted.length} of ${counts.length}`,
          },
        ]
      : []),
    ...(speed === undefined
      ? []
      : [
          {
            bar: `${grouped(LEAST_PER_SECOND)} executions a second of ${speed.program}`,
            holds: speed.perSecond >= LEAST_PER_SECOND,
            seen: grouped(Math.round(speed.perSecond)),
          },
        ]),
  ];
}

function bar(text: string, wrong: readonly { readonly name: string }[], all: number): Bar {
  const names = wrong.map(({ name }) => name).join(", ");
  return {
    bar: text,
    holds: wrong.length === 0,
    seen: `${all - wrong.length} of ${all}${names && `; not ${names}`}`,
  };
}

export function barLines(all: readonly Bar[]): string {
  return all.map(({ bar: text, holds, seen }) => `${holds ? "ok  " : "MISS"}  ${text}: ${seen}`).join("\n");
}
