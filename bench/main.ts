// Cede beside native promises and other systems.
//
//   npm run bench                                    what there is to measure
//   npm run bench -- WORKLOAD [--rounds N]           a table
//   npm run --silent bench -- WORKLOAD --json        {workload, unit, engine, version, rounds, results}
//
// This measures the source. What is published is that source without its types, compiled for a language
// that has everything it uses, so the two are the same program: `npm run build && node bench/main.ts switch`
// measures dist/, and shows it.
import { parseArgs } from "node:util";
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
  const { name, json, rounds } = commandLine();
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

function commandLine(): { name: string | undefined; json: boolean; rounds: number } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "5" } },
    });
    const [name, extra] = positionals;
    if (extra !== undefined) throw new Error(`one workload at a time, and "${extra}" is a second one.`);
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) {
      throw new Error(`--rounds takes a whole number, 1 or more, not "${values.rounds}".`);
    }
    return { name, json: values.json, rounds };
  } catch (error) {
    throw new UsageError(`Cannot run this: ${(error as Error).message}`, { cause: error });
  }
}

function list(): string {
  return [...workloads].map(([name, { about }]) => `  ${name.padEnd(12)}${about}`).join("\n");
}

function engineName(): "node" | "bun" | "deno" {
  return process.versions["bun"] !== undefined
    ? "bun"
    : process.versions["deno"] !== undefined
      ? "deno"
      : "node";
}
