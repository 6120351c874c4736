/**
 * What a program did wrong that no caller of its was told: what it left behind when main had ended, and what was
 * reported. A program in production goes on; a test is to fail.
 */
import type { EventLoop } from "../index.ts";
import type { Monitor, Report } from "../lowlevel.ts";

/** The reports that mean a mistake. Not: what the caller was thrown anyway, and what only took long. */
type Telling =
  | "task-failed"
  | "late-error"
  | "cleanup-abandoned"
  | "never-awaited"
  | "work-abandoned"
  | "lock-broken"
  | "monitor-dropped";

/** What a test may be allowed: see `RunTestOptions.allow`. */
export type Finding =
  /** Main has ended, and a task that it did not wait for, or cancel, had not. */
  | "unfinished-task"
  /** Main has ended, and a promise that was given to `until` or `call` had not settled. */
  | "host-work"
  /** Main has ended, and what `callLater` or `callAt` was to call had neither been called nor taken back. */
  | "call-later"
  /** Main has ended, and a timer of the platform had neither rung nor been cleared. */
  | "real-timer"
  | Telling;

const TELLING: readonly Telling[] = [
  "task-failed",
  "late-error",
  "cleanup-abandoned",
  "never-awaited",
  "work-abandoned",
  "lock-broken",
  "monitor-dropped",
];

const ALL: readonly Finding[] = ["unfinished-task", "host-work", ...TELLING, "call-later", "real-timer"];

/** Of those that are none, the ones that somebody should still read. */
const PRINTED: readonly Report["kind"][] = ["slow-cleanup", "loop-held", "released-by-caller"];

/** What is to be done about it. */
const ADVICE: { readonly [kind in Finding]?: string } = {
  "unfinished-task": "Await a task, cancel it, or put it into a group.",
  "host-work": "Await a promise, or start its work with `call`, which aborts it and waits for its end.",
  "call-later":
    "Take back what `callLater` or `callAt` is to call, with `cancel()`, or let a task `sleep` and call.",
  "real-timer": "Clear a timer in a `finally`, or use `sleep` or `interval`.",
};

/** A list of what was found, but for what is allowed. */
export class Findings {
  readonly lines: string[] = [];
  /** The errors that came with them. */
  readonly errors: unknown[] = [];
  readonly #allowed: ReadonlySet<Finding>;
  readonly #kinds = new Set<Finding>();
  #closed = false;

  /** @throws TypeError if something is allowed that there is not. */
  constructor(allowed: readonly Finding[]) {
    this.#allowed = new Set(allowed);
    const unknown = allowed.find((one) => !ALL.includes(one));
    if (unknown === undefined) return;
    throw new TypeError(`Cannot allow "${String(unknown)}": what can be is "${ALL.join('", "')}".`);
  }

  allows(finding: Finding): boolean {
    return this.#allowed.has(finding);
  }

  add(finding: Finding, line: string): void {
    if (this.allows(finding)) return;
    this.#kinds.add(finding);
    this.lines.push(line);
  }

  /** Finds the tasks that are unfinished when main, the first one of the loop, has ended well. */
  ofUnfinishedTasks(loop: () => EventLoop): Pick<Monitor, "spawn" | "cancel" | "done"> {
    const cancelled = new Set<number>(); // by the program: when main has ended, nothing is told any more
    let main: number | undefined;
    return {
      spawn: ({ id }) => void (main ??= id),
      cancel: ({ id }) => void cancelled.add(id),
      done: ({ id }, outcome) => {
        if (id !== main || outcome !== "result") return;
        for (const task of loop().tasks()) {
          if (task.id === id || cancelled.has(task.id)) continue;
          const what = task.waitingFor === undefined ? "was ready to run" : `waited for ${task.waitingFor}`;
          this.add("unfinished-task", `${task.name} was unfinished: it ${what}`);
        }
      },
    };
  }

  /** The error for a test whose main has ended well; `null`: nothing was found. */
  error(): Error | null {
    const { lines, errors } = this;
    if (lines.length === 0) return null;
    const found = lines.map((line) => `  ${line}`);
    const text = ["Cannot pass: main has ended well, but", ...found, ...this.#advice()].join("\n");
    // No AggregateError itself: of such a one Vitest shows the errors that it is made of, and not what it says.
    const cause = errors.length > 1 ? new AggregateError(errors) : errors[0];
    return errors.length > 0 ? new Error(text, { cause }) : new Error(text);
  }

  /** The fix, and how to pass all the same. */
  #advice(): string[] {
    const kinds = [...this.#kinds];
    if (kinds.length === 0) return [];
    const advice = kinds.map((kind) => ADVICE[kind] ?? "");
    const allowed = kinds.map((kind) => `"${kind}"`).join(", ");
    return [
      [...advice, `What is meant to be so: \`allow: [${allowed}]\`.`].filter((text) => text !== "").join(" "),
    ];
  }

  /** Whether somebody should read it at once: it will be in no failure. */
  hear({ kind, message, error }: Report): boolean {
    const telling = (TELLING as readonly Report["kind"][]).includes(kind);
    if (this.#closed) return telling;
    if (!telling) return PRINTED.includes(kind);
    this.add(kind as Finding, message);
    if (error !== undefined && !this.#allowed.has(kind as Finding)) this.errors.push(error);
    return false;
  }

  /** The test has ended: whatever comes now comes too late for it. */
  close(): void {
    this.#closed = true;
  }
}
