/** Searches the orders in which a program's tasks can run for one that breaks it. */
import type { Program } from "./explore/execution.ts";
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
import { breath } from "./macrotask.ts";
import { Random } from "./random.ts";

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
  /** Whether these were all there are. */
  readonly exhausted: boolean;
  /** What was left out, in words: empty if `exhausted`. */
  readonly notSearched: readonly string[];
}

const MAX_STEPS = 10_000;

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
 * `false`; RangeError for a budget that is none.
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
  const { seed = 1, budget = {}, maxSteps = MAX_STEPS, throws = true, trace } = options;
  const schedules = checkCount("schedules", budget.schedules ?? (budget.ms === undefined ? 2000 : Infinity));
  const end = performance.now() + checkCount("milliseconds", budget.ms ?? Infinity);
  const search = new Search(main, { seed, maxSteps });
  const strategy = strategyOf(options);
  let exhausted = false;
  let failure: ExploreFailure | undefined;
  let sliceStart = performance.now();
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
    if (execution.failure !== null) failure = await search.simplest(execution, count);
    const now = performance.now();
    if (now >= end) break;
    if (now - sliceStart > SLICE_MS) {
      await breath();
      sliceStart = performance.now();
    }
  }
  const notSearched = [
    ...(exhausted || failure !== undefined ? [] : ["orders beyond the budget"]),
    ...(strategy.notSearched?.() ?? []),
    ...search.limits(),
  ];
  const report: ExploreReport = {
    ...(failure && { failure }),
    schedules: count,
    exhausted: exhausted && notSearched.length === 0,
    notSearched: failure === undefined ? notSearched : search.limits(),
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
  { trace, throws = true }: ReplayOptions = {},
): Promise<ExploreFailure | undefined> {
  const wanted = decode(schedule);
  const { seed, cancel } = wanted;
  const search = new Search(main, { seed, cancel, maxSteps: Math.max(MAX_STEPS, wanted.steps) });
  const script = new Script(wanted.deviations);
  const recorded = await search.record(script);
  checkFit(wanted, script, recorded);
  if (recorded.execution.failure === null) return undefined;
  const failure = search.told(recorded, 1);
  if (trace !== undefined) writeTrace(trace, failure.trace, seed);
  if (throws) throw inWords(failure);
  return failure;
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
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Error(
    `The program fails in the ${ordinal(number)} schedule: ${text}\n\n${table}\n\nTo run it again: replay(main, "${schedule}")`,
    { cause: error },
  );
}

function ordinal(n: number): string {
  const last = n % 100 > 10 && n % 100 < 14 ? 0 : n % 10;
  return `${n}${["th", "st", "nd", "rd"][last] ?? "th"}`;
}

/** @throws RangeError if it is no number of what could be spent. */
function checkCount(what: string, count: number): number {
  if (typeof count === "number" && count > 0) return count;
  throw new RangeError(
    `Cannot explore with a budget of ${String(count)} ${what}: give a number greater than 0.`,
  );
}
