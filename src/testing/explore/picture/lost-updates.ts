/** Finds the writes that wipe out another task's write, because the one who writes has not seen it. */
import type { Touch } from "./story.ts";

export interface LostUpdate {
  /** What the writing task knew of the value. */
  readonly read: Touch;
  /** What another task wrote since then. */
  readonly lost: Touch;
  /** What overwrites it. */
  readonly write: Touch;
}

/** A task that wrote the value itself since it read it goes by what it wrote: then nothing is said. */
export function lostUpdates(touches: readonly Touch[]): LostUpdate[] {
  const known = new Map<string, number>();
  const written = new Map<string, number>();
  return touches.flatMap((touch, at) => {
    const { access, name, lane } = touch;
    const key = `${lane} ${name}`;
    const lastKnown = known.get(key);
    const lastWrite = written.get(name);
    known.set(key, at);
    if (access === "read") return [];
    written.set(name, at);
    if (lastKnown === undefined || lastWrite === undefined || lastWrite < lastKnown) return [];
    const [read, lost] = [touches[lastKnown]!, touches[lastWrite]!];
    return read.access === "read" && lost.lane !== lane ? [{ read, lost, write: touch }] : [];
  });
}
