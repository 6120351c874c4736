/**
 * What a program did wrong that no caller of its was told: what it left behind when main had ended, and what was
 * reported. A program in production goes on; a test is to fail.
 */
import type { EventLoop } from "../index.ts";
import type { Monitor, Report } from "../lowlevel.ts";
import type { Lost } from "./explore/permits.ts";

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
  /** A task has ended, and permits or tokens were not given back that it was to give back. */
  | "lost-permit"
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

const ALL: readonly Finding[] = [
  "unfinished-task",
  "host-work",
  ...TELLING,
  "call-later",
  "real-timer",
  "lost-permit",
];

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

/** @throws TypeError if something is allowed that there is not. */
export function checkAllowed(allowed: readonly Finding[]): readonly Finding[] {
  const unknown = allowed.find((one) => !ALL.includes(one));
  if (unknown === undefined) return allowed;
  throw new TypeError(`Cannot allow "${String(unknown)}": what can be is "${ALL.join('", "')}".`);
}

/** How to pass all the same. */
export function howToAllow(kinds: Iterable<Finding>): string {
  return `What is meant to be so: \`allow: [${[...kinds].map((kind) => `"${kind}"`).join(", ")}]\`.`;
}

/** A list of what was found, but for what is allowed. */
export class Findings {
  readonly lines: string[] = [];
  /** The errors that came with them. */
  readonly errors: unknown[] = [];
  /** The first of what was found, in words that are the same wherever, and whenever, it is found. */
  kind = "";
  readonly #allowed: ReadonlySet<Finding>;
  readonly #kinds = new Set<Finding>();
  #closed = false;

  /** @throws TypeError if something is allowed that there is not. */
  constructor(allowed: readonly Finding[]) {
    this.#allowed = new Set(checkAllowed(allowed));
  }

  allows(finding: Finding): boolean {
    return this.#allowed.has(finding);
  }

  /** `kind`: what is the same wherever, and whenever, it is found; the line, unless given. */
  add(finding: Finding, line: string, kind: string = line): void {
    if (this.allows(finding)) return;
    if (this.lines.length === 0) this.kind = `${finding}: ${kind}`;
    this.#kinds.add(finding);
    this.lines.push(line);
  }

  /** Finds promises that have not settled; of some it is known who waited for them. */
  ofHostWork(waiters: readonly string[]): void {
    const what = "a promise was unsettled that had been given to `until` or `call`";
    const lines = waiters.length > 0 ? waiters.map((by) => `${what} by ${by}`) : [what];
    for (const line of lines) this.add("host-work", line, what);
  }

  /** Finds permits that were lost. */
  ofLostPermits(lost: Lost | null): void {
    for (const line of lost?.lines ?? []) this.add("lost-permit", line, lost!.kind);
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
    return [[...advice, howToAllow(kinds)].filter((text) => text !== "").join(" ")];
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
