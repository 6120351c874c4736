/**
 * A failing schedule made simpler: as few preemptions as can be found, then as few deviations, then as few steps. A
 * candidate counts if the program fails in the same way.
 */
import { Random } from "../random.ts";
import type { Deviation } from "./crossroads.ts";
import type { Decider } from "./decider.ts";
import type { Execution } from "./execution.ts";
import { Script } from "./schedule.ts";
import { DepthFirst } from "./strategies/depth-first.ts";

/** How much is tried: executions, and steps of all of them together. */
const MOST_TRIED = 500;
const MOST_STEPS = 300_000;

export async function shrink(
  failing: Execution,
  run: (decider: Decider) => Promise<Execution>,
): Promise<Execution> {
  const how = kindOf(failing);
  let best = failing;
  let tried = 0;
  let steps = 0;
  const mayTry = (): boolean => tried < MOST_TRIED && steps < MOST_STEPS;
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

function without(deviations: readonly Deviation[], at: number, size: number): Deviation[] {
  return deviations.filter((_, index) => index < at || index >= at + size);
}

function isSimpler(a: Execution, b: Execution): boolean {
  if (a.preemptions !== b.preemptions) return a.preemptions < b.preemptions;
  if (a.deviations.length !== b.deviations.length) return a.deviations.length < b.deviations.length;
  return a.picked.length < b.picked.length;
}

/** How it fails, whatever the numbers: two failures of one kind are taken for the same mistake. */
export function kindOf({ failure }: Execution): string | null {
  if (failure === null) return null;
  const { error } = failure;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll(/\d+/g, "0").slice(0, 60);
}
