// Known concurrency bugs, and how soon the search for schedules finds them.
//
//   node --run bench:explore                        all of it: some minutes
//   node --run bench:explore -- --quick             3 seeds, 300 schedules for what is correct: some seconds
//   node --run bench:explore -- --only reorder      programs whose name has that in it
//   node --run bench:explore -- --seeds 5           so many seeds for each bug, from 1 on
//   node --run bench:explore -- --strategies        each strategy alone, too
//   node --run bench:explore -- --peers             the same bugs with fast-check's scheduler: peers.ts
//   node --run bench:explore -- --json              the results as one line of JSON, and nothing else
//   node --run bench:explore -- --write             into docs/exploration-benchmark.md, too
//
// In the table: with how many seeds a bug is found; the schedules up to its first failure; how often a task comes
// before another one that could have gone on, as found and once made simple; the steps of the simple form; how many of
// so many replays fail in the same way; seconds. `null` in JSON is a number of schedules that was not enough.
//
// Exit code 1 when a bar is missed, 2 when it was called wrongly.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
import { peerBugs } from "./peer-bugs.ts";
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
  readonly write: boolean;
  readonly only: string | undefined;
  readonly seeds: number;
}

const wanted = commandLine();
if (typeof wanted === "string") {
  console.error(wanted);
  process.exitCode = 2;
} else {
  const said: string[] = [];
  /** Prints it, unless there is to be nothing but JSON. */
  const say = (text: string): void => {
    said.push(text);
    if (!wanted.json) console.log(`${text}\n`);
  };
  const results = wanted.peers ? await peers(wanted, say) : await main(wanted, say);
  const { seeds } = wanted;
  say(`${ENGINE.engine} ${ENGINE.version}; seeds: ${seeds}, schedules: ${grouped(SCHEDULES)} each at most`);
  if (wanted.json) console.log(JSON.stringify({ ...ENGINE, seeds, schedules: SCHEDULES, ...results }));
  if (wanted.write) write(wanted.peers ? "peers" : "results", said.join("\n\n"));
}

type Say = (text: string) => void;

async function main({ quick, strategies, only, seeds }: CommandLine, say: Say): Promise<object> {
  const chosen = <T extends { readonly name: string }>(all: readonly T[]): T[] =>
    all.filter(({ name }) => only === undefined || name.includes(only));
  const budget = { seeds, schedules: SCHEDULES };
  const options = { replays: quick ? 20 : 1000, strategies };

  const found: BugResult[] = [];
  for (const bug of chosen(bugs)) found.push(await measureBug(bug, budget, options));
  const hopeless: BugResult[] = [];
  if (!quick) for (const bug of chosen(beyond)) hopeless.push(await measureBug(bug, budget, options));
  if (found.length > 0) say(bugTable(found));
  if (hopeless.length > 0) say(`Known to be beyond such searches:\n\n${bugTable(hopeless)}`);
  const all = [...found, ...hopeless];
  if (strategies && all.length > 0) say(`Each strategy alone:\n\n${strategyTable(all)}`);

  const alarms: CorrectResult[] = [];
  for (const program of chosen(correct)) alarms.push(await measureCorrect(program, quick ? 300 : 10_000));
  for (const { name, alarm } of alarms) if (alarm !== undefined) say(`Alarm: ${name}\n${alarm}`);
  if (alarms.length > 0) say(`Correct programs: ${correctLine(alarms)}`);

  const whole = only === undefined;
  const counts = whole ? await measureCounts(quick ? COUNTED.slice(0, -2) : COUNTED) : [];
  const speeds = whole ? await measureSpeed(quick ? 5000 : 20_000, quick ? 3 : 5) : [];
  if (whole) {
    const rows = speeds.map(({ program, strategy, perSecond }) => [
      `${program}, ${strategy}`,
      grouped(Math.round(perSecond)),
    ]);
    say(table(["", "executions a second"], rows));
    const counted = counts.map(({ steps, expected, schedules, different }) => [
      `tasks of ${steps.join(" and ")} steps`,
      ...[expected, schedules, different].map(grouped),
    ]);
    say(table(["depth first", "orders there are", "run", "different"], counted));
  }

  const held = bars({ bugs: found, correct: alarms, counts, speeds });
  say(barLines(held));
  process.exitCode = held.every(({ holds }) => holds) ? 0 : 1;
  return { bugs: found, beyond: hopeless, correct: alarms, counts, speeds, bars: held };
}

async function peers({ seeds, only }: CommandLine, say: Say): Promise<object> {
  const results = await comparePeers({ seeds, schedules: SCHEDULES }, only);
  say(peerTable(results, SCHEDULES));
  return { peers: results };
}

/** Into the document, between the lines that say so. */
function write(name: string, text: string): void {
  const file = join(import.meta.dirname, "../../docs/exploration-benchmark.md");
  const document = readFileSync(file, "utf8");
  const [begin, end] = [`<!-- ${name}: made by this benchmark -->`, `<!-- end of ${name} -->`];
  const [before, rest] = document.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`Cannot write ${name}: ${file} has no place for it.`);
  writeFileSync(file, `${before}${begin}\n\n\`\`\`text\n${text}\n\`\`\`\n\n${end}${after}`);
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
        write: { type: "boolean", default: false },
        only: { type: "string" },
        seeds: { type: "string" },
      },
    });
    const seeds = Number(values.seeds ?? (values.quick ? 3 : values.peers ? 9 : 20));
    if (!Number.isInteger(seeds) || seeds < 1)
      throw new Error(`--seeds takes a whole number, 1 or more, not "${values.seeds}".`);
    const { only } = values;
    const named = values.peers
      ? Object.keys(peerBugs)
      : [...bugs, ...beyond, ...correct].map(({ name }) => name);
    if (only !== undefined && !named.some((name) => name.includes(only))) {
      const names = values.peers ? named : bugs.map(({ name }) => name);
      throw new Error(`nothing has "${only}" in its name. The bugs are ${names.join(", ")}.`);
    }
    return { ...values, only, seeds };
  } catch (error) {
    return `Cannot run this: ${(error as Error).message}`;
  }
}
