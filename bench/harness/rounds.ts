/**
 * Rounds: the systems take turns (A B C A B C …), so a machine that is slow for a while is slow for all of
 * them, and each turn is a new process. Only ratios within one run mean something.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Workload } from "./workload.ts";

const CHILD = join(import.meta.dirname, "../child.ts");

/** What a child tells of one round. */
export interface Measured {
  /** The cost of one operation, as often as it was measured. */
  readonly samples: readonly number[];
  /** Processor time of one operation, on all cores, in nanoseconds: collection has threads of its own. */
  readonly cpu: number;
  /** The most memory that the process had, in bytes. */
  readonly peak: number;
}

/** What is known of a system after all rounds: per operation, except `peak`. */
export interface Result {
  readonly system: string;
  readonly median: number;
  readonly min: number;
  readonly cpu: number;
  readonly peak: number;
}

/** Runs synchronously: while a child measures, nothing else is to be done here. */
export function measure(name: string, { systems }: Workload, rounds: number): Result[] {
  const measured = Object.keys(systems).map((system) => ({ system, turns: [] as Measured[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { system, turns } of measured) turns.push(inChild(name, system));
  }
  return measured.map(({ system, turns }) => {
    const samples = turns.flatMap((turn) => turn.samples);
    return {
      system,
      median: median(samples),
      min: Math.min(...samples),
      cpu: median(turns.map(({ cpu }) => cpu)),
      peak: Math.max(...turns.map(({ peak }) => peak)),
    };
  });
}

function inChild(workload: string, system: string): Measured {
  // With this process's own options, so that both run the same copy of Cede: see main.ts.
  const args = [...process.execArgv, CHILD, workload, system];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status === 0) return JSON.parse(stdout) as Measured;
  const ending = signal ?? `code ${status}`;
  throw new Error(
    `Cannot measure ${workload} with ${system}: its process ended with ${ending}.\n${stderr.slice(0, 2000)}`,
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
