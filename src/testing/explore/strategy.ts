/** A way of searching: it decides in one execution after another, and learns from each. */
import type { Decider } from "./decider.ts";
import type { Execution } from "./execution.ts";

export interface Strategy {
  /** Who decides in the next execution; `null` when there is none left to try. */
  next(): Decider | null;
  /** What came of it. */
  learn?(execution: Execution): void;
  /** What of the schedules there are it leaves out, in words; nothing if it goes through all of them. */
  notSearched?(): string[];
  /** How many orders there are, once it has gone through all of them. */
  readonly orders?: number | undefined;
  /** Whether the program was seen not to take the same steps when it was run in the same order. */
  readonly unsteady?: boolean;
}
