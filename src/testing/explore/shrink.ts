/**
 * A failing schedule made simpler: as few preemptions as can be found, then as few deviations, then as few steps. A
 * candidate counts if the program fails in the same way. Three ways to come to one: leave deviations out (Zeller's delta
 * debugging); move a task's steps to its next ones (as Jalbert and Sen, "A trace simplification technique for effective
 * debugging of concurrent programs", 2010); go through those of fewer preemptions.
 */
import { Random } from "../random.ts";
import { textOf } from "../text-of.ts";
import type { Deviation } from "./crossroads.ts";
import { goOn, type Decider } from "./decider.ts";
import type { Execution } from "./execution.ts";
import { Script } from "./schedule.ts";
import { DepthFirst } from "./strategies/depth-first.ts";

/** How much is tried: executions, and steps of all of them together. */
const MOST_TRIED = 500;
const MOST_STEPS = 300_000;

export async function shrink(
  failing: Execution,
  run: (decider: Decider) => Promise<Execution>,
  inTime: () => boolean,
): Promise<Execution> {
  const how = kindOf(failing);
  let best = failing;
  let tried = 0;
  let steps = 0;
  const mayTry = (): boolean => tried < MOST_TRIED && steps < MOST_STEPS && inTime();
  /** Whether it is simpler, and then it is the best one. */
  const attempt = async (decider: Decider): Promise<Execution> => {
    const execution = await run(decider);
    tried++;
    steps += execution.picked.length;
    if (kindOf(execution) === how && isSimpler(execution, best)) best = execution;
    return execution;
  };

  /** Leaves out so many deviations at a time, wherever that can be done. */
  const leaveOut = async (size: number): Promise<void> => {
    for (let at = best.deviations.length - size; at >= 0 && mayTry(); at -= size) {
      const { deviations } = best;
      await attempt(new Script(without(deviations, at, size)));
      at = Math.min(at, best.deviations.length);
    }
  };
  for (let size = best.deviations.length; size >= 1; size >>= 1) await leaveOut(size);
  for (let before: Execution | null = null; before !== best && mayTry();) {
    before = best;
    await leaveOut(1);
  }

  // A task's steps in a row are moved as one: to its next ones, or these to them.
  const move = async (runs: readonly Run[], from: number, to: number): Promise<boolean> => {
    const before = best;
    const moved = runs.filter((_, at) => at !== from);
    moved.splice(to, 0, runs[from]!);
    const picked = moved.flatMap(({ number, count }) => Array<number>(count).fill(number));
    await attempt(new Following(picked, new Script(best.deviations)));
    return best !== before;
  };
  tried = 0;
  for (let again = true; again && best.preemptions > 0 && mayTry();) {
    again = false;
    for (let at = runsOf(best).length - 1; at >= 0 && mayTry(); at--) {
      const runs = runsOf(best);
      if (at >= runs.length) continue;
      const next = runs.findIndex(({ number }, other) => other > at && number === runs[at]!.number);
      if (await move(runs, at, next < 0 ? runs.length - 1 : next - 1)) again = true;
      else if (next > at + 1 && (await move(runs, next, at + 1))) again = true;
    }
  }

  // What leaving out does not find: those that have fewer preemptions, as far as they can be gone through.
  tried = 0;
  const systematic = new DepthFirst(new Random(1), best.preemptions - 1);
  while (best.preemptions > 0 && mayTry()) {
    const decider = systematic.next();
    if (decider === null) break;
    const found = await attempt(decider);
    if (found === best) break;
    systematic.learn();
  }
  return best;
}

/** Steps that a task takes in a row. */
interface Run {
  readonly number: number;
  readonly count: number;
}

function runsOf({ picked }: Execution): Run[] {
  const runs: { number: number; count: number }[] = [];
  for (const number of picked) {
    const last = runs.at(-1);
    if (last?.number === number) last.count++;
    else runs.push({ number, count: 1 });
  }
  return runs;
}

/** Follows a list of who runs: whoever comes first in it and is ready. Ties are as they were. */
class Following implements Decider {
  readonly #left: number[];
  readonly #ties: Script;

  constructor(picked: number[], ties: Script) {
    this.#left = picked;
    this.#ties = ties;
  }

  choose(ready: readonly number[], last: number): number {
    for (const number of this.#left) {
      const at = ready.indexOf(number);
      if (at >= 0) return at;
    }
    return goOn(last);
  }

  tie(count: number, at: number): number {
    return this.#ties.tie(count, at);
  }

  runs(number: number): void {
    const at = this.#left.indexOf(number);
    if (at >= 0) this.#left.splice(at, 1);
  }
}

function without(deviations: readonly Deviation[], at: number, size: number): Deviation[] {
  return deviations.filter((_, index) => index < at || index >= at + size);
}

function isSimpler(a: Execution, b: Execution): boolean {
  if (a.preemptions !== b.preemptions) return a.preemptions < b.preemptions;
  if (a.deviations.length !== b.deviations.length) return a.deviations.length < b.deviations.length;
  return a.picked.length < b.picked.length;
}

/** How it fails, and where, whatever the numbers: two failures of one kind are taken for the same mistake. */
export function kindOf({ failure }: Execution): string | null {
  if (failure === null) return null;
  const { error, kind } = failure;
  if (kind !== undefined) return kind.replaceAll(/\d+/g, "0");
  return `${textOf(error).replaceAll(/\d+/g, "0").slice(0, 100)} ${placeOf(error)}`;
}

/** The program's own line, behind those of a library of assertions. */
function placeOf(error: unknown): string {
  try {
    const lines = String((error as Error).stack).split("\n");
    return lines.find((line) => /^\s+at .*:\d+:\d+/.test(line) && !/node_modules|\(node:/.test(line)) ?? "";
  } catch {
    return "";
  }
}
