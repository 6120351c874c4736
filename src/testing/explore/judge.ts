/** Who has a say in how an execution is judged, beside what it throws: `runTest` is stricter than a program on its own. */
import type { EventLoop } from "../../index.ts";
import type { Monitor, Report } from "../../lowlevel.ts";
import type { Finding } from "../findings.ts";
import type { Lost } from "./permits.ts";

/** What went wrong. */
export interface Failure {
  readonly error: unknown;
  /**
   * What it is that was found, where the error's text is not the same each time: places are known only where the execution
   * is written down.
   */
  readonly kind?: string;
}

/** What an execution has left. */
export interface Left {
  /** How many promises had not settled. */
  readonly hostWork: number;
  /** Who waited for them, and where, if it is written down. */
  readonly unsettled: readonly string[];
  readonly lost: Lost | null;
}

/** Of one execution. */
export interface Judge {
  /** Hears what happens in this loop. */
  monitor(loop: () => EventLoop): Monitor;
  hear(report: Report): void;
  allows(finding: Finding): boolean;
  /** What is wrong with it, though it has ended well. */
  verdict(left: Left): Failure | null;
}
