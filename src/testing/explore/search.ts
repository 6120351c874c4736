/** One program under search: runs it, remembers what was not under control, and makes what was found simple. */
import type { CancelPoint } from "./cancelling.ts";
import type { Decider } from "./decider.ts";
import type { Finding } from "../findings.ts";
import { execute, type Execution, type Program } from "./execution.ts";
import type { Judge } from "./judge.ts";
import { realNow } from "../real-time.ts";
import { Patience } from "./patience.ts";
import type { Permits } from "./permits.ts";
import { Recording, type ScheduleStep } from "./recording.ts";
import { digitsOf, encode, firstDifference, Script, type Schedule } from "./schedule.ts";
import { kindOf, shrink } from "./shrink.ts";
import { table } from "./table.ts";
import type { TraceEvent } from "./trace-events.ts";
import { listening } from "../watch.ts";
import { World } from "./world.ts";

/** A schedule that breaks the program. */
export interface ExploreFailure {
  /** What the program threw, or what is wrong with how it ended. */
  readonly error: unknown;
  /** For `replay`: the schedule, as simple as it could be made. */
  readonly replay: string;
  /** Its steps, in order. */
  readonly steps: readonly ScheduleStep[];
  /** How often a task came before another one that could have gone on. */
  readonly preemptions: number;
  /** The steps as a table, with a column a task. */
  readonly table: string;
  /** The number of the schedule in which it was found. */
  readonly schedule: number;
  /** The same execution as events of a trace file. */
  readonly trace: readonly TraceEvent[];
}

/** How each execution is run. */
export interface Conditions {
  readonly seed: number;
  readonly maxSteps: number;
  readonly patience: Patience;
  /** Until when there is time to make a schedule simpler, by the platform's clock. */
  readonly end?: number;
  readonly cancel?: CancelPoint | undefined;
  /** Whether the trace is to say where in the program tasks wait. */
  readonly places?: boolean;
  /** See `ExecutionOptions`. */
  readonly reference?: Permits | undefined;
  readonly allow?: readonly Finding[] | undefined;
  /** Makes one for each execution. */
  readonly judge?: (() => Judge) | undefined;
}

/** An execution, and what was written down of it. */
export interface Recorded {
  readonly execution: Execution;
  readonly recording: Recording;
}

export class Search {
  readonly #program: Program;
  readonly #conditions: Conditions;
  readonly #world: World;
  #tooLong = 0;
  #forced = 0;
  #unjudged = 0;
  readonly #outside = new Set<string>();

  constructor(program: Program, conditions: Conditions) {
    this.#program = program;
    this.#conditions = conditions;
    this.#world = new World(conditions.seed);
  }

  async run(decider: Decider): Promise<Execution> {
    const execution = await this.#execute(decider);
    if (execution.tooLong) this.#tooLong++;
    if (execution.forced) this.#forced++;
    if (execution.unjudged) this.#unjudged++;
    for (const one of execution.outside) this.#outside.add(one);
    return execution;
  }

  /** The simplest schedule that can be found that fails in the same way, written down. */
  async simplest(found: Execution, schedule: number): Promise<ExploreFailure> {
    const { end = Infinity } = this.#conditions;
    const simple = await shrink(
      found,
      (decider) => this.#execute(decider),
      () => realNow() < end,
    );
    const recorded = await this.record(new Script(simple.deviations), false);
    if (kindOf(recorded.execution) !== kindOf(simple)) return this.#unsteady(simple, recorded, schedule);
    const failure = this.told(recorded, schedule);
    if (this.#conditions.places !== true) return failure;
    // Once more for the places: debug mode also writes them into messages, by which failures are told apart.
    const { execution, recording } = await this.record(new Script(simple.deviations), true);
    const isSame = String(execution.picked) === String(recorded.execution.picked);
    return isSame ? { ...failure, trace: recording.events } : failure;
  }

  /** Whether anything that nobody here decides about has to do with what the program does. */
  get dependsOnOutside(): boolean {
    return this.#outside.size > 0;
  }

  async record(decider: Decider, places: boolean = this.#conditions.places === true): Promise<Recorded> {
    let recording!: Recording;
    const record = (now: () => number): Recording => (recording = new Recording(now));
    const execution = await this.#execute(decider, record, places || undefined);
    return { execution, recording };
  }

  told({ execution, recording }: Recorded, schedule: number): ExploreFailure {
    const { steps, events } = recording;
    return {
      error: execution.failure?.error,
      replay: encode(this.#scheduleOf(execution)),
      steps,
      preemptions: execution.preemptions,
      table: table(steps, events),
      schedule,
      trace: events,
    };
  }

  /** What kept the search from being complete, in words. */
  limits(): string[] {
    const of = (count: number): string => (count === 1 ? "1 schedule" : `${count} schedules`);
    return [
      ...(this.#tooLong > 0
        ? [`the rest of ${of(this.#tooLong)} of more than ${this.#conditions.maxSteps} steps (maxSteps)`]
        : []),
      ...(this.#forced > 0
        ? [`${of(this.#forced)} in which a task would have run on and on while others were ready`]
        : []),
      ...(this.#outside.size > 0
        ? [
            `when the outside answers, which nobody here decides about: ${some([...this.#outside])} waited for it`,
          ]
        : []),
      ...(this.#unjudged > 0
        ? [
            `what ${of(this.#unjudged)} came to that waited for the outside when it had been silent for ` +
              `${this.#conditions.patience.most} ms (patience)`,
          ]
        : []),
      ...[...this.#world.timers].map(
        ([name, task]) => `when ${name} calls back, which ${task} uses: use \`sleep\``,
      ),
    ];
  }

  #scheduleOf({ deviations, picked }: Execution): Schedule {
    const { cancel } = this.#conditions;
    const seed = this.#world.drawn ? this.#conditions.seed : 0;
    return { deviations, seed, cancel, steps: picked.length, digits: digitsOf(picked) };
  }

  #execute(decider: Decider, record?: (now: () => number) => Recording, debug?: boolean): Promise<Execution> {
    const { maxSteps, cancel, reference, allow, patience } = this.#conditions;
    const judge = this.#conditions.judge?.();
    const options = { maxSteps, cancel, reference, judge, allow, world: this.#world, patience };
    if (record === undefined) return execute(this.#program, decider, options);
    let recording!: Recording;
    return execute(this.#program, decider, {
      ...options,
      debug,
      within: (call) => listening((access) => recording.variable(access), call),
      record: (now) => (recording = record(now)),
    });
  }

  /** It did not happen again with the same answers. */
  #unsteady(simple: Execution, recorded: Recorded, schedule: number): ExploreFailure {
    const error = new Error(
      "The program fails, but not each time that it is run in the same order: it depends on something that is not " +
        "decided here. Make all of its state inside `main`, and have it wait for nothing real.",
      { cause: simple.failure!.error },
    );
    return {
      ...this.told({ ...recorded, execution: { ...recorded.execution, failure: { error } } }, schedule),
    };
  }
}

/** The first few of them. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** @throws Error if an execution is not the one that a schedule was made of. */
export function checkFit(wanted: Schedule, script: Script, { execution, recording }: Recorded): void {
  const { misfit } = script;
  const nameOf = (number: number): string =>
    recording.names.get(number) ?? (number < 0 ? "a callback" : `task ${number}`);
  if (misfit !== null) {
    const { kind, at, chosen } = misfit.deviation;
    throw new Error(
      kind === "tie"
        ? `Cannot replay: at the ${at}. tie of deadlines there are not as many as when it was recorded. The program has changed.`
        : `Cannot replay: at step ${at} ${nameOf(chosen)} is to run, but only ${misfit.ready.map(nameOf).join(", ")} ` +
            "are ready. The program has changed since: explore it again.",
    );
  }
  const difference = firstDifference(wanted, execution.picked);
  if (difference === null) return;
  const [from, to] = difference;
  throw new Error(
    `Cannot replay: the program takes other steps than when it was recorded, from ` +
      `${from === to ? `step ${from}` : `one of the steps ${from} to ${to}`} on` +
      ` (${execution.picked.length} steps, ${wanted.steps} then). It has changed since: explore it again.`,
  );
}
