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
    const cancelled = new Set<number>();
    let main: number | undefined;
    return {
      spawn: ({ id }) => void (main ??= id),
      cancel: ({ id }) => void cancelled.add(id),
      done: ({ id }, outcome) => {
        if (id !== main || outcome !== "result") return;
        for (const task of loop().tasks()) {
          if (task.id === id || cancelled.has(task.id)) continue;
          const what = task.waitingFor === undefined ? "was ready to run" : `waited for ${task.waitingFor}`;
          this.#findings.add("unfinished-task", `${task.name} was unfinished: it ${what}`);
        }
      },
    };
  }

  verdict(hostWork: number): Error | null {
    const { lines, errors, advice } = this.#findings;
    if (hostWork > 0) {
      this.#findings.add("host-work", "a promise was unsettled that had been given to `until` or `call`");
    }
    if (lines.length === 0) return null;
    const found = lines.map((line) => `  ${line}`);
    const text = ["Cannot pass: main has ended well, but", ...found, ...advice].join("\n");
    const error = errors.length > 0 ? new Error(text, { cause: errors[0] }) : new Error(text);
    error.stack = `Error: ${text}`; // where it was made says nothing
    return error;
  }
}
