/** What is measured: how soon each bug is found, whether anything correct is called wrong, and what the search promises. */
import { performance } from "node:perf_hooks";
import { explore, replay, type ExploreStrategy } from "cede/testing";
import type { Execution } from "../../src/testing/explore/execution.ts";
import { Patience } from "../../src/testing/explore/patience.ts";
import { Search } from "../../src/testing/explore/search.ts";
import { Portfolio } from "../../src/testing/explore/strategies/portfolio.ts";
import { Random } from "../../src/testing/random.ts";
import { threads, times, type Bug, type Correct, type Program } from "./support.ts";
import { median } from "./table.ts";

export interface Budget {
  /** Seeds from 1 to this. */
  readonly seeds: number;
  /** How many schedules a seed may take. */
  readonly schedules: number;
}

/** How soon a bug was found, over all seeds. */
export interface Found {
  readonly found: number;
  readonly seeds: number;
  /** Of the schedules up to the first failure; `Infinity` where there was none. */
  readonly median: number;
  readonly worst: number;
}

export interface BugResult extends Found {
  readonly name: string;
  readonly source: string;
  /** Of the failing schedules: in how many steps somebody came before another one who was ready to go on. */
  readonly switchesFound: number;
  /** The same once they were made simple, in the middle and at most. */
  readonly switches: number;
  readonly mostSwitches: number;
  /** Of how many failing schedules the simple form has more switches. */
  readonly grown: number;
  readonly steps: number;
  /** Of so many replays of the first seed's string, so many failed in the same way. */
  readonly replays: { readonly of: number; readonly same: number };
  readonly ms: number;
  readonly strategies?: Readonly<Record<string, Found>>;
}

export const STRATEGIES = ["depth-first", "random-walk", "priorities", "partial-order", "uniform"] as const;

export async function measureBug(
  { name, source, program }: Bug,
  budget: Budget,
  { replays, strategies }: { readonly replays: number; readonly strategies: boolean },
): Promise<BugResult> {
  const start = performance.now();
  const schedules: number[] = [];
  const before: number[] = [];
  const after: number[] = [];
  const steps: number[] = [];
  let grown = 0;
  let string: string | undefined;
  let message = "";
  for (let seed = 1; seed <= budget.seeds; seed++) {
    const report = await explore(program, {
      seed,
      throws: false,
      patience: 0, // nothing outside is waited for
      budget: { schedules: budget.schedules },
    });
    const { failure } = report;
    schedules.push(failure === undefined ? Infinity : failure.schedule);
    if (failure === undefined) continue;
    string ??= failure.replay;
    message ||= String(failure.error);
    steps.push(failure.steps.length);
    after.push(failure.preemptions);
    const found = await firstFailure(program, seed, failure.schedule);
    if (found?.schedule !== failure.schedule) throw new Error(`Cannot find ${name} again with seed ${seed}.`);
    const { preemptions } = found.execution;
    before.push(preemptions);
    if (failure.preemptions > preemptions) grown++;
  }
  const ms = performance.now() - start;
  const same = string === undefined ? 0 : await countSame(program, string, message, replays);
  return {
    name,
    source,
    ...summed(schedules),
    switchesFound: median(before),
    switches: median(after),
    mostSwitches: Math.max(...after),
    grown,
    steps: median(steps),
    replays: { of: string === undefined ? 0 : replays, same },
    ms,
    ...(strategies && { strategies: await eachStrategy(program, budget) }),
  };
}

function summed(schedules: readonly number[]): Found {
  return {
    found: schedules.filter((count) => count < Infinity).length,
    seeds: schedules.length,
    median: median(schedules),
    worst: Math.max(...schedules),
  };
}

/** The first failing execution of the same search, and no more. */
export async function firstFailure(
  program: Program,
  seed: number,
  schedules: number,
): Promise<{ schedule: number; execution: Execution } | null> {
  const search = new Search(program, { seed, maxSteps: 10_000, patience: new Patience(0) });
  const portfolio = new Portfolio(new Random(seed), Infinity);
  for (let schedule = 1; schedule <= schedules; schedule++) {
    const decider = portfolio.next();
    if (decider === null) return null;
    const execution = await search.run(decider);
    portfolio.learn(execution);
    if (execution.failure !== null) return { schedule, execution };
  }
  return null;
}

async function countSame(program: Program, string: string, message: string, count: number): Promise<number> {
  let same = 0;
  for (let i = 0; i < count; i++) {
    const failure = await replay(program, string, { throws: false });
    if (failure?.replay === string && kind(failure.error) === kind(message)) same++;
  }
  return same;
}

function kind(error: unknown): string {
  return String(error).split("\n", 1)[0]!.replaceAll(/\d+/g, "0");
}

async function eachStrategy(program: Program, budget: Budget): Promise<Record<string, Found>> {
  const results: Record<string, Found> = {};
  for (const strategy of STRATEGIES) {
    const schedules: number[] = [];
    for (let seed = 1; seed <= budget.seeds; seed++) {
      const options = { seed, strategy, throws: false, patience: 0, budget: { schedules: budget.schedules } };
      const { failure } = await explore(program, options);
      schedules.push(failure?.schedule ?? Infinity);
    }
    results[strategy] = summed(schedules);
  }
  return results;
}

export interface CorrectResult {
  readonly name: string;
  readonly schedules: number;
  /** Whether these were all there are. */
  readonly exhausted: boolean;
  /** What was taken for a failure. */
  readonly alarm?: string;
  readonly ms: number;
}

export async function measureCorrect({ name, program }: Correct, schedules: number): Promise<CorrectResult> {
  const start = performance.now();
  const report = await explore(program, { throws: false, patience: 0, budget: { schedules } });
  const { failure, exhausted } = report;
  return {
    name,
    schedules: report.schedules,
    exhausted,
    ...(failure && { alarm: `${String(failure.error)}\n${failure.table}\n${failure.replay}` }),
    ms: performance.now() - start,
  };
}

export interface SpeedResult {
  readonly program: string;
  readonly strategy: ExploreStrategy;
  /** Executions a second: the middle of the rounds. */
  readonly perSecond: number;
}

/** Tasks of a group that each take so many steps, and nothing else. */
function stepping(...counts: readonly number[]): Program {
  return () =>
    threads(
      ...counts.map((steps) => {
        return function* task() {
          for (let step = 1; step < steps; step++) yield;
        };
      }),
    );
}

const SPEEDS: readonly (readonly [string, readonly number[], ExploreStrategy])[] = [
  ["two tasks of two steps", [2, 2], "random-walk"],
  ["three tasks of three steps", [3, 3, 3], "random-walk"],
  ["ten tasks of five steps", times(10, () => 5), "random-walk"],
  ["ten tasks of five steps", times(10, () => 5), "portfolio"],
];

export async function measureSpeed(schedules: number, rounds: number): Promise<SpeedResult[]> {
  const results: SpeedResult[] = [];
  for (const [program, counts, strategy] of SPEEDS) {
    const speeds: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const start = performance.now();
      const report = await explore(stepping(...counts), {
        strategy,
        throws: false,
        patience: 0,
        budget: { schedules },
      });
      if (round >= 0) speeds.push((report.schedules / (performance.now() - start)) * 1000);
    }
    results.push({ program, strategy, perSecond: median(speeds) });
  }
  return results;
}

export interface CountResult {
  /** How many steps each task takes. */
  readonly steps: readonly number[];
  /** How many schedules there are: the multinomial coefficient. */
  readonly expected: number;
  readonly schedules: number;
  /** How many of them are different. */
  readonly different: number;
  readonly exhausted: boolean;
}

/** Depth first goes through every order of two tasks, or three, and through each once. */
export async function measureCounts(cases: readonly (readonly number[])[]): Promise<CountResult[]> {
  const results: CountResult[] = [];
  for (const steps of cases) {
    const orders: string[] = [];
    const program: Program = function* () {
      let order = "";
      yield* threads(
        ...steps.map((count, task) => {
          return function* () {
            for (let step = 1; step < count; step++) {
              order += task;
              yield;
            }
            order += task;
          };
        }),
      );
      orders.push(order);
    };
    const expected = multinomial(steps);
    const budget = { schedules: expected + 1 };
    const { schedules, exhausted } = await explore(program, { strategy: "depth-first", budget });
    results.push({ steps, expected, schedules, different: new Set(orders).size, exhausted });
  }
  return results;
}

function multinomial(parts: readonly number[]): number {
  let result = 1;
  let taken = 0;
  for (const part of parts) for (let i = 1; i <= part; i++) result = (result * ++taken) / i;
  return Math.round(result);
}
