// Known concurrency bugs, and how soon the search for schedules finds them.
//
//   node --run bench:explore                        all of it: some minutes
//   node --run bench:explore -- --quick             3 seeds, 300 schedules for what is correct: some seconds
//   node --run bench:explore -- --only reorder      programs whose name has that in it
//   node --run bench:explore -- --seeds 5           so many seeds for each bug, from 1 on
//   node --run bench:explore -- --strategies        each strategy alone, too
//   node --run bench:explore -- --peers             the same bugs with fast-check's scheduler: peers.ts
//   node --run bench:explore -- --json              the results as one line of JSON, and nothing else
//
// In the table: with how many seeds a bug is found; the schedules up to its first failure; how often a task comes
// before another one that could have gone on, as found and once made simple; the steps of the simple form; how many of
// so many replays fail in the same way; seconds. `null` in JSON is a number of schedules that was not enough.
//
// Exit code 1 when a bar is missed, 2 when it was called wrongly.
import { parseArgs } from "node:util";
import { barLines, bars } from "./bars.ts";
import { beyond, bugs } from "./bugs/index.ts";
import { correct } from "./correct/index.ts";
import {
  measureBug,
  measureCorrect,
  measureCounts,
  measureSpeed,
  STRATEGIES,
  type BugResult,
  type CorrectResult,
} from "./measure.ts";
import { comparePeers, peerTable } from "./peers.ts";
import { grouped, table, upTo } from "./table.ts";

const SCHEDULES = 2000;
/** Steps of tasks whose orders are counted; those of the last two are thousands. */
const COUNTED = [
  [1, 1],
  [2, 1],
  [2, 2],
  [4, 3],
  [5, 5],
  [2, 2, 2],
  [3, 3, 2],
  [7, 7],
  [4, 4, 4],
];
const ENGINE = { engine: "node", version: process.versions.node };

interface CommandLine {
  readonly json: boolean;
  readonly quick: boolean;
  readonly strategies: boolean;
  readonly peers: boolean;
  readonly only: string | undefined;
  readonly seeds: number;
}

const wanted = commandLine();
if (typeof wanted === "string") {
  console.error(wanted);
  process.exitCode = 2;
} else if (wanted.peers) await peers(wanted);
else await main(wanted);

async function main({ json, quick, strategies, only, seeds }: CommandLine): Promise<void> {
  const chosen = <T extends { readonly name: string }>(all: readonly T[]): T[] =>
    all.filter(({ name }) => only === undefined || name.includes(only));
  const budget = { seeds, schedules: SCHEDULES };
  const options = { replays: quick ? 20 : 1000, strategies };

  const found: BugResult[] = [];
  for (const bug of chosen(bugs)) found.push(await measureBug(bug, budget, options));
  const hopeless: BugResult[] = [];
  if (!quick) for (const bug of chosen(beyond)) hopeless.push(await measureBug(bug, budget, options));
  if (!json && found.length + hopeless.length > 0) {
    console.log(`${bugTable(found)}\n`);
    if (hopeless.length > 0) console.log(`Known to be beyond such searches:\n\n${bugTable(hopeless)}\n`);
    if (strategies) console.log(`Each strategy alone:\n\n${strategyTable([...found, ...hopeless])}\n`);
  }

  const alarms: CorrectResult[] = [];
  for (const program of chosen(correct)) alarms.push(await measureCorrect(program, quick ? 300 : 10_000));
  if (!json) {
    for (const { name, alarm } of alarms) if (alarm !== undefined) console.log(`Alarm: ${name}\n${alarm}\n`);
    console.log(`Correct programs: ${correctLine(alarms)}\n`);
  }

  const whole = only === undefined;
  const counts = whole ? await measureCounts(quick ? COUNTED.slice(0, -2) : COUNTED) : [];
  const speeds = whole ? await measureSpeed(quick ? 5000 : 20_000, quick ? 3 : 5) : [];
  if (!json && whole) {
    const rows = speeds.map(({ program, strategy, perSecond }) => [
      `${program}, ${strategy}`,
      grouped(Math.round(perSecond)),
    ]);
    console.log(`${table(["", "executions a second"], rows)}\n`);
    const counted = counts.map(({ steps, expected, schedules, different }) => [
      `tasks of ${steps.join(" and ")} steps`,
      ...[expected, schedules, different].map(grouped),
    ]);
    console.log(`${table(["depth first", "orders there are", "run", "different"], counted)}\n`);
  }

  const held = bars({ bugs: found, correct: alarms, counts, speeds });
  if (json) {
    const results = { bugs: found, beyond: hopeless, correct: alarms, counts, speeds };
    console.log(JSON.stringify({ ...ENGINE, seeds, schedules: SCHEDULES, ...results, bars: held }));
  } else {
    console.log(barLines(held));
    console.log(
      `\n${ENGINE.engine} ${ENGINE.version}; seeds: ${seeds}, schedules: ${grouped(SCHEDULES)} each`,
    );
  }
  process.exitCode = held.every(({ holds }) => holds) ? 0 : 1;
}

async function peers({ json, seeds, only, quick }: CommandLine): Promise<void> {
  const results = await comparePeers(
    { seeds: quick ? Math.min(seeds, 3) : seeds, schedules: SCHEDULES },
    only,
  );
  if (json) console.log(JSON.stringify({ ...ENGINE, seeds, schedules: SCHEDULES, peers: results }));
  else {
    console.log(peerTable(results, SCHEDULES));
    console.log(
      `\n${ENGINE.engine} ${ENGINE.version}; seeds: ${seeds}, schedules: ${grouped(SCHEDULES)} each at most`,
    );
  }
}

function bugTable(results: readonly BugResult[]): string {
  return table(
    ["bug", "found", "median", "worst", "switches found", "simple", "at most", "steps", "replays", "s"],
    results.map((bug) => [
      bug.name,
      `${bug.found}/${bug.seeds}`,
      upTo(SCHEDULES, bug.median),
      upTo(SCHEDULES, bug.worst),
      ...(bug.found === 0
        ? ["", "", "", ""]
        : [bug.switchesFound, bug.switches, bug.mostSwitches, bug.steps].map(grouped)),
      `${bug.replays.same}/${bug.replays.of}`,
      (bug.ms / 1000).toFixed(1),
    ]),
  );
}

function strategyTable(results: readonly BugResult[]): string {
  return table(
    ["bug: found, median", ...STRATEGIES],
    results.map((bug) => [
      bug.name,
      ...STRATEGIES.map((strategy) => {
        const { found, seeds, median } = bug.strategies![strategy]!;
        return `${found}/${seeds} ${upTo(SCHEDULES, median)}`;
      }),
    ]),
  );
}

function correctLine(results: readonly CorrectResult[]): string {
  const schedules = results.reduce((sum, result) => sum + result.schedules, 0);
  const seconds = results.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const all = results.filter(({ exhausted }) => exhausted).length;
  const alarms = results.filter(({ alarm }) => alarm !== undefined).length;
  return (
    `${results.length}, in ${grouped(schedules)} schedules, ${seconds.toFixed(1)} s; ` +
    `of ${all} these are all there are; alarms: ${alarms}`
  );
}

function commandLine(): CommandLine | string {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        strategies: { type: "boolean", default: false },
        peers: { type: "boolean", default: false },
        only: { type: "string" },
        seeds: { type: "string" },
      },
    });
    const seeds = Number(values.seeds ?? (values.quick ? 3 : values.peers ? 9 : 20));
    if (!Number.isInteger(seeds) || seeds < 1)
      throw new Error(`--seeds takes a whole number, 1 or more, not "${values.seeds}".`);
    return { ...values, only: values.only, seeds };
  } catch (error) {
    return `Cannot run this: ${(error as Error).message}`;
  }
}
