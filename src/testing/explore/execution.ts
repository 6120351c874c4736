/** One execution of a program, under a decider: run to its end on a clock of its own, and judged. */
import { EventLoop, type Awaitable, type Task } from "../../index.ts";
import type { Host } from "../../lowlevel.ts";
import { macrotask } from "../macrotask.ts";
import { Crossroads, type Deviation } from "./crossroads.ts";
import type { Decider } from "./decider.ts";
import type { Recording } from "./recording.ts";

export type Program = () => Awaitable<unknown>;

/** What came of one execution. */
export interface Execution {
  /** Who had each step, by number. */
  readonly picked: readonly number[];
  /** Where something else was done than going on. */
  readonly deviations: readonly Deviation[];
  readonly preemptions: number;
  /** What went wrong, if anything did. */
  readonly failure: { readonly error: unknown } | null;
  /** It was cut short: it took more steps than allowed. */
  readonly tooLong: boolean;
  /** A task that took very many steps in a row was made to give way. */
  readonly forced: boolean;
  /** It waited for the outside, which nobody here decides about. */
  readonly outside: boolean;
}

export interface ExecutionOptions {
  /** How many steps it may take. */
  readonly maxSteps: number;
  /** Runs what is synchronous of it: a place to control what the program sees. */
  readonly within: (call: () => void) => void;
  /** The run is cancelled before this step; not at all, unless given. */
  readonly cancelAt?: number | undefined;
  /** Writes down what happens. */
  readonly record?: ((now: () => number) => Recording) | undefined;
}

/** Who waits for the outside and hears nothing for so long, in real milliseconds, waits for ever. */
const PATIENCE_MS = 200;

export async function execute(
  program: Program,
  decider: Decider,
  { maxSteps, within, cancelAt, record }: ExecutionOptions,
): Promise<Execution> {
  const clock = new ClockByHand();
  const controller = cancelAt === undefined ? null : new AbortController();
  const recording = record?.(() => clock.now());
  const before = (step: number): void => {
    if (step === cancelAt) controller!.abort(CANCELLED);
    if (step > maxSteps) scheduler.stopped = true;
  };
  const scheduler = new Crossroads(decider, before, (step, preempts) => recording?.begin(step, preempts));
  const loop = new EventLoop({
    host: clock,
    scheduler,
    onReport: () => {},
    ...(recording && { monitor: recording }),
  });
  let failure: Execution["failure"] = null;
  let outside = false;
  const end = loop
    .runUntilComplete(program, {
      shutdownTimeout: Infinity,
      ...(controller && { signal: controller.signal }),
    })
    .catch((error: unknown) => {
      if (error !== CANCELLED) failure = { error };
    });
  const run = (until: () => boolean): void => within(() => clock.run(until));
  const waitsForOutside = (): boolean => loop.statistics.external > 0;
  for (;;) {
    run(waitsForOutside);
    if (scheduler.stopped || !waitsForOutside()) break;
    const { hostWork } = loop.statistics;
    if (hostWork > 0) outside = true;
    if (await clock.hearsSomething(hostWork > 0 ? PATIENCE_MS : 0)) continue;
    // Nobody is left who could end those waits: time goes on without, and where there is none, it is a deadlock.
    let jumped = false;
    run(() => (jumped ? waitsForOutside() : ((jumped = true), false)));
    if (!waitsForOutside()) break;
  }
  recording?.end();
  const { picked, deviations, preemptions, stopped, forced } = scheduler;
  if (!stopped) {
    await end;
    failure ??= leftovers(loop);
  }
  return { picked, deviations, preemptions, failure, tooLong: stopped, forced, outside };
}

/** Why a run was cancelled that was to be. */
const CANCELLED = new Error("cancelled, to see what comes of it");

function leftovers(loop: EventLoop): Execution["failure"] {
  const { ready, deadlines, external } = loop.statistics;
  const tasks = loop.tasks();
  if (ready + deadlines + external + tasks.length === 0) return null;
  const parts = [
    ...tasks.map((task: Task<unknown>) => `${task.name} (${task.waitingFor ?? task.state})`),
    ...(deadlines > 0 ? [`${deadlines} ${deadlines === 1 ? "deadline" : "deadlines"} set`] : []),
    ...(external > 0 ? [`${external} waiting for the outside`] : []),
  ];
  return {
    error: new Error(`The program left something behind: ${parts.join(", ") || "something that is ready"}.`),
  };
}

/** A clock that goes only when it is told to; it jumps from deadline to deadline. */
class ClockByHand implements Host {
  #now = 0;
  #calls: (() => void)[] = [];
  #at = Infinity;
  #wake: () => void = () => {};
  #exhausted: () => void = () => {};
  #heard: (() => void) | null = null;

  now(): number {
    return this.#now;
  }
  soon(callback: () => void): void {
    this.#calls.push(callback);
    this.#heard?.();
  }
  later(callback: () => void): void {
    this.soon(callback);
  }
  wakeAt(at: number, callback: () => void): void {
    this.#at = at;
    this.#wake = callback;
  }
  onExhausted(callback: () => void): () => void {
    this.#exhausted = callback;
    return () => (this.#exhausted = () => {});
  }

  /** Makes all calls, and jumps, until nothing is left to do, or `until` answers true before a jump. */
  run(until: () => boolean): void {
    for (;;) {
      for (let call = this.#calls.shift(); call !== undefined; call = this.#calls.shift()) call();
      if (until()) return;
      if (this.#at === Infinity) {
        this.#exhausted();
        if (this.#calls.length === 0) return;
        continue;
      }
      this.#now = Math.max(this.#now, this.#at);
      this.#at = Infinity;
      this.#wake();
    }
  }

  /** Whether the outside calls back, once what has settled there is heard, or within `ms` real milliseconds. */
  async hearsSomething(ms: number): Promise<boolean> {
    await new Promise<void>((resolve) => macrotask(resolve));
    if (this.#calls.length > 0 || ms === 0) return this.#calls.length > 0;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#heard = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#heard = null;
    return this.#calls.length > 0;
  }
}
