/**
 * What the platform has under way: timers, sockets, files, whatever may yet call into a program. Node tells
 * by kind how much of it is active. A clock that stands still looks again and again; these looks are not
 * counted, or two such clocks would wait for each other.
 */
interface Process {
  getActiveResourcesInfo?(): readonly string[];
}
type Later = (callback: () => void) => unknown;

// Taken once: a test may put fake ones in their place, to try its program with.
const { setTimeout } = globalThis;
const immediate: Later = (globalThis as { setImmediate?: Later }).setImmediate ?? setTimeout;

/** Calls back after everything that is settled has been heard of. */
export function soon(callback: () => void): void {
  immediate(callback);
}

const looking = { Timeout: 0, Immediate: 0 };

/** Calls back in a millisecond; until then, this does not count as being under way. */
export function lookLater(callback: () => void): void {
  looking.Timeout++;
  setTimeout(() => {
    looking.Timeout--;
    looking.Immediate++;
    immediate(() => {
      looking.Immediate--;
      callback();
    });
  }, 1);
}

/** Whether the platform can tell: some have the function, and it knows of nothing. */
export const canTell: boolean = (() => {
  const timer = setTimeout(() => {}, 1);
  const tells = active().get("Timeout") !== undefined;
  clearTimeout(timer);
  return tells;
})();

/** How many are active of each kind. */
function active(): Map<string, number> {
  const { process } = globalThis as { process?: Process };
  const counts = new Map<string, number>();
  try {
    for (const kind of process?.getActiveResourcesInfo?.() ?? [])
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
  } catch {
    // a platform that only pretends to have it
  }
  for (const [kind, count] of Object.entries(looking)) {
    if (count > 0) counts.set(kind, (counts.get(kind) ?? 0) - count);
  }
  return counts;
}

/** What was begun since it was made. What was there before (a test runner's own work) counts for nothing. */
export class UnderWay {
  #before: ReadonlyMap<string, number> = active();

  /** The kinds of what is under way; none where the platform cannot tell. */
  kinds(): string[] {
    const now = active();
    const known = new Map<string, number>();
    const kinds: string[] = [];
    for (const [kind, count] of now) {
      const before = this.#before.get(kind) ?? 0;
      known.set(kind, Math.min(before, count));
      if (count > before) kinds.push(kind);
    }
    this.#before = known; // what has ended since cannot hide what begins later
    return kinds;
  }
}
