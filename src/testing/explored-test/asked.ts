/**
 * What `cede explore` and the tests that it has a runner run tell each other: the command sets a variable of the
 * environment, and each call of `runTest` leaves a file in the folder that this names.
 */
import type { ExploreOptions } from "../explore.ts";
import type { ExploreFailure } from "../explore/search.ts";

/** The variable; its value is an `Asked` in JSON. */
export const VARIABLE = "CEDE_EXPLORE";

/** What the command asks for. */
export interface Asked extends Pick<ExploreOptions, "budget" | "switches" | "strategy"> {
  /** A folder for what is found. */
  readonly folder: string;
  readonly seed: number;
  /** A schedule to run, in place of a search. */
  readonly replay?: string;
}

/** An error, as far as JSON can hold it. */
export interface ToldError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

/** What came of one call of `runTest`. */
export interface ToldTest {
  /** The name of the test, as its runner has it, if that can be known. */
  readonly test?: string;
  /** Where `runTest` was called: a line of a stack. */
  readonly place?: string;
  readonly schedules: number;
  readonly exhausted: boolean;
  readonly orders?: number;
  readonly notSearched: readonly string[];
  readonly failure?: Omit<ExploreFailure, "error"> & { readonly error: ToldError };
  /** Why nothing was searched, in words. */
  readonly notExplored?: string;
  /** In what two runs in the same order differ, in words. */
  readonly notAfresh?: readonly string[];
  /** Why the schedule that was to be run again is none of this program. */
  readonly misfit?: string;
  /** What the program has printed when it was run again. */
  readonly printed?: readonly string[];
}

interface Process {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly pid?: number;
  getBuiltinModule?(name: string): unknown;
}

interface FileSystem {
  writeFileSync(file: string, text: string): void;
  renameSync(from: string, to: string): void;
}

const { process } = globalThis as { process?: Process };
let calls = 0;

/** Whether, and how, tests are to be explored. @throws Error if the variable does not hold what the command writes. */
export function whatToExplore(): Asked | undefined {
  const text = process?.env?.[VARIABLE] ?? "";
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as Asked;
  } catch {
    throw new Error(
      `Cannot explore: ${VARIABLE} is ${JSON.stringify(text)}. Unset it: \`cede explore\` sets it.`,
    );
  }
}

/** Leaves it to the command; whole, or not at all. */
export function tell({ folder }: Asked, told: ToldTest): void {
  const files = process?.getBuiltinModule?.("node:fs") as FileSystem | undefined;
  if (files === undefined) throw new Error("Cannot explore this test: it runs where there are no files.");
  const file = `${folder}/${process?.pid ?? 0}-${`${++calls}`.padStart(6, "0")}-${Math.floor(Date.now())}`;
  files.writeFileSync(`${file}.part`, JSON.stringify(told));
  files.renameSync(`${file}.part`, `${file}.json`);
}
