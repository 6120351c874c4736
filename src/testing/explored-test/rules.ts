/** The rules of `runTest`, for each of the many runs of a program under search. */
import type { EventLoop } from "../../index.ts";
import type { Monitor, Report } from "../../lowlevel.ts";
import type { Failure, Judge, Left } from "../explore/judge.ts";
import { Findings, type Finding } from "../findings.ts";

export class TestRules implements Judge {
  readonly #findings: Findings;

  constructor(allowed: readonly Finding[]) {
    this.#findings = new Findings(allowed);
  }

  allows(finding: Finding): boolean {
    return this.#findings.allows(finding);
  }

  hear(report: Report): void {
    this.#findings.hear(report);
  }

  monitor(loop: () => EventLoop): Monitor {
    return this.#findings.ofUnfinishedTasks(loop);
  }

  verdict({ hostWork, unsettled, lost }: Left): Failure | null {
    const findings = this.#findings;
    if (hostWork > 0) findings.ofHostWork(unsettled);
    findings.ofLostPermits(lost);
    const error = findings.error();
    if (error === null) return null;
    error.stack = `Error: ${error.message}`; // where it was made says nothing
    return { error, kind: findings.kind };
  }
}
