/** The rules of `runTest`, for each of the many runs of a program under search. */
import type { EventLoop } from "../../index.ts";
import type { Monitor, Report } from "../../lowlevel.ts";
import type { Judge } from "../explore/judge.ts";
import { Findings, type Finding } from "../findings.ts";

export class TestRules implements Judge {
  readonly #findings: Findings;

  constructor(allowed: readonly Finding[]) {
    this.#findings = new Findings(allowed);
  }

  get mayLeaveCalls(): boolean {
    return this.#findings.allows("call-later");
  }

  get mayLeaveTimers(): boolean {
    return this.#findings.allows("real-timer");
  }

  hear(report: Report): void {
    this.#findings.hear(report);
  }

  monitor(loop: () => EventLoop): Monitor {
    return this.#findings.ofUnfinishedTasks(loop);
  }

  verdict(hostWork: number): Error | null {
    if (hostWork > 0) {
      this.#findings.add("host-work", "a promise was unsettled that had been given to `until` or `call`");
    }
    const error = this.#findings.error();
    if (error !== null) error.stack = `Error: ${error.message}`; // where it was made says nothing
    return error;
  }
}
