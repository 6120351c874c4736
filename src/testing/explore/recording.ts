/** What happened in one execution: as steps, for people, and as the events of a trace. */
import type { Cancellation, Monitor, TaskInfo, WaitInfo } from "../../lowlevel.ts";
import type { Access } from "../watch.ts";

/** One step of a task, from where it goes on to where it waits, gives way or ends. */
export interface ScheduleStep {
  /** From 1. */
  readonly number: number;
  /** Milliseconds of the program's clock. */
  readonly time: number;
  /** The task that takes it: "deposit#3". */
  readonly task: string;
  /** Whether it was another one's turn: who could have gone on, or who had been ready for longer. */
  readonly outOfTurn: boolean;
  /** What happens in it, in words. */
  readonly does: readonly string[];
}

/** One line of a trace file: `t` is in microseconds of the program's clock. */
export type TraceEvent = { readonly t: number; readonly type: string } & Readonly<Record<string, unknown>>;

export class Recording implements Monitor {
  readonly steps: (ScheduleStep & { does: string[] })[] = [];
  readonly events: TraceEvent[] = [];
  /** Of the tasks, by number. */
  readonly names: Map<number, string> = new Map();
  readonly #now: () => number;
  #number = 0;
  #outOfTurn = false;
  /** Whether a step is under way that has not been told the end of. */
  #running = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The next step begins. */
  begin(number: number, outOfTurn: boolean): void {
    this.end();
    this.#number = number;
    this.#outOfTurn = outOfTurn;
  }

  /** Whoever had a step, and has neither begun to wait nor ended, gives way. */
  end(): void {
    if (this.#running) this.#note("gives way");
    this.#running = false;
  }

  spawn(task: TaskInfo, by: TaskInfo | null): void {
    this.names.set(task.id, task.name);
    this.#event("spawn", { task: task.id, name: task.name, by: by?.id });
    if (by !== null) this.#note(`creates ${task.name}`);
  }

  step(task: TaskInfo): void {
    const outOfTurn = this.#outOfTurn;
    this.#event("step", { task: task.id, step: this.#number, outOfTurn });
    this.steps.push({ number: this.#number, time: this.#now(), task: task.name, outOfTurn, does: [] });
    this.#running = true;
  }

  wait(task: TaskInfo, wait: WaitInfo): void {
    this.#event("wait", { task: task.id, label: wait.label, external: wait.external });
    this.#note(`waits for ${wait.label}`);
    this.#running = false;
  }

  wake(task: TaskInfo, by: TaskInfo | null): void {
    this.#event("wake", { task: task.id, by: by?.id });
  }

  cancel(task: TaskInfo, phase: "asked" | "delivered" | "done", cancellation: Cancellation): void {
    this.#event("cancel", { task: task.id, phase, by: cancellation.by, source: cancellation.source });
    if (phase === "asked") this.#note(`cancels ${task.name}`);
    else if (phase === "delivered") this.#note("is cancelled here");
  }

  done(task: TaskInfo, outcome: "result" | "error" | "cancelled"): void {
    this.#event("done", { task: task.id, outcome });
    this.#note(outcome === "result" ? "ends" : outcome === "error" ? "fails" : "ends, cancelled");
    this.#running = false;
  }

  variable({ access, name, value }: Access): void {
    const shown = show(value);
    this.#event("variable", { task: this.steps.at(-1)?.task, name, access, value: shown });
    this.#note(access === "read" ? `${name} is ${shown}` : `${name} = ${shown}`);
  }

  #note(text: string): void {
    if (this.#running) this.steps.at(-1)!.does.push(text);
  }

  #event(type: string, fields: Record<string, unknown>): void {
    this.events.push({ t: Math.round(this.#now() * 1000), type, ...fields });
  }
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 20 ? `${value.slice(0, 19)}…` : value);
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? `[${value.length} items]` : "{…}";
  return String(value);
}
