/**
 * Cancels a program before and after its first step, its second, its third … on a virtual clock, and checks
 * each time that it ends and that nothing is left: no task, no timer, no wait.
 */
import { EventLoop, type Awaitable } from "../index.ts";
import { firstInFirstOut, type Runnable, type Scheduler } from "../lowlevel.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What `cancelEverywhere` does after each run. */
export interface CancelEverywhereOptions {
  /** Called after each run with the number of the point at which it was cancelled; 0: not cancelled. */
  check?: (point: number) => void;
}

/**
 * Runs `main` to its end, counts the points at which it can be cancelled (two a step), and runs it again for
 * each, cancelled there. Resolves to their number. Programs that wait for promises cannot be run so.
 *
 * @throws (rejects) with an error that names the point, and has the program's own error as its cause.
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
  { check }: CancelEverywhereOptions = {},
): Promise<number> {
  const { points } = await runCancelled(main, 0, check);
  for (let point = 1; point <= points; point++) await runCancelled(main, point, check);
  return points;
}

async function runCancelled(
  main: () => Awaitable<unknown>,
  at: number,
  check: ((point: number) => void) | undefined,
): Promise<CancellingScheduler> {
  const where = at === 0 ? "when it is not cancelled" : `when it is cancelled at point ${at}`;
  const controller = new AbortController();
  const reason = new Error(`cancelled at point ${at}`);
  const scheduler = new CancellingScheduler(at, () => controller.abort(reason));
  const host = new VirtualClock();
  const loop = new EventLoop({ host, scheduler, onReport: () => {} });
  const ended = loop
    .runUntilComplete(main, { signal: controller.signal, shutdownTimeout: Infinity })
    .catch((error: unknown) => {
      if (error !== reason) throw new Error(`The program fails ${where}.`, { cause: error });
    });
  host.runAll();
  const { ready, deadlines, external } = loop.statistics;
  const left = loop.tasks().map((task) => `${task.name} (${task.waitingFor ?? task.state})`);
  if (left.length > 0) throw new Error(`The program does not end ${where}: ${left.join(", ")}.`);
  if (ready + deadlines + external > 0) {
    throw new Error(`The program leaves something behind ${where}: ${JSON.stringify(loop.statistics)}.`);
  }
  await ended;
  try {
    check?.(at);
  } catch (error) {
    throw new Error(`The check fails ${where}.`, { cause: error });
  }
  return scheduler;
}

/** First in, first out; and something happens at point `at`: before and after each step there is one. */
class CancellingScheduler implements Scheduler {
  points = 0;
  readonly #queue = firstInFirstOut();
  readonly #at: number;
  readonly #act: () => void;

  constructor(at: number, act: () => void) {
    this.#at = at;
    this.#act = act;
  }
  get size(): number {
    return this.#queue.size;
  }
  push(runnable: Runnable): void {
    this.#queue.push(runnable);
  }
  pick(): Runnable | null {
    const runnable = this.#queue.pick();
    if (runnable === null) return null;
    const step = (): boolean => {
      this.#pass();
      if (runnable.step()) this.#queue.push(runnable);
      this.#pass();
      return false;
    };
    return { nextReady: null, step };
  }

  #pass(): void {
    if (++this.points === this.#at) this.#act();
  }
}
