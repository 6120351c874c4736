/** One execution of a program, under a decider: run to its end on a clock of its own, and judged. */
import { DeadlockError, EventLoop, type Awaitable, type Task } from "../../index.ts";
import type { Monitor, Report } from "../../lowlevel.ts";
import { both } from "./both.ts";
import { Cancelling, type CancelPoint } from "./cancelling.ts";
import { ClockByHand } from "./clock-by-hand.ts";
import { Crossroads, type Deviation } from "./crossroads.ts";
import type { Decider } from "./decider.ts";
import type { Failure, Judge } from "./judge.ts";
import type { Patience } from "./patience.ts";
import { Permits, type Lost } from "./permits.ts";
import type { Recording } from "./recording.ts";
import { howToAllow, type Finding } from "../findings.ts";
import { clearAll, told, type RealTimer } from "../left-timers.ts";
import { breath } from "../macrotask.ts";
import { NotingLoop } from "../noting-loop.ts";
import { PromiseWaits } from "../promise-waits.ts";
import type { World } from "./world.ts";

export type Program = () => Awaitable<unknown>;

/** What came of one execution. */
export interface Execution {
  /** Who had each step, by number. */
  readonly picked: readonly number[];
  /** Where something else was done than going on. */
  readonly deviations: readonly Deviation[];
  readonly preemptions: number;
  /** What main has returned, if it has. */
  readonly returned: unknown;
  /** What went wrong, if anything did. */
  readonly failure: Failure | null;
  /** How many promises had not settled when it had ended. */
  readonly hostWork: number;
  /** Who waited for them, and where, if it is written down. */
  readonly unsettled: readonly string[];
  /** The tasks that were there when it was cut short, and what each waited for. */
  readonly standing: readonly string[];
  /** The platform's timers that it has set, and that had neither rung nor been cleared when it had ended. */
  readonly timers: readonly RealTimer[];
  /** What it took, and gave back: the reference of executions that are cancelled. */
  readonly permits: Permits;
  /** It was cut short: it took more steps than allowed. */
  readonly tooLong: boolean;
  /** A task that took very many steps in a row was made to give way. */
  readonly forced: boolean;
  /** Who waited for the outside, which nobody here decides about, and for what. */
  readonly outside: ReadonlySet<string>;
  /** It ended while the outside was silent that had work under way: what it would have come to nobody knows. */
  readonly unjudged: boolean;
}

export interface ExecutionOptions {
  /** How many steps it may take. */
  readonly maxSteps: number;
  readonly world: World;
  /** Runs what is synchronous of it, inside the world. */
  readonly within?: ((call: () => void) => void) | undefined;
  /** Where it is cancelled, if it is to be. */
  readonly cancel?: CancelPoint | undefined;
  /** What the program took, and gave back, in the same order when it was not cancelled. */
  readonly reference?: Permits | undefined;
  /** What is no failure; where there is a judge, it says that. */
  readonly allow?: readonly Finding[] | undefined;
  readonly patience: Patience;
  /** Has a say in how it is judged. */
  readonly judge?: Judge | undefined;
  /** Whether it is known where in the program tasks wait: as the environment has it, unless given. */
  readonly debug?: boolean | undefined;
  /** Writes down what happens. */
  readonly record?: ((now: () => number) => Recording) | undefined;
}

/** What is told to nobody else, and is a mistake all the same. */
const MISTAKE = "lock-broken" satisfies Report["kind"];

export async function execute(
  program: Program,
  decider: Decider,
  {
    maxSteps,
    world,
    within = call,
    cancel,
    reference,
    judge,
    allow = [],
    patience,
    debug,
    record,
  }: ExecutionOptions,
): Promise<Execution> {
  const clock = new ClockByHand();
  world.begin(() => clock.now());
  const cancelling = cancel && new Cancelling(program, cancel, clock);
  const recording = record?.(() => clock.now());
  const promises = recording && new PromiseWaits();
  const permits: Permits = new Permits(() => scheduler.picked.length);
  const allows = (finding: Finding): boolean => judge?.allows(finding) ?? allow.includes(finding);
  const pass = (point: number): void => {
    if (point === cancel?.at) permits.endsShared();
    cancelling?.pass(point);
  };
  const scheduler: Crossroads = new Crossroads(decider, {
    before(step) {
      pass(2 * step - 1);
      if (step <= maxSteps) return;
      scheduler.stopped = true;
      standing = loop.tasks().map(inWords); // now, since they are cut then
    },
    decided: (...decision) => recording?.begin(...decision),
    after: (step) => pass(2 * step),
    tied: (chosen, count, within) => recording?.tied(chosen, count, within),
  });
  let failure: Failure | null = null;
  let returned: unknown;
  let standing: readonly string[] = [];
  let unjudged = false;
  const outside = new Set<string>();
  const written = recording && both(recording, { wait: (task, wait) => promises!.wait(task, wait) });
  const hears: Monitor = written === undefined ? permits : both(permits, written);
  const loop: EventLoop = new (recording === undefined ? EventLoop : NotingLoop)({
    host: clock,
    scheduler,
    ...(debug !== undefined && { debug }),
    onReport: (report) => {
      const { kind, message } = report;
      if (judge !== undefined) judge.hear(report);
      else if (kind === MISTAKE && !allows(kind)) failure ??= { error: new Error(message) };
    },
    monitor:
      judge === undefined
        ? hears
        : both(
            hears,
            judge.monitor(() => loop),
          ),
  });
  const end = loop
    .runUntilComplete(cancelling?.program ?? program, {
      shutdownTimeout: Infinity,
      ...(cancelling && { signal: cancelling.signal }),
    })
    .then(
      (value) => void (returned = value),
      (error: unknown) => {
        if (cancelling?.caused(error)) return;
        if (unjudged && error instanceof DeadlockError) return;
        unjudged = false;
        failure ??= { error };
      },
    );
  const run = (until: () => boolean): void => world.within(() => within(() => clock.runAll(until)));
  const waitsForOutside = (): boolean => loop.statistics.external > 0;
  const hasEnded = (): boolean => loop.tasks().length === 0;
  for (;;) {
    run(() => waitsForOutside() || hasEnded());
    if (scheduler.stopped || !waitsForOutside()) break;
    const waiting = loop.tasks().map(inWords);
    const underWay = loop.statistics.hostWork > 0 || world.timers.size > 0;
    const heard = await patience.wait((ms) => clock.hearsSomething(ms));
    if (heard || underWay) for (const one of waiting) outside.add(one);
    if (heard) continue;
    if (underWay) unjudged = true;
    // Nobody is left who could end those waits: time goes on without, and where there is none, it is a deadlock.
    let jumped = false;
    run(() => (jumped ? waitsForOutside() || hasEnded() : ((jumped = true), false)));
    if (!waitsForOutside()) break;
  }
  recording?.end();
  const { picked, deviations, preemptions, stopped, forced } = scheduler;
  if (!stopped) {
    if (hasEnded()) await end;
    if (world.leftTimers.length > 0) await breath(); // those that are due ring
    run(() => true); // what promises that have settled meanwhile have called
    if (judge !== undefined) for (let i = 0; i < 2 && loop.statistics.hostWork > 0; i++) await breath();
  }
  const { hostWork } = loop.statistics;
  const timers = world.leftTimers;
  const unsettled = promises?.unsettled ?? [];
  if (!stopped && !unjudged && failure === null) {
    const lost = allows("lost-permit") ? null : permits.lost(reference);
    failure =
      judge?.verdict({ hostWork, unsettled, lost }) ??
      (allows("call-later") ? null : leftovers(loop)) ??
      (lost && lostPermits(lost)) ??
      (allows("real-timer") ? null : intervals(timers, permits));
  }
  return {
    picked,
    deviations,
    preemptions,
    returned,
    failure,
    hostWork,
    unsettled,
    standing,
    timers,
    permits,
    tooLong: stopped,
    forced,
    outside,
    unjudged,
  };
}

function call(what: () => void): void {
  what();
}

function inWords({ name, waitingFor, state }: Task<unknown>): string {
  return `${name} (${waitingFor ?? state})`;
}

function lostPermits({ lines, kind }: Lost): Failure {
  return { error: new Error([...lines, howToAllow(["lost-permit"])].join("\n")), kind };
}

/** Other timers ring once, as a promise settles once: nobody is told of those either. */
function intervals(timers: readonly RealTimer[], permits: Permits): Failure | null {
  const left = timers.filter(
    ({ name, task }) => name === "setInterval" && task && permits.hasCancelled(task.id),
  );
  if (left.length === 0) return null;
  clearAll(left);
  const lines = left.map((timer) => `${told(timer)}${permits.whenCancelled(timer.task!.id)}.`);
  const advice = `Clear it in a \`finally\`, or use \`interval\`. ${howToAllow(["real-timer"])}`;
  return {
    error: new Error([...lines, advice].join("\n")),
    kind: `an interval left by ${left[0]!.task!.name}`,
  };
}

function leftovers(loop: EventLoop): Failure | null {
  const { ready, deadlines, external } = loop.statistics;
  const tasks = loop.tasks();
  if (ready + deadlines + external + tasks.length === 0) return null;
  const calls = loop instanceof NotingLoop ? loop.callsToCome : [];
  const others = deadlines - calls.length;
  const parts = [
    ...tasks.map(inWords),
    ...calls,
    ...(others > 0 ? [`${others} ${others === 1 ? "deadline" : "deadlines"} set`] : []),
    ...(external > 0 ? [`${external} waiting for the outside`] : []),
  ];
  return {
    error: new Error(`The program left something behind: ${parts.join(", ") || "something that is ready"}.`),
    kind: "something left behind",
  };
}
