/**
 * `runTest` under `cede explore`: the program is run in many orders of its tasks' steps, where a test runs it in one.
 * What is found the command is told, and the test fails of it, or does not: the runner decides.
 */
import type { Awaitable } from "../../index.ts";
import { exploreUnder, replayUnder } from "../explore.ts";
import { inOrder } from "../explore/decider.ts";
import type { Execution, Program } from "../explore/execution.ts";
import { Patience } from "../explore/patience.ts";
import type { Judge } from "../explore/judge.ts";
import { Search, type ExploreFailure } from "../explore/search.ts";
import type { Finding } from "../findings.ts";
import { realNow } from "../real-time.ts";
import { Teller, type Asked, type ToldOrder, type ToldTest } from "./asked.ts";
import { difference } from "./afresh.ts";
import { printing } from "./console.ts";
import { errorInWords, printed as inText } from "./in-words.ts";
import { isPartOfName } from "./part-of-name.ts";
import { TestRules } from "./rules.ts";
import { runningTest, testFile, testPlace, type RunningTest } from "./test-name.ts";
import { Values } from "./values.ts";

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
  const id = `${++calls}`;
  const test = runningTest(id);
  if (!isMeant(asked, test)) return once();
  const place = testPlace();
  const key = keyOf(test.name ?? test.id, place);
  if (asked.orders !== undefined) {
    const order = asked.orders[key];
    return order === undefined ? once() : inOrderOf(order, main as Program, options, once);
  }
  const teller = new Teller(asked, {
    key,
    ...(test.name !== undefined && { test: test.name }),
    ...(test.id !== undefined && { id: test.id }),
    ...(place !== undefined && { place }),
  });
  const why = whyNot(main, options);
  if (why !== undefined) {
    teller.tell({ notExplored: why });
    return once();
  }
  const program = main as Program;
  return asked.replay === undefined
    ? search(asked, program, options, once, teller)
    : again(asked.replay, asked, program, options, once, teller);
}

let calls = 0;

/** Runners take more tests than they were to, and a search of those would be for nothing. */
function isMeant({ file, only }: Asked, { name }: RunningTest): boolean {
  const own = testFile();
  if (file !== undefined && own !== undefined && own !== file) return false;
  return only === undefined || name === undefined || isPartOfName(only, name);
}

const known = new Map<string, number>();

/** The same in each run of the tests: who calls, from where, for which time. */
function keyOf(test: string | undefined, place: string | undefined): string {
  const call = `${test ?? ""} ${place?.replace(/\?[^:]*/, "") ?? ""}`;
  const times = (known.get(call) ?? 0) + 1;
  known.set(call, times);
  return `${call} ${times}`;
}

function rulesOf({ allow = [] }: Options): () => Judge {
  return () => new TestRules(allow);
}

function whyNot(main: unknown, { clock, signal }: Options): string | undefined {
  if (typeof main !== "function") {
    return "`runTest` is given an awaitable, which runs once: give it the function that makes it";
  }
  if (clock !== undefined) return "it brings its own clock, which goes on from run to run";
  if (signal !== undefined) return "it brings its own signal, which stays aborted from run to run";
  return undefined;
}

async function search<T>(
  { budget, switches, strategy, places = false, ...asked }: Asked,
  program: Program,
  options: Options,
  once: () => Promise<T>,
  teller: Teller,
): Promise<T> {
  const { seed = asked.seed, patience: most = PATIENCE_MS, realTimeout = REAL_TIMEOUT_MS } = options;
  const patience = Math.min(most, realTimeout);
  const end = realNow() + (budget?.ms ?? Infinity);
  const told = (what: Partial<ToldTest>): void => teller.tell(what);
  const notAfresh = (what: readonly string[]): Error => {
    told({ notAfresh: what });
    return new Error(
      `Cannot explore: the program does not start afresh each time that it is run: ${what.join("; ")}. Make all of its state ` +
        "inside the function that `runTest` is given.",
    );
  };
  const silent = <R>(body: () => Promise<R>): Promise<R> => printing(() => {}, body);

  teller.underWay(0, realNow());
  const judge = rulesOf(options);
  const runs = new Search(program, {
    seed,
    maxSteps: MAX_STEPS,
    patience: new Patience(patience),
    judge,
    places,
  });
  const first = await silent(() => runs.record(inOrder));
  const second = await silent(() => runs.record(inOrder));
  const differs = difference(first, second, "second");
  if (differs.length > 0) throw notAfresh(differs);

  const values = new Values(first.execution, second.execution);
  const hear = (execution: Execution, schedule: number): void => {
    values.hear(execution, schedule);
    teller.underWay(schedule, realNow());
  };
  const report = await silent(() =>
    exploreUnder({ judge, hear, places }, program, {
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
    const differing = await silent(() => values.told(runs, () => realNow() < end));
    told({ ...rest, ...(differing && { values: differing }) });
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
  { places = false }: Asked,
  program: Program,
  options: Options,
  once: () => Promise<T>,
  teller: Teller,
): Promise<T> {
  const printed: string[] = [];
  let run: Awaited<ReturnType<typeof replayUnder>>;
  try {
    run = await printing(
      (...values) => void printed.push(inText(values)),
      () => replayUnder({ judge: rulesOf(options), places }, program, schedule),
    );
  } catch (error) {
    // It is of another program of the same test, or file; or the program has changed.
    teller.tell({ misfit: (error as Error).message });
    return once();
  }
  const { execution, told } = run;
  const { error: _, ...order } = told;
  const { failure } = execution;
  teller.tell({ schedules: 1, printed, ...(failure === null ? { order } : { failure: inJson(told) }) });
  return outcomeOf<T>(execution);
}

/** In that order, for the test to see what comes of it; it is told nobody else. */
async function inOrderOf<T>(
  schedule: string,
  program: Program,
  options: Options,
  once: () => Promise<T>,
): Promise<T> {
  let execution: Execution;
  try {
    const judge = rulesOf(options);
    ({ execution } = await printing(
      () => {},
      () => replayUnder({ judge }, program, schedule),
    ));
  } catch {
    return once(); // it does not take the same steps each time: then it is not for the order
  }
  return outcomeOf<T>(execution);
}

function outcomeOf<T>({ failure, returned }: Execution): T {
  if (failure !== null) throw failure.error;
  return returned as T;
}

function inJson({ error, ...order }: ExploreFailure): NonNullable<ToldTest["failure"]> {
  return { ...(order satisfies ToldOrder), error: errorInWords(error) };
}
