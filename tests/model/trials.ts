/** What is done with each random program. */
import { between } from "./compare.ts";
import { onModel } from "./model.ts";
import { onCede } from "./on-cede.ts";
import { makeProgram, random, type Trial } from "./program.ts";

/** How much was compared. */
export interface Examined {
  trials: number;
  /** The lines of all traces. */
  events: number;
  /** How many runs were compared only up to where tasks waited for each other. */
  circles: number;
  /** How many only up to where cleanup was abandoned. */
  abandoned: number;
  /** What happened at least once: operations that ended well, and words of the traces. */
  readonly seen: Set<string>;
}

const WORDS = /timeout of|cancelled|before \[|expired-unheard|task-failed|late-error|invalid state|expired/g;

/**
 * Runs the program of a seed in every way: as it is, everyone polled in vain at every point, cancelled at a
 * time, cancelled at a point, or at each of its points. Gives the first trial that differs.
 */
export async function examine(seed: number, everywhere: boolean, total: Examined): Promise<Trial | null> {
  const plain: Trial = { program: makeProgram(seed), cancelAt: null, cancelPoint: null, inVain: false };
  const next = random(~seed);
  const { points } = onModel(plain);
  const chosen = everywhere
    ? Array.from({ length: points }, (_, i) => i + 1)
    : [1 + Math.floor(next() * points)];
  const trials: Trial[] = [
    plain,
    { ...plain, inVain: true },
    { ...plain, cancelAt: Math.floor(next() * 12), inVain: next() < 0.5 },
    ...chosen.map((cancelPoint) => ({ ...plain, cancelPoint, inVain: next() < 0.5 })),
  ];
  for (const trial of trials) {
    const model = onModel(trial);
    if (between(model, await onCede(trial)) !== null) return trial;
    total.trials++;
    total.events += model.trace.length;
    if (model.circle !== null) total.circles++;
    if (model.abandoned !== null) total.abandoned++;
    for (const line of model.trace) {
      const ended = /^\d+ t\d+ \d+ ([a-z ]+):/.exec(line)?.[1];
      if (ended !== undefined) total.seen.add(ended);
      for (const [word] of line.matchAll(WORDS)) total.seen.add(word);
    }
  }
  return null;
}
