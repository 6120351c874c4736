/**
 * Sources that can be looped over once: generators, and streams of the host. Once they were let go of they bring
 * nothing, and that would look like an end: to `retry`, say, like an attempt that went well.
 */
import { describe } from "../kernel/misuse.ts";
import type { Opening } from "./stage.ts";

const read = new WeakSet<object>();

/** From the end of the loop on: until then, others may share the source. */
export function markRead(source: object, opening: Opening): void {
  opening.onClose(() => void read.add(source));
}

/** An error that another attempt does not mend. */
export class ReadBeforeError extends TypeError {}

/** Refuses what an earlier loop has let go of. @throws ReadBeforeError */
export function checkUnread(source: unknown): void {
  if (!read.has(source as object)) return;
  throw new ReadBeforeError(
    `Cannot iterate over ${describe(source)} again: it brings its items once, and an earlier loop has let go of it. Give ` +
      "a function that makes one for each loop: `stream(() => lines(file))`, say.",
  );
}
