/** Who has a say in how an execution is judged, beside what it throws: `runTest` is stricter than a program on its own. */
import type { EventLoop } from "../../index.ts";
import type { Monitor, Report } from "../../lowlevel.ts";

/** Of one execution. */
export interface Judge {
  /** Hears what happens in this loop. */
  monitor(loop: () => EventLoop): Monitor;
  hear(report: Report): void;
  /** Whether calls and timers may be left that are still to come. */
  readonly mayLeaveCalls: boolean;
  readonly mayLeaveTimers: boolean;
  /** What is wrong with it, though it has ended well. */
  verdict(hostWork: number): Error | null;
}
