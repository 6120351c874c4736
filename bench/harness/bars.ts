/** What Cede is held to: its cost against that of native promises, or of a shallower stack of its own. */
import type { Result } from "./rounds.ts";

interface Bar {
  readonly workload: string;
  /** What Cede's cost is divided by: another system in the same workload, or Cede in another one. */
  readonly against: { readonly system: string } | { readonly workload: string };
  readonly most: number;
}

const BARS: readonly Bar[] = [
  { workload: "spawn", against: { system: "native" }, most: 1 },
  { workload: "switch", against: { system: "native" }, most: 0.55 },
  { workload: "deep1000", against: { workload: "deep1" }, most: 1.6 },
  { workload: "pingpong", against: { system: "bare" }, most: 1.5 },
  { workload: "prodcons", against: { system: "bare" }, most: 1.25 },
];

/** The workloads that have to be measured. */
export const BAR_WORKLOADS: readonly string[] = [
  ...new Set(
    BARS.flatMap(({ workload, against }) => [workload, ...("workload" in against ? [against.workload] : [])]),
  ),
];

export interface Held {
  readonly bar: string;
  readonly median: number;
  readonly min: number;
  readonly most: number;
  /** Decided by the minima, the numbers that noise moves least. */
  readonly holds: boolean;
}

/** The ratios, from the results of each workload. */
export function held(results: ReadonlyMap<string, readonly Result[]>): Held[] {
  const resultOf = (workload: string, system: string): Result => {
    const result = results.get(workload)?.find((one) => one.system === system);
    if (result === undefined)
      throw new Error(`Cannot tell the bars: ${workload} was not measured with ${system}.`);
    return result;
  };
  return BARS.map(({ workload, against, most }) => {
    const mine = resultOf(workload, "cede");
    const other =
      "system" in against ? resultOf(workload, against.system) : resultOf(against.workload, "cede");
    const median = mine.median / other.median; // a minimum is one lucky moment of one of the two
    return {
      bar: `${workload} against ${"system" in against ? against.system : against.workload}`,
      median,
      min: mine.min / other.min,
      most,
      holds: median <= most,
    };
  });
}

/** `ok    median 0.80 (min 0.76) ≤ 1.00  spawn against native` */
export function barLines(bars: readonly Held[]): string {
  return bars
    .map(
      ({ bar, median, min, most, holds }) =>
        `${holds ? "ok  " : "MISS"}  median ${median.toFixed(2)} (min ${min.toFixed(2)}) ≤ ${most.toFixed(2)}  ${bar}`,
    )
    .join("\n");
}
