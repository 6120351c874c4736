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
  const known = new Map<string, Touch>();
  const written = new Map<string, number>();
  return touches.flatMap((touch, at) => {
    const { access, name, lane } = touch;
    const key = `${lane} ${name}`;
    const read = known.get(key);
    const lastWrite = written.get(name);
    known.set(key, touch);
    if (access === "read") return [];
    written.set(name, at);
    const lost = lastWrite === undefined ? undefined : touches[lastWrite]!;
    if (read?.access !== "read" || lost === undefined || lost.lane === lane) return [];
    return lastWrite! > touches.indexOf(read) ? [{ read, lost, write: touch }] : [];
  });
}
