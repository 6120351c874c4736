/** The same bugs, by turns, through Cede's search and through fast-check's scheduler. */
import { performance } from "node:perf_hooks";
import { explore } from "cede/testing";
import { asyncProperty, check, scheduler } from "fast-check";
import { bugs } from "./bugs/index.ts";
import { firstFailure, type Budget } from "./measure.ts";
import { peerBugs, World, type PeerBug } from "./peer-bugs.ts";
import type { Program } from "./support.ts";
import { grouped, median, table, upTo } from "./table.ts";

export interface Side {
  readonly found: number;
  /** Schedules up to the first failure, in the middle; `Infinity` where most seeds found none. */
  readonly schedules: number;
  /** The same in milliseconds: up to the end of the budget where there was none. */
  readonly ms: number;
}

export interface PeerResult {
  readonly name: string;
  readonly seeds: number;
  readonly cede: Side;
  /** Until the failure was made simple, too. */
  readonly cedeSimple: number;
  readonly fastCheck: Side;
}

interface Trial {
  readonly schedules: number;
  readonly ms: number;
}

/** Seed by seed, Cede and fast-check by turns, after a round that warms both up. */
export async function comparePeers(budget: Budget, only?: string): Promise<PeerResult[]> {
  const results: PeerResult[] = [];
  for (const { name, program } of bugs) {
    const peer = peerBugs[name];
    if (peer === undefined || (only !== undefined && !name.includes(only))) continue;
    const cede: Trial[] = [];
    const simple: number[] = [];
    const fastCheck: Trial[] = [];
    for (let seed = 0; seed <= budget.seeds; seed++) {
      const trials = {
        cede: await withCede(program, seed, budget.schedules),
        fastCheck: await withFastCheck(peer, seed, budget.schedules),
        simple: await untilSimple(program, seed, budget.schedules),
      };
      if (seed === 0) continue;
      cede.push(trials.cede);
      fastCheck.push(trials.fastCheck);
      simple.push(trials.simple);
    }
    const { seeds } = budget;
    results.push({ name, seeds, cede: side(cede), cedeSimple: median(simple), fastCheck: side(fastCheck) });
  }
  return results;
}

async function withCede(program: Program, seed: number, most: number): Promise<Trial> {
  const start = performance.now();
  const found = await firstFailure(program, seed, most);
  return { schedules: found === null ? Infinity : found.schedule, ms: performance.now() - start };
}

async function untilSimple(program: Program, seed: number, schedules: number): Promise<number> {
  const start = performance.now();
  await explore(program, { seed, throws: false, patience: 0, budget: { schedules } });
  return performance.now() - start;
}

async function withFastCheck(bug: PeerBug, seed: number, numRuns: number): Promise<Trial> {
  const start = performance.now();
  const property = asyncProperty(scheduler(), (s) => bug(new World(s)));
  const { failed, numRuns: runs } = await check(property, { seed, numRuns, endOnFailure: true });
  return { schedules: failed ? runs : Infinity, ms: performance.now() - start };
}

function side(trials: readonly Trial[]): Side {
  return {
    found: trials.filter(({ schedules }) => schedules < Infinity).length,
    schedules: median(trials.map(({ schedules }) => schedules)),
    ms: median(trials.map(({ ms }) => ms)),
  };
}

export function peerTable(results: readonly PeerResult[], most: number): string {
  const ms = (value: number): string => value.toFixed(1);
  return table(
    [
      "bug",
      "Cede found",
      "schedules",
      "ms",
      "ms to simple",
      "fast-check found",
      "schedules",
      "ms",
      "ratio of schedules",
      "of ms",
    ],
    results.map(({ name, seeds, cede, cedeSimple, fastCheck }) => [
      name,
      `${cede.found}/${seeds}`,
      upTo(most, cede.schedules),
      ms(cede.ms),
      ms(cedeSimple),
      `${fastCheck.found}/${seeds}`,
      upTo(most, fastCheck.schedules),
      ms(fastCheck.ms),
      ratio(fastCheck.schedules, cede.schedules, most),
      ratio(fastCheck.ms, cede.ms, most),
    ]),
  );
}

/** How many times as many of the second. */
function ratio(of: number, to: number, most: number): string {
  if (of === Infinity && to === Infinity) return "";
  if (of === Infinity) return `> ${grouped(most / to)}`;
  if (to === Infinity) return `< ${(of / most).toFixed(2)}`;
  const value = of / to;
  return value < 10 ? value.toFixed(2) : grouped(Math.round(value));
}
