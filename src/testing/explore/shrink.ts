/**
 * A failing schedule made simpler: as few preemptions as can be found, then as few deviations, then as few steps. Each
 * candidate leaves something out of the simplest one so far, and is run: it counts if the program fails in the same way.
 */
import type { Deviation } from "./crossroads.ts";
import type { Execution } from "./execution.ts";
import { Script } from "./schedule.ts";

/** How many candidates are tried, at most. */
const MOST_TRIED = 500;

export async function shrink(
  failing: Execution,
  run: (script: Script) => Promise<Execution>,
): Promise<Execution> {
  const how = kindOf(failing);
  let best = failing;
  let tried = 0;
  const attempt = async (deviations: readonly Deviation[]): Promise<boolean> => {
    if (tried++ >= MOST_TRIED) return false;
    const execution = await run(new Script(deviations));
    if (kindOf(execution) !== how || !isSimpler(execution, best)) return false;
    best = execution;
    return true;
  };
  // Halves, quarters, … single ones, again as long as that helps.
  for (let size = best.deviations.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.deviations.length;) {
      const { deviations } = best;
      if (!(await attempt([...deviations.slice(0, at), ...deviations.slice(at + size)]))) at += size;
    }
  }
  for (let again = true; again && tried < MOST_TRIED;) {
    again = false;
    for (let at = best.deviations.length - 1; at >= 0; at--) {
      const { deviations } = best;
      if (await attempt([...deviations.slice(0, at), ...deviations.slice(at + 1)])) again = true;
    }
  }
  return best;
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
