// Cede beside native promises and other systems.
//
//   npm run bench                                    what there is to measure
//   npm run bench -- WORKLOAD [--rounds N]           a table
//   npm run --silent bench -- WORKLOAD --json        {workload, unit, engine, version, rounds, results}
//   npm run bench -- --bars                          the bars that Cede is held to; exit code 1 when one is missed
//   npm run bench -- fetch                           those of `cede fetch`: fetch-bars.ts
//
// This measures the source. What is published is that source without its types, compiled for a language
// that has everything it uses, so the two are the same program: `npm run build && node bench/main.ts switch`
// measures dist/, and shows it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BAR_WORKLOADS, barLines, held } from "./harness/bars.ts";
import { measure } from "./harness/rounds.ts";
import { table } from "./harness/table.ts";
import { workloads } from "./workloads/index.ts";

class UsageError extends Error {}

try {
  main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

function main(): void {
  const { name, json, rounds, bars } = commandLine();
  if (bars) return measureBars(rounds, json);
  if (name === "fetch") return measureFetch(rounds, json);
  if (name === undefined) {
    console.log(list());
    return;
  }
  const workload = workloads.get(name);
  if (workload === undefined) {
    throw new UsageError(`Cannot measure "${name}": there is no such workload. There are:\n${list()}`);
  }
  const results = measure(name, workload, rounds);
  const { about, unit } = workload;
  const engine = { engine: engineName(), version: process.versions[engineName()]! };
  if (json) console.log(JSON.stringify({ workload: name, unit, ...engine, rounds, results }));
  else {
    console.log(`${name}: ${about}\n`);
    console.log(table(results, unit));
    console.log(`\n${engine.engine} ${engine.version}, rounds: ${rounds}; all but the peak is per operation`);
  }
}

function measureBars(rounds: number, json: boolean): void {
  const results = new Map(BAR_WORKLOADS.map((name) => [name, measure(name, workloads.get(name)!, rounds)]));
  const bars = held(results);
  console.log(json ? JSON.stringify({ rounds, bars }) : barLines(bars));
  process.exitCode = bars.every(({ holds }) => holds) ? 0 : 1;
}

/** It measures a whole job, with a server of its own, so it is a program of its own. */
function measureFetch(rounds: number, json: boolean): void {
  const program = join(import.meta.dirname, "fetch-bars.ts");
  const args = [...process.execArgv, program, `${rounds}`, ...(json ? ["--json"] : [])];
  process.exitCode = spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1;
}

interface CommandLine {
  readonly name: string | undefined;
  readonly json: boolean;
  readonly rounds: number;
  readonly bars: boolean;
}

function commandLine(): CommandLine {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        bars: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        rounds: { type: "string", default: "7" },
      },
    });
    const [name, extra] = positionals;
    if (extra !== undefined) throw new Error(`one workload at a time, and "${extra}" is a second one.`);
    if (values.bars && name !== undefined) {
      throw new Error(`--bars measures workloads of its own: leave out "${name}".`);
    }
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) {
      throw new Error(`--rounds takes a whole number, 1 or more, not "${values.rounds}".`);
    }
    return { name, json: values.json, rounds, bars: values.bars };
  } catch (error) {
    throw new UsageError(`Cannot run this: ${(error as Error).message}`, { cause: error });
  }
}

function list(): string {
  const fetch = { about: "request 2,000 pages, and 50, as `cede fetch` does, against what it is held to" };
  return [...workloads, ["fetch", fetch] as const]
    .map(([name, { about }]) => `  ${name.padEnd(12)}${about}`)
    .join("\n");
}

function engineName(): "node" | "bun" | "deno" {
  return process.versions["bun"] !== undefined
    ? "bun"
    : process.versions["deno"] !== undefined
      ? "deno"
      : "node";
}
