/** What a picture tells: for each step who takes it, what is done in it, and how every task stands when it is over. */
import type { ScheduleStep } from "../recording.ts";
import type { TraceEvent } from "../trace-events.ts";

/** How a task stands after a step; `none`: it has not been created. */
export type Standing = "none" | "ready" | "waiting" | "ended";

/** A read or a write of a watched value. */
export interface Touch {
  readonly access: "read" | "write";
  readonly name: string;
  readonly value: string;
  readonly lane: number;
  /** The index of its step. */
  readonly step: number;
  /** The index of the words for it among those of the step. */
  readonly word: number;
}

export interface StoryStep {
  readonly step: ScheduleStep;
  readonly lane: number;
  /** Whether its task ends with an error. */
  fails: boolean;
  /** What happened after the step before, by nobody's step. */
  readonly events: readonly string[];
  /** How each lane stands when it begins, and when it is over: in between, time may pass. */
  before: readonly Standing[];
  after: readonly Standing[];
}

/** A lane a task, in the order in which they were created. */
export interface Story {
  readonly lanes: readonly string[];
  readonly steps: readonly StoryStep[];
  readonly touches: readonly Touch[];
  /** Of those that have not ended: what they wait for. */
  readonly left: readonly string[];
}

export function tell(steps: readonly ScheduleStep[], trace: readonly TraceEvent[], deadlock: boolean): Story {
  const lanes = new Map<number, { readonly lane: number; readonly name: string; label: string }>();
  const standings: Standing[] = [];
  const told: StoryStep[] = [];
  const touches: Touch[] = [];
  let events: string[] = [];
  let running = -1;
  let word = 0;
  const end = (): void => {
    const last = told.at(-1);
    if (last !== undefined) last.after = [...standings];
    running = -1;
  };
  const laneOf = ({ task, name = `${task}` }: { readonly task: number; readonly name?: string }) => {
    const known = lanes.get(task);
    if (known !== undefined) return known;
    const made = { lane: lanes.size, name, label: "" };
    lanes.set(task, made);
    standings[made.lane] = "ready";
    return made;
  };
  const happens = (text: string): void => {
    if (!events.includes(text)) events.push(text);
  };
  for (const event of trace) {
    switch (event.type) {
      case "spawn":
        laneOf(event);
        break;
      case "step": {
        if (running >= 0) end();
        const step = steps[told.length];
        if (step === undefined) break;
        const before = [...standings];
        running = laneOf(event).lane;
        standings[running] = "ready"; // unless it says otherwise, it has given way when its step is over
        word = 0;
        told.push({ step, lane: running, fails: false, events, before, after: before });
        events = [];
        break;
      }
      case "wait": {
        const lane = laneOf(event);
        lane.label = event.label;
        standings[lane.lane] = "waiting";
        if (lane.lane === running) end();
        break;
      }
      case "wake": {
        const { lane } = laneOf(event);
        if (standings[lane] === "waiting") standings[lane] = "ready";
        break;
      }
      case "cancel":
        if (running < 0 && event.phase === "asked") {
          const { name } = laneOf(event);
          if (deadlock && standings.every((standing) => standing === "waiting" || standing === "ended"))
            happens("deadlock: every task waits, and nothing is left that could wake one");
          else if (event.source !== undefined) happens(`${event.source} cancels ${name}`);
          else if (!deadlock) happens(`${name} is cancelled from outside`);
        }
        break;
      case "done": {
        const { lane } = laneOf(event);
        standings[lane] = "ended";
        if (lane === running && event.outcome === "error") told.at(-1)!.fails = true;
        if (lane === running) end();
        break;
      }
      case "variable": {
        const current = told.at(-1);
        if (current === undefined) break;
        const { access, name, value } = event;
        const words = access === "read" ? `${name} is ${value}` : `${name} = ${value}`;
        const at = current.step.does.indexOf(words, word);
        if (at >= 0) word = at + 1;
        const { lane } = current;
        touches.push({ access, name, value, lane, step: told.length - 1, word: Math.max(0, at) });
        break;
      }
      case "choice":
      case "job":
      case "resource":
      case "warning":
    }
  }
  if (running >= 0) end();
  const all = [...lanes.values()];
  // Before it was created a task had no standing: the lists of the steps until then are too short.
  for (const one of told) {
    one.before = all.map(({ lane }) => one.before[lane] ?? "none");
    one.after = all.map(({ lane }) => one.after[lane] ?? "none");
  }
  const left = all.flatMap(({ lane, name, label }) =>
    standings[lane] === "waiting"
      ? [`${name} still waits for ${label}`]
      : standings[lane] === "ready"
        ? [`${name} is still ready`]
        : [],
  );
  return { lanes: all.map(({ name }) => name), steps: told, touches, left };
}
