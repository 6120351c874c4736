/** What happened in one execution: as steps, for people, and as the events of a trace. */
import {
  parkedAt,
  type Cancellation,
  type JobEvent,
  type Monitor,
  type Report,
  type Target,
  type TaskInfo,
  type WaitInfo,
} from "../../lowlevel.ts";
import type { Access } from "../watch.ts";
import type { ResourceEvent, StepEvent, TraceEvent, TraceTarget } from "./trace-events.ts";

/** One step of a task, from where it goes on to where it waits, gives way or ends. */
export interface ScheduleStep {
  /** From 1. */
  readonly number: number;
  /** Milliseconds of the program's clock. */
  readonly time: number;
  /** The task that takes it, "deposit#3"; or "callback 1", "the clock". */
  readonly task: string;
  /** Whether it was another one's turn: who could have gone on, or who had been ready for longer. */
  readonly outOfTurn: boolean;
  /** What happens in it, in words. */
  readonly does: readonly string[];
}

/** What takes the step in which one of several equal deadlines passes: it has the number of the step before it. */
export const THE_CLOCK = "the clock";

export class Recording implements Monitor {
  readonly steps: (ScheduleStep & { does: string[] })[] = [];
  readonly events: TraceEvent[] = [];
  /** Of the tasks, by number. */
  readonly names: Map<number, string> = new Map();
  readonly #now: () => number;
  /** Why each that is ready is so, and who made it so. */
  readonly #reasons = new Map<number, Pick<StepEvent, "why" | "by">>();
  /** Of what is waited for or held, but for tasks. */
  readonly #objects = new Map<Target, number>();
  #number = 0;
  #outOfTurn = false;
  #who = 0;
  /** Whether a step is under way that has not been told the end of. */
  #running = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The next step begins: of a task, which is told to `step`, or of a callback, which has a negative number. */
  begin(number: number, outOfTurn: boolean, who: number, ready: readonly number[]): void {
    this.end();
    if (ready.length > 1) {
      this.#event({ type: "choice", step: number, chosen: who, ready: [...ready] });
    }
    this.#number = number;
    this.#outOfTurn = outOfTurn;
    if (who < 0) this.#begin(who, `callback ${-who}`);
  }

  /** Of so many equal deadlines this one, from 0, passes before the next step; or, within a step, a wait is tried first. */
  tied(chosen: number, count: number, within: boolean): void {
    if (within) {
      this.#note(`tries the ${ordinal(chosen + 1)} of ${count} first`);
      return;
    }
    this.end();
    this.#outOfTurn = chosen > 0;
    this.#begin(0, THE_CLOCK);
    this.#note(`lets the ${ordinal(chosen + 1)} of ${count} equal deadlines pass`);
    this.end();
  }

  /** Whoever had a step, and has neither begun to wait nor ended, gives way. */
  end(): void {
    if (!this.#running) return;
    if (this.#who > 0) {
      this.#note("gives way");
      this.#reasons.set(this.#who, { why: "cede" });
    } else {
      this.#event({ type: "done", task: this.#who, outcome: "result" });
    }
    this.#running = false;
  }

  spawn(task: TaskInfo, by: TaskInfo | null): void {
    this.names.set(task.id, task.name);
    this.#reasons.set(task.id, { why: "spawn", by: by?.id });
    this.#event({ type: "spawn", task: task.id, name: task.name, by: by?.id, place: parkedAt(task) });
    if (by !== null) this.#note(`creates ${task.name}`);
  }

  step(task: TaskInfo): void {
    this.#begin(task.id, task.name);
  }

  wait(task: TaskInfo, wait: WaitInfo): void {
    const { label, external } = wait;
    const { kind, target } = wait.subject?.() ?? { kind: "other" };
    const isTask = kind === "task" || kind === "start";
    this.#event({
      type: "wait",
      task: task.id,
      kind,
      label,
      external,
      target: target && (isTask ? taskOf(target as unknown as TaskInfo) : this.#objectOf(target)),
      place: parkedAt(task),
    });
    this.#note(`waits for ${label}`);
    this.#running = false;
  }

  wake(task: TaskInfo, by: TaskInfo | null): void {
    this.#event({ type: "wake", task: task.id, by: by?.id });
    this.#reasons.set(task.id, { why: "wake", by: by?.id });
  }

  cancel(task: TaskInfo, phase: "asked" | "delivered" | "done", cancellation: Cancellation): void {
    const { by, source, place } = cancellation;
    this.#event({ type: "cancel", task: task.id, phase, by, source, place });
    if (phase === "asked") this.#note(`cancels ${task.name}`);
    else if (phase === "delivered") this.#note("is cancelled here");
  }

  done(task: TaskInfo, outcome: "result" | "error" | "cancelled"): void {
    this.#event({ type: "done", task: task.id, outcome });
    this.#note(outcome === "result" ? "ends" : outcome === "error" ? "fails" : "ends, cancelled");
    this.#running = false;
  }

  resource(what: ResourceEvent["what"], target: Target, count: number, task: TaskInfo | null): void {
    const amount = what === "acquire" || what === "release" ? { count } : { depth: count };
    this.#event({ type: "resource", what, target: this.#objectOf(target), task: task?.id, ...amount });
  }

  job({ task, value: _, ...event }: JobEvent): void {
    this.#event({ type: "job", ...event, task: task.id });
    const { job, worker, outcome } = event;
    const where = worker === undefined ? "" : ` on ${worker}`;
    if (event.what !== "progress")
      this.#note(`job ${job} ${event.what}${where}${outcome ? `: ${outcome}` : ""}`);
  }

  report({ kind, message, task }: Report): void {
    const [number] = [...this.names].find(([, name]) => name === task) ?? [];
    this.#event({ type: "warning", kind, message, task: number });
  }

  variable({ access, name, value }: Access): void {
    const shown = show(value);
    this.#event({ type: "variable", task: this.#who, name, access, value: shown });
    this.#note(access === "read" ? `${name} is ${shown}` : `${name} = ${shown}`);
  }

  #begin(who: number, name: string): void {
    const outOfTurn = this.#outOfTurn;
    const reason = this.#reasons.get(who) ?? ({ why: who > 0 ? "cancel" : "callback" } as const);
    this.#reasons.delete(who);
    // Time stands still in a step.
    const step = { duration: 0, ...reason, step: this.#number, outOfTurn };
    this.#event({ type: "step", task: who, ...(who <= 0 && { name }), ...step });
    this.steps.push({ number: this.#number, time: this.#now(), task: name, outOfTurn, does: [] });
    this.#who = who;
    this.#running = true;
  }

  #note(text: string): void {
    if (this.#running) this.steps.at(-1)!.does.push(text);
  }

  #event(event: Untimed<TraceEvent>): void {
    this.events.push({ t: Math.round(this.#now() * 1000), ...event });
  }

  #objectOf(target: Target): TraceTarget {
    let object = this.#objects.get(target);
    if (object === undefined) this.#objects.set(target, (object = this.#objects.size + 1));
    return { name: target.title ?? target.label ?? "", object };
  }
}

type Untimed<Event> = Event extends unknown ? Omit<Event, "t"> : never;

function taskOf({ id, name }: TaskInfo): TraceTarget {
  return { name, task: id };
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 20 ? `${value.slice(0, 19)}…` : value);
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? `[${value.length} items]` : "{…}";
  return String(value);
}

/** 1st, 2nd, 3rd, 4th. */
export function ordinal(n: number): string {
  const last = n % 100 > 10 && n % 100 < 14 ? 0 : n % 10;
  return `${n}${["th", "st", "nd", "rd"][last] ?? "th"}`;
}
