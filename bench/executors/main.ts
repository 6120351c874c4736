// What a job costs on threads and on other machines, beside the libraries that carry it.
//
//   npm run bench:executors                          every suite, and its bars; exit code 1 when one is missed
//   npm run bench:executors -- threads               one suite
//   npm run bench:executors -- threads/tiny          one workload
//     --rounds N (5)   --json
//
// Each system has a child process of its own, and they take turns: see harness/rounds.ts.
//
// This measures dist/, as it is published: with the source in a process, and with it the means to strip its types, the engine
// has a heap to collect that no user of the package has.
import { parseArgs } from "node:util";
import { measure, type Result } from "../harness/rounds.ts";
import { table } from "../harness/table.ts";
import { suites } from "./index.ts";
import type { SuiteBar } from "./suite.ts";

try {
  main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: "string", default: "5" }, json: { type: "boolean", default: false } },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds takes a whole number, 1 or more, not "${values.rounds}".`);
  }
  const [wanted = ""] = positionals;
  let measured = 0;
  for (const [name, { workloads, bars }] of suites) {
    for (const [workload, one] of Object.entries(workloads)) {
      const full = `${name}/${workload}`;
      if (wanted !== "" && wanted !== name && wanted !== full) continue;
      measured++;
      const results = measure(full, one, rounds);
      const ratios = bars.filter((bar) => bar.workload === workload).map((bar) => ratioOf(bar, results));
      if (ratios.some(({ holds }) => !holds)) process.exitCode = 1;
      if (values.json) {
        console.log(JSON.stringify({ workload: full, unit: one.unit, rounds, results, bars: ratios }));
        continue;
      }
      const against = bars.find((bar) => bar.workload === workload)?.against;
      console.log(`${full}: ${one.about}\n\n${table(results, one.unit, against)}\n`);
      for (const ratio of ratios) console.log(`${lineOf(ratio)}\n`);
    }
  }
  if (measured === 0) throw new Error(`Cannot measure "${wanted}": there are ${names()}.`);
}

interface Ratio extends SuiteBar {
  readonly median: number;
  readonly min: number;
  readonly holds: boolean;
}

function ratioOf(bar: SuiteBar, results: readonly Result[]): Ratio {
  const resultOf = (name: string): Result => results.find(({ system }) => system === name)!;
  const [mine, other] = [resultOf(bar.system), resultOf(bar.against)];
  const median = mine.median / other.median; // a minimum is one lucky moment of one of the two
  return { ...bar, median, min: mine.min / other.min, holds: median <= bar.most };
}

function lineOf({ system, against, median, min, most, holds }: Ratio): string {
  const ratio = `median ${median.toFixed(2)} (min ${min.toFixed(2)}) ≤ ${most.toFixed(2)}`;
  return `${holds ? "ok  " : "MISS"}  ${ratio}  ${system} against ${against}`;
}

function names(): string {
  return [...suites]
    .flatMap(([name, { workloads }]) => [
      name,
      ...Object.keys(workloads).map((workload) => `${name}/${workload}`),
    ])
    .join(", ");
}
