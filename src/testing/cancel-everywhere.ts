/**
 * Cancels a program before and after its first step, its second, its third … on a virtual clock, and checks
 * each time that it ends and that nothing is left: no task, no timer, no wait, no promise, no lock, no permit.
 */
import type { Awaitable } from "../index.ts";
import type { CancelPoint } from "./explore/cancelling.ts";
import { inOrder, type Decider } from "./explore/decider.ts";
import type { Execution } from "./explore/execution.ts";
import { Patience } from "./explore/patience.ts";
import type { Permits } from "./explore/permits.ts";
import { Script } from "./explore/schedule.ts";
import { Search } from "./explore/search.ts";
import { RandomWalk } from "./explore/strategies/random-walk.ts";
import { checkAllowed, type Finding } from "./findings.ts";
import { clearAll, told as inWords } from "./left-timers.ts";
import { Random } from "./random.ts";

/** How `cancelEverywhere` runs a program, and what it does after each run. */
export interface CancelEverywhereOptions {
  /** Called after each run with the number of the point at which it was cancelled; 0: not cancelled. */
  check?: (point: number) => void;
  /** Who cancels: the run's signal, a deadline around the whole program, or first the one and then the other (unless given). */
  by?: "signal" | "deadline" | "both";
  /** In how many other orders of its tasks' steps to do all of it again; 0 unless given. */
  schedules?: number;
  /** Decides these orders, and what the program draws at random: 1 unless given. */
  seed?: number;
  /**
   * What may be left, in the words of `runTest`: `["host-work"]` for promises that have not settled, as `until` leaves them,
   * `["real-timer"]`, `["call-later"]`, `["lost-permit"]`, `["lock-broken"]`. Nothing, unless given.
   */
  allow?: readonly Finding[];
  /**
   * Errors with which the program may end where it is cancelled: those that it throws and catches itself, say, since one
   * that is on its way already when the cancellation comes is what the run rejects with. None, unless given.
   */
  allowError?: (error: unknown) => boolean;
}

const MAX_STEPS = 100_000;
/** For the outside, in real milliseconds. */
const PATIENCE_MS = 200;

/**
 * Runs `main` to its end, counts the points at which it can be cancelled (two a step), and runs it again for
 * each, cancelled there. Resolves to their number. `main` must make all of its state anew.
 *
 * @throws (rejects) with an error that names the point and what was left, shows the steps, says how to run it again with
 * `replay`, and has the program's own error as its cause. TypeError if something is allowed that there is not.
 * @example
 * ```ts
 * import { shield, sleep, taskGroup } from "cede";
 * import { cancelEverywhere } from "cede/testing";
 *
 * let open = 0;
 * await cancelEverywhere(
 *   () =>
 *     taskGroup(function* (group) {
 *       for (let i = 0; i < 3; i++) {
 *         group.createTask(function* () {
 *           open++;
 *           try {
 *             yield* sleep(100);
 *           } finally {
 *             yield* shield(() => sleep(10)); // also on the normal way out
 *             open--;
 *           }
 *         });
 *       }
 *     }),
 *   {
 *     check() {
 *       console.assert(open === 0);
 *     },
 *   },
 * );
 * ```
 */
export async function cancelEverywhere(
  main: () => Awaitable<unknown>,
  options: CancelEverywhereOptions = {},
): Promise<number> {
  const { by = "both", schedules = 0, seed = 1 } = options;
  checkAllowed(options.allow ?? []);
  const orders: (() => Decider)[] = [() => inOrder];
  for (let n = 0; n < schedules; n++) orders.push(() => new RandomWalk(new Random(seed + n)));
  const patience = new Patience(PATIENCE_MS);
  let points = 0;
  for (const order of orders) {
    const execution = await runCancelled(main, order(), {}, patience, options);
    const { picked, permits: reference } = execution;
    const last = 2 * picked.length;
    for (const way of by === "both" ? (["signal", "deadline"] as const) : [by]) {
      for (let at = 1; at <= last; at++)
        await runCancelled(main, order(), { cancel: { at, by: way }, reference }, patience, options);
      points += last;
    }
  }
  return points;
}

async function runCancelled(
  main: () => Awaitable<unknown>,
  order: Decider,
  { cancel, reference }: { cancel?: CancelPoint; reference?: Permits },
  patience: Patience,
  { check, seed = 1, allow = [], allowError = () => false }: CancelEverywhereOptions,
): Promise<Execution> {
  const search = new Search(main, {
    seed,
    maxSteps: MAX_STEPS,
    patience,
    cancel,
    reference,
    allow: ["real-timer", ...allow], // all timers are judged here, not only those of cancelled tasks
  });
  const execution = await search.run(order);
  const where =
    cancel === undefined
      ? "when it is not cancelled"
      : `when it is cancelled ${cancel.by === "signal" ? "" : "by a deadline "}at point ${cancel.at}`;
  /** The same once more, written down, which knows places; and how to say it. */
  const again = async (): Promise<{ readonly told: Execution; say(...lines: string[]): string }> => {
    const recorded = await search.record(new Script(execution.deviations));
    const { replay, table } = search.told(recorded, 1);
    const picture = `\n\n${table}\n\nTo run it again: replay(main, "${replay}")`;
    return { told: recorded.execution, say: (...lines) => lines.join("\n") + picture };
  };
  const { failure, tooLong, hostWork, timers, unjudged } = execution;
  if (failure !== null && (cancel === undefined || !allowError(failure.error))) {
    const { told, say } = await again();
    throw new Error(say(`The program fails ${where}.`), { cause: (told.failure ?? failure).error });
  }
  if (tooLong) {
    const { told, say } = await again();
    const left = some(told.standing).map((task) => `  ${task}`);
    throw new Error(
      say(`The program does not end ${where}: it has taken ${MAX_STEPS} steps, and there are still`, ...left),
    );
  }
  if (hostWork > 0 && !allow.includes("host-work")) {
    const { told, say } = await again();
    clearAll(told.timers);
    const what = hostWork === 1 ? "a promise" : `${hostWork} promises`;
    const by = told.unsettled.map((waiter) => `  awaited by ${waiter}`);
    const advice = 'Stop the work with `call`, or allow it: { allow: ["host-work"] }.';
    throw new Error(
      say(`The program leaves ${what} unsettled ${where}${by.length > 0 ? ":" : "."}`, ...by, advice),
    );
  }
  if (timers.length > 0 && !allow.includes("real-timer") && !unjudged) {
    clearAll(timers);
    const { told, say } = await again();
    clearAll(told.timers);
    const known = told.timers.length > 0 ? told : execution;
    const lines = known.timers.map(
      (timer) => `  ${inWords(timer)}${known.permits.whenCancelled(timer.task?.id ?? 0)}`,
    );
    const advice =
      'Clear them in a `finally`, use `sleep` or `interval`, or allow it: { allow: ["real-timer"] }.';
    throw new Error(say(`The program leaves timers of the platform ${where}:`, ...lines, advice));
  }
  try {
    check?.(cancel?.at ?? 0);
  } catch (error) {
    throw new Error((await again()).say(`The check fails ${where}.`), { cause: error });
  }
  return execution;
}

/** The first few of them. */
function some(names: readonly string[]): string[] {
  const most = 10;
  return names.length <= most ? [...names] : [...names.slice(0, most), `and ${names.length - most} more`];
}
