/** Searches the orders in which a program's tasks can run for one that breaks it. */
import type { Execution, Program } from "./explore/execution.ts";
import type { Judge } from "./explore/judge.ts";
import { Patience } from "./explore/patience.ts";
import { ordinal } from "./explore/recording.ts";
import { decode, Script } from "./explore/schedule.ts";
import { checkFit, Search, type ExploreFailure } from "./explore/search.ts";
import { DepthFirst } from "./explore/strategies/depth-first.ts";
import { PartialOrder } from "./explore/strategies/partial-order.ts";
import { Portfolio } from "./explore/strategies/portfolio.ts";
import { Priorities } from "./explore/strategies/priorities.ts";
import { RandomWalk } from "./explore/strategies/random-walk.ts";
import { Uniform } from "./explore/strategies/uniform.ts";
import type { Strategy } from "./explore/strategy.ts";
import { writeTrace } from "./explore/trace-file.ts";
import { checkAllowed, type Finding } from "./findings.ts";
import { breath } from "./macrotask.ts";
import { isSeed } from "./order.ts";
import { Random } from "./random.ts";
import { realNow } from "./real-time.ts";
import { textOf } from "./text-of.ts";

/** How the orders are searched. `portfolio`: all of the others by turns. */
export type ExploreStrategy =
  | "portfolio"
  | "depth-first"
  | "random-walk"
  | "priorities"
  | "partial-order"
  | "uniform";

/** What `explore` may spend, and how it searches. */
export interface ExploreOptions {
  /** Decides everything that is drawn at random: 1 unless given. */
  seed?: number;
  /** How much is tried: so many schedules (2,000 unless given), and for so many real milliseconds (no limit). */
  budget?: { schedules?: number; ms?: number };
  /** How schedules are chosen: `"portfolio"` unless given. */
  strategy?: ExploreStrategy;
  /** How many preemptions a schedule of the systematic search may have; no limit unless given. */
  switches?: number;
  /** How many steps one execution may take before it is cut short: 10,000 unless given. */
  maxSteps?: number;
  /**
   * How long to wait for the outside, in real milliseconds, where nothing else can go on: 200 unless given. Once it was
   * silent for so long, later executions wait only as long as what was heard has taken, several times over. 0 where
   * nothing outside is waited for.
   */
  patience?: number;
  /**
   * What is no failure, in the words of `runTest`: `["lost-permit"]`, `["real-timer"]`, `["call-later"]`, `["lock-broken"]`.
   * Nothing unless given.
   */
  allow?: readonly Finding[];
  /** Whether a failure is thrown, as an error with the picture in words; otherwise it is in the report. `true` unless given. */
  throws?: boolean;
  /** A file to write the failing execution to, as a trace. */
  trace?: string;
}

/** What came of a search. */
export interface ExploreReport {
  /** The first failure that was found, if any. */
  readonly failure?: ExploreFailure;
  /** How many schedules were run until then, or until the end. */
  readonly schedules: number;
  /** Whether all the orders there are were among them. */
  readonly exhausted: boolean;
  /** How many orders there are, if all were run; some may have been run more than once. */
  readonly orders?: number;
  /** What was left out, in words: empty if `exhausted`. */
  readonly notSearched: readonly string[];
}

const MAX_STEPS = 10_000;
const PATIENCE_MS = 200;

/** How long to keep the platform waiting, in milliseconds. */
const SLICE_MS = 10;

/**
 * Runs a program again and again, each time in another order of its tasks' steps, on a virtual clock, until one order
 * breaks it: it throws, is deadlocked, or leaves something behind. What was found is made as simple as it can be,
 * and told with a string that `replay` runs again.
 *
 * Only orders that Cede decides about are searched: which of the ready tasks runs next, and which of two equal
 * deadlines passes first. `main` must make all of its state anew.
 *
 * @throws (rejects) Error with the schedule as a table, the program's error being its `cause`, unless `throws` is
 * `false`; Error if the program does not take the same steps each time that it is run in the same order; RangeError for
 * options that are none.
 * @example
 * ```ts
 * import { sleep, taskGroup } from "cede";
 * import { explore } from "cede/testing";
 *
 * const { failure } = await explore(
 *   function* () {
 *     let balance = 100;
 *     yield* taskGroup(function* (group) {
 *       for (const amount of [10, 20]) {
 *         group.createTask(function* deposit() {
 *           const before = balance;
 *           yield; // whatever takes a moment: a request, a query
 *           balance = before + amount;
 *         });
 *       }
 *     });
 *     if (balance !== 130) throw new Error(`The balance is ${balance}, not 130.`);
 *   },
 *   { throws: false },
 * );
 * console.log((failure!.error as Error).message); // prints: The balance is 110, not 130.
 * ```
 */
export async function explore(main: Program, options: ExploreOptions = {}): Promise<ExploreReport> {
  return exploreUnder({ places: options.trace !== undefined }, main, options);
}

/** What a search has beside its options where it is a test that asks for it. */
export interface Company {
  /** Has a say in each execution. */
  readonly judge?: () => Judge;
  /** Is told of each that has not failed. */
  readonly hear?: (execution: Execution, schedule: number) => void;
  /** Whether traces are to say where in the program tasks wait. */
  readonly places?: boolean;
}

export async function exploreUnder(
  { judge, hear, places = false }: Company,
  main: Program,
  options: ExploreOptions,
): Promise<ExploreReport> {
  const { seed, schedules, ms, maxSteps, patience, allow, throws, trace } = checked(options);
  const end = realNow() + ms;
  const conditions = { seed, maxSteps, patience: new Patience(patience), end, places, judge, allow };
  const search = new Search(main, conditions);
  const strategy = strategyOf(options);
  let exhausted = false;
  let failure: ExploreFailure | undefined;
  let sliceStart = realNow();
  let count = 0;
  while (count < schedules && failure === undefined) {
    const decider = strategy.next();
    if (decider === null) {
      exhausted = true;
      break;
    }
    const execution = await search.run(decider);
    count++;
    strategy.learn?.(execution);
    if (strategy.unsteady && execution.failure === null && !search.dependsOnOutside) throw unsteady();
    if (execution.failure !== null) failure = await search.simplest(execution, count);
    else hear?.(execution, count);
    const now = realNow();
    if (now >= end) break;
    if (now - sliceStart > SLICE_MS) {
      await breath();
      sliceStart = realNow();
    }
  }
  const notSearched = [
    ...(exhausted || failure !== undefined ? [] : ["orders beyond the budget"]),
    ...(failure === undefined ? (strategy.notSearched?.() ?? []) : []),
    ...search.limits(),
  ];
  const all = exhausted && notSearched.length === 0;
  const orders = all ? strategy.orders : undefined;
  const report: ExploreReport = {
    ...(failure && { failure }),
    schedules: count,
    exhausted: all,
    ...(orders !== undefined && { orders }),
    notSearched,
  };
  if (failure !== undefined) {
    if (trace !== undefined) writeTrace(trace, failure.trace, seed);
    if (throws) throw inWords(failure);
  }
  return report;
}

/** What `replay` was asked to do. */
export interface ReplayOptions {
  /** A file to write the execution to, as a trace. */
  trace?: string;
  /** As it was given to `explore` or `cancelEverywhere`. */
  allow?: readonly Finding[];
  /** Whether the failure is thrown; otherwise it is returned. `true` unless given. */
  throws?: boolean;
}

/**
 * Runs a program once more in the order that `explore` found. Resolves, to `undefined`, if it does not fail any more.
 *
 * @throws (rejects) Error as `explore` does, unless `throws` is `false`; Error if the program does not take the same
 * steps any more, with the number of the first that differs; TypeError for what is no replay string.
 * @example
 * ```ts
 * import { taskGroup } from "cede";
 * import { explore, replay } from "cede/testing";
 *
 * const program = function* () {
 *   const order: string[] = [];
 *   yield* taskGroup(function* (group) {
 *     for (const name of ["a", "b"]) {
 *       group.createTask(function* () {
 *         yield;
 *         order.push(name);
 *       });
 *     }
 *   });
 *   if (order[0] !== "a") throw new Error(order.join());
 * };
 * const { failure } = await explore(program, { throws: false });
 * const again = await replay(program, failure!.replay, { throws: false });
 * console.log((again!.error as Error).message); // prints: b,a
 * ```
 */
export async function replay(
  main: Program,
  schedule: string,
  options: ReplayOptions = {},
): Promise<ExploreFailure | undefined> {
  const { trace, allow = [], throws = true } = options;
  const { execution, told } = await replayUnder({ places: trace !== undefined }, main, schedule, allow);
  if (execution.failure === null) return undefined;
  if (trace !== undefined) writeTrace(trace, told.trace, decode(schedule).seed);
  if (throws) throw inWords(told);
  return told;
}

/** The same, whether it fails or not. */
export async function replayUnder(
  { judge, places = false }: Company,
  main: Program,
  schedule: string,
  allow: readonly Finding[] = [],
): Promise<{ readonly execution: Execution; readonly told: ExploreFailure }> {
  const wanted = decode(schedule);
  const { seed, cancel } = wanted;
  const maxSteps = Math.max(MAX_STEPS, wanted.steps);
  const conditions = {
    seed,
    maxSteps,
    patience: new Patience(PATIENCE_MS),
    judge,
    allow: checkAllowed(allow),
  };
  const reference = cancel && (await new Search(main, conditions).run(new Script(wanted.deviations))).permits;
  const search = new Search(main, { ...conditions, cancel, reference, places });
  const script = new Script(wanted.deviations);
  const recorded = await search.record(script);
  checkFit(wanted, script, recorded);
  return { execution: recorded.execution, told: search.told(recorded, 1) };
}

function strategyOf({ strategy = "portfolio", seed = 1, switches = Infinity }: ExploreOptions): Strategy {
  const random = new Random(seed);
  switch (strategy) {
    case "portfolio":
      return new Portfolio(random, switches);
    case "depth-first":
      return new DepthFirst(random, switches);
    case "random-walk":
      return new RandomWalk(random);
    case "priorities":
      return new Priorities(random);
    case "partial-order":
      return new PartialOrder(random);
    case "uniform":
      return new Uniform(random);
    default:
      throw new TypeError(
        `Cannot explore by ${JSON.stringify(strategy)}: there is no such strategy. Leave it out, or choose "portfolio", ` +
          '"depth-first", "random-walk", "priorities", "partial-order" or "uniform".',
      );
  }
}

function inWords(failure: ExploreFailure): Error {
  const { error, table, replay: schedule, schedule: number } = failure;
  return new Error(
    `The program fails in the ${ordinal(number)} schedule: ${textOf(error)}\n\n${table}\n\nTo run it again: replay(main, "${schedule}")`,
    { cause: error },
  );
}

function unsteady(): Error {
  return new Error(
    "Cannot explore: the program does not take the same steps each time that it is run in the same order. Make all of its " +
      "state inside `main`, anew for each run.",
  );
}

/** The options, with what is not given. @throws RangeError */
function checked(options: ExploreOptions) {
  const {
    seed = 1,
    budget = {},
    maxSteps = MAX_STEPS,
    patience = PATIENCE_MS,
    switches = Infinity,
    allow = [],
  } = options;
  checkAllowed(allow);
  const { schedules = budget.ms === undefined ? 2000 : Infinity, ms = Infinity } = budget;
  if (!isSeed(seed)) {
    throw new RangeError(
      `Cannot explore with the seed ${String(seed)}: give a whole number from 0 to 2^32 − 1.`,
    );
  }
  const wrong = (what: string, value: unknown, least: string): RangeError =>
    new RangeError(`Cannot explore with ${what.replace("?", String(value))}: give a number ${least}.`);
  if (!(schedules > 0)) throw wrong("a budget of ? schedules", schedules, "greater than 0");
  if (!(ms > 0)) throw wrong("a budget of ? milliseconds", ms, "greater than 0");
  if (!(maxSteps >= 1)) throw wrong("at most ? steps", maxSteps, "from 1");
  if (!(patience >= 0)) throw wrong("a patience of ? ms", patience, "from 0");
  if (!(switches >= 0)) throw wrong("at most ? switches", switches, "from 0");
  return {
    seed,
    schedules,
    ms,
    maxSteps,
    patience,
    allow,
    throws: options.throws ?? true,
    trace: options.trace,
  };
}
