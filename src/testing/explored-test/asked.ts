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
  /** The file of tests; others that the runner takes along run as they are. */
  readonly file?: string;
  /** A part of the name of a test; others that the runner takes along run as they are. */
  readonly only?: string;
  /** Whether the trace is to say where in the program tasks wait. */
  readonly places?: boolean;
  /** A schedule to run, in place of a search. */
  readonly replay?: string;
  /** The schedules of those calls of `runTest` that are to run in another order than usual, in place of all searches. */
  readonly orders?: Readonly<Record<string, string>>;
}

/** An error, as far as JSON can hold it. */
export interface ToldError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

/** One execution, whatever came of it. */
export type ToldOrder = Omit<ExploreFailure, "error">;

/** What `runTest` resolves to, where that is not the same in all orders. */
export interface ToldValues {
  /** In words, as all of them: what it is without a search. */
  readonly usual: string;
  readonly others: readonly { readonly value: string; readonly order: ToldOrder }[];
}

/** What came of one call of `runTest`. */
export interface ToldTest {
  /** The name of the test, as its runner has it, if that can be known. */
  readonly test?: string;
  /** What the test is called in the report of its runner, so that it is told from those of the same name. */
  readonly id?: string;
  /** What the call is called in `Asked`: the same in each run. */
  readonly key: string;
  /** Where `runTest` was called: a line of a stack. */
  readonly place?: string;
  readonly schedules: number;
  readonly exhausted: boolean;
  readonly orders?: number;
  readonly notSearched: readonly string[];
  readonly failure?: ToldOrder & { readonly error: ToldError };
  /** Whether it has not come to an end. */
  readonly stopped?: boolean;
  readonly values?: ToldValues;
  /** What was run again, if it has not failed. */
  readonly order?: ToldOrder;
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
  rmSync(file: string, options: { readonly force: boolean }): void;
}

const { process } = globalThis as { process?: Process };

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

/** How the name of a file ends that tells of a search under way. */
export const UNDER_WAY = ".under-way";

/** How often it is written, in milliseconds. */
const OFTEN_MS = 200;

let calls = 0;

/** What one call of `runTest` tells the command; each time whole, or not at all. */
export class Teller {
  readonly #call: Pick<ToldTest, "test" | "id" | "key" | "place">;
  readonly #file: string;
  #toldAt = -Infinity;

  constructor({ folder }: Asked, call: Pick<ToldTest, "test" | "id" | "key" | "place">) {
    this.#call = call;
    // Workers that are threads have the same process, and each counts for itself.
    const unique = Math.random().toString(36).slice(2);
    this.#file = `${folder}/${process?.pid ?? 0}-${`${++calls}`.padStart(6, "0")}-${unique}`;
  }

  /** How far it is, so that there is something to say when it is stopped. */
  underWay(schedules: number, now: number): void {
    if (now - this.#toldAt < OFTEN_MS) return;
    this.#toldAt = now;
    this.#write(UNDER_WAY, { schedules, stopped: true });
  }

  tell(what: Partial<ToldTest>): void {
    this.#write(".json", what);
    files().rmSync(`${this.#file}${UNDER_WAY}`, { force: true });
  }

  #write(end: string, what: Partial<ToldTest>): void {
    const told: ToldTest = { ...this.#call, schedules: 0, exhausted: false, notSearched: [], ...what };
    files().writeFileSync(`${this.#file}.part`, JSON.stringify(told));
    files().renameSync(`${this.#file}.part`, `${this.#file}${end}`);
  }
}

function files(): FileSystem {
  const module = process?.getBuiltinModule?.("node:fs") as FileSystem | undefined;
  if (module === undefined) throw new Error("Cannot explore this test: it runs where there are no files.");
  return module;
}
