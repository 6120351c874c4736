// One program, searched or replayed.
import type { ExploreFailure } from "cede/testing";
import { printing } from "../../testing/explored-test/console.ts";
import type { ExploreCommandOptions } from "./options.ts";
import type { Program } from "./programs.ts";

type Testing = typeof import("cede/testing");

/** How far it is. */
export interface Progress {
  readonly name: string;
  readonly begun: number;
  schedules: number;
}

/** What came of a program. */
export interface Result {
  readonly name: string;
  readonly schedules: number;
  readonly exhausted: boolean;
  readonly orders?: number;
  readonly notSearched: readonly string[];
  /** Whether it was interrupted. */
  readonly stopped: boolean;
  readonly failure?: ExploreFailure | undefined;
  /** Of a test: its name in its runner, if that is known. */
  readonly test?: string;
  /** How many other tests have that name. */
  readonly namesakes?: number;
  /** Why there is nothing more to say, though nothing is wrong, in words. */
  readonly note?: string;
  /** Whether that is because it could not be searched, or not all of it. */
  readonly unsearched?: boolean;
  /** What is wrong though no order was found that breaks it, in words; and what else there is to read. */
  readonly problem?: string;
  readonly details?: string;
  /** What it has printed when it was run again, where that was not shown at once. */
  readonly printed?: readonly string[];
}

export async function search(
  { explore }: Testing,
  { name, main }: Program,
  { budget, switches, seed, strategy }: ExploreCommandOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Result> {
  // Once it is to stop, every execution fails at once, in the same way: so the search is over.
  const stop = new Error("stopped");
  const counted: Program["main"] = () => {
    if (signal.aborted) throw stop;
    progress.schedules++;
    return main();
  };
  Object.defineProperty(counted, "name", { value: main.name });
  const limit = switches === undefined ? {} : { switches };
  const { failure, ...report } = await silently(() =>
    explore(counted, { budget, seed, strategy, ...limit, throws: false }),
  );
  if (failure?.error === stop)
    return { name, ...report, schedules: report.schedules - 1, exhausted: false, stopped: true };
  return { name, ...report, stopped: false, failure };
}

/** Once more in that order; what the program prints is shown, beside the objects of `--json` on standard error. */
export async function again(
  { replay }: Testing,
  { name, main }: Program,
  schedule: string,
  json: boolean,
): Promise<Result> {
  const run = (): Promise<ExploreFailure | undefined> => replay(main, schedule, { throws: false });
  const failure = await (json ? printing(console.error, run) : run());
  return { name, schedules: 1, exhausted: false, notSearched: [], stopped: false, failure };
}

/** Nobody reads what was printed two thousand times. */
export function silently<T>(body: () => Promise<T>): Promise<T> {
  return printing(() => {}, body);
}
