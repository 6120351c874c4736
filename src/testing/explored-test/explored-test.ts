/**
 * `runTest` under `cede explore`: the program is run in many orders of its tasks' steps, where a test runs it in one.
 * What is found the command is told, and the test fails of it, or does not: the runner decides.
 */
import type { Awaitable } from "../../index.ts";
import { exploreUnder, replayUnder } from "../explore.ts";
import { inOrder } from "../explore/decider.ts";
import type { Program } from "../explore/execution.ts";
import { Patience } from "../explore/patience.ts";
import type { Judge } from "../explore/judge.ts";
import { Search, type ExploreFailure } from "../explore/search.ts";
import type { Finding } from "../findings.ts";
import { tell, type Asked, type ToldError, type ToldTest } from "./asked.ts";
import { difference } from "./afresh.ts";
import { printing } from "./console.ts";
import { TestRules } from "./rules.ts";
import { testName, testPlace } from "./test-name.ts";

export { whatToExplore } from "./asked.ts";

/** Of the options of `runTest`, those that matter to a search. */
interface Options {
  readonly clock?: object;
  readonly signal?: AbortSignal;
  readonly seed?: number;
  readonly patience?: number;
  readonly realTimeout?: number;
  readonly allow?: readonly Finding[];
}

const MAX_STEPS = 10_000;
const PATIENCE_MS = 200;
const REAL_TIMEOUT_MS = 4000;

/**
 * Searches what a test gives to `runTest`; `once` runs it as the test would. Its outcome is the one of an ordinary run
 * unless another order fails: what comes after `runTest` goes by that.
 *
 * @throws (rejects) what the program throws in some order; Error if it does not start afresh each time.
 */
export async function exploredTest<T>(
  asked: Asked,
  main: Awaitable<T> | (() => Awaitable<T>),
  options: Options,
  once: () => Promise<T>,
): Promise<T> {
  const test = testName();
  const place = testPlace();
  const told = (what: Partial<ToldTest>): void =>
    tell(asked, {
      ...(test !== undefined && { test }),
      ...(place !== undefined && { place }),
      schedules: 0,
      exhausted: false,
      notSearched: [],
      ...what,
    });
  const why = whyNot(main, options);
  if (why !== undefined) {
    told({ notExplored: why });
    return once();
  }
  const program = main as Program;
  return asked.replay === undefined
    ? search(asked, program, options, once, told)
    : again(asked.replay, program, rulesOf(options), once, told);
}

function rulesOf({ allow = [] }: Options): () => Judge {
  return () => new TestRules(allow);
}

type Tell = (what: Partial<ToldTest>) => void;

function whyNot(main: unknown, { clock, signal }: Options): string | undefined {
  if (typeof main !== "function") {
    return "`runTest` is given an awaitable, which runs once: give it the function that makes it";
  }
  if (clock !== undefined) return "it brings its own clock, which goes on from run to run";
  if (signal !== undefined) return "it brings its own signal, which stays aborted from run to run";
  return undefined;
}

async function search<T>(
  { budget, switches, strategy, ...asked }: Asked,
  program: Program,
  options: Options,
  once: () => Promise<T>,
  told: Tell,
): Promise<T> {
  const { seed = asked.seed, patience: most = PATIENCE_MS, realTimeout = REAL_TIMEOUT_MS } = options;
  const patience = Math.min(most, realTimeout);
  const notAfresh = (what: readonly string[]): Error => {
    told({ notAfresh: what });
    return new Error(
      `Cannot explore: the program does not start afresh each time that it is run: ${what.join("; ")}. Make all of its state ` +
        "inside the function that `runTest` is given.",
    );
  };
  const silent = <R>(body: () => Promise<R>): Promise<R> => printing(() => {}, body);

  const judge = rulesOf(options);
  const runs = new Search(program, { seed, maxSteps: MAX_STEPS, patience: new Patience(patience), judge });
  const first = await silent(() => runs.record(inOrder));
  const second = await silent(() => runs.record(inOrder));
  const differs = difference(first, second, "second");
  if (differs.length > 0) throw notAfresh(differs);

  const report = await silent(() =>
    exploreUnder(judge, program, {
      seed,
      patience,
      ...(budget && { budget }),
      ...(switches !== undefined && { switches }),
      ...(strategy && { strategy }),
      throws: false,
    }),
  ).catch((error: Error) => error);
  if (report instanceof Error) throw notAfresh([report.message.replace(/^Cannot explore: |\..*$/gs, "")]);
  const { failure, ...rest } = report;
  if (failure === undefined) {
    told(rest);
    return once();
  }
  if (first.execution.failure === null) {
    // Found in state that has piled up over the runs, it is no mistake of the program's.
    const later = await silent(() => runs.record(inOrder));
    const since = difference(first, later, "last");
    if (since.length > 0) throw notAfresh(since);
  }
  told({ ...rest, failure: inJson(failure) });
  // It fails in the ordinary order too: then what the test is to see is what it sees without a search.
  if (first.execution.failure !== null) await once();
  throw failure.error;
}

/** One schedule again; what the program prints is told, too. */
async function again<T>(
  schedule: string,
  program: Program,
  judge: () => Judge,
  once: () => Promise<T>,
  told: Tell,
): Promise<T> {
  const printed: string[] = [];
  let failure: ExploreFailure | undefined;
  try {
    failure = await printing(
      (...values) => void printed.push(inText(values)),
      () => replayUnder(judge, program, schedule, { throws: false }),
    );
  } catch (error) {
    // It is of another program of the same test, or file; or the program has changed.
    told({ misfit: (error as Error).message });
    return once();
  }
  told({ schedules: 1, printed, ...(failure && { failure: inJson(failure) }) });
  if (failure === undefined) return once();
  throw failure.error;
}

function inJson({ error, ...failure }: ExploreFailure): Omit<ExploreFailure, "error"> & { error: ToldError } {
  return { ...failure, error: inWords(error) };
}

function inWords(error: unknown): ToldError {
  // Under Jest, an error of Node's is none of the `Error` that the tests see.
  const { name, message, stack } = (error ?? {}) as Partial<Error>;
  if (typeof name !== "string" || typeof message !== "string") {
    return { name: typeof error, message: inText([error]) };
  }
  return { name, message, ...(typeof stack === "string" && { stack }) };
}

/** As the console would. */
function inText(values: readonly unknown[]): string {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  const util = process?.getBuiltinModule?.("node:util") as
    | { format(...values: readonly unknown[]): string }
    | undefined;
  return util === undefined ? values.map(String).join(" ") : util.format(...values);
}
