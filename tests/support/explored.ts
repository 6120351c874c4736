/** Programs to be explored, for more than one file of tests. */
import { expect } from "vitest";
import { CancelledError, createTask, sleep, taskGroup, type Awaitable, type Task } from "../../src/index.ts";
import { Random } from "../../src/testing/random.ts";
import { explore, watch, type ExploreOptions } from "../../src/testing/index.ts";

/** Two deposits that read, wait, and write. */
export const lostUpdate = (pause: () => Awaitable<void>) =>
  function* () {
    const account = watch({ balance: 100 }, "account");
    yield* taskGroup(function* (group) {
      for (const amount of [10, 20]) {
        group.createTask(function* deposit() {
          const before = account.balance;
          yield* pause();
          account.balance = before + amount;
        });
      }
    });
    if (account.balance !== 130) throw new Error(`The balance is ${account.balance}, not 130.`);
  };

/** A task of so many steps. */
export const steps = (count: number) =>
  function* () {
    for (let step = 1; step < count; step++) yield;
  };

export const sideBySide = (...bodies: (() => Awaitable<unknown>)[]) =>
  function* () {
    yield* taskGroup(function* (group) {
      for (const body of bodies) group.createTask(body);
    });
  };

export const failureOf = async (main: () => Awaitable<unknown>, options: ExploreOptions = {}) =>
  (await explore(main, { throws: false, ...options })).failure;

/** For what is checked by an object that watches a program. */
export const same = (actual: unknown, expected: unknown): void => expect(actual).toEqual(expected);

/** Every order there is, each of them once. It fails also if there are more than `most`, which would not be tried. */
export async function everyOrder(program: () => Awaitable<unknown>, most = 20_000): Promise<void> {
  const report = await explore(program, { strategy: "depth-first", budget: { schedules: most } });
  if (!report.exhausted) throw new Error(`There are more than ${most} orders: ${report.notSearched.join()}`);
}

/** How many programs are made at random, each of them to be run in so many orders. */
const PROGRAMS = 40;

/** Programs that are drawn at random, in many orders: 2,000 in all, 10,000 where `CEDE_LONG` is set (`npm run test:long`). */
export async function randomSchedules(
  program: (draw: (below: number) => number) => Awaitable<unknown>,
): Promise<void> {
  const schedules = (process.env["CEDE_LONG"] ? 10_000 : 2000) / PROGRAMS;
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const main = () => {
      const random = new Random(seed);
      return program((below) => random.below(below));
    };
    await explore(main, { seed, budget: { schedules }, patience: 0 });
  }
}

/**
 * Four tasks that work side by side, one or two of which are cancelled somewhere, unless none is. `within`: where nobody
 * may come to end a wait, all are cancelled after so many milliseconds.
 */
export function* disturbed(
  draw: (below: number) => number,
  work: (by: string) => () => Awaitable<void>,
  within = Infinity,
): Awaitable<void> {
  const tasks = ["a", "b", "c", "d"].map((by) => createTask(work(by)));
  for (let step = draw(6); step > 0; step--) yield;
  void tasks[draw(8)]?.cancel();
  void tasks[draw(8)]?.cancel();
  if (within !== Infinity) {
    yield* sleep(within);
    for (const task of tasks) void task.cancel();
  }
  yield* finished(tasks);
}

/** Where no more than so many may be at a time. */
export class Room {
  readonly #size: number;
  #inside = 0;

  constructor(size = 1) {
    this.#size = size;
  }

  *stay(steps: number): Awaitable<void> {
    if (++this.#inside > this.#size)
      throw new Error(`There are ${this.#inside} in a room for ${this.#size}.`);
    try {
      for (let step = 0; step < steps; step++) yield;
    } finally {
      this.#inside--;
    }
  }
  get isEmpty(): boolean {
    return this.#inside === 0;
  }
}

/** Waits for tasks, however they end, unless one fails. */
export function* finished(tasks: readonly Task<unknown>[]): Awaitable<void> {
  for (const task of tasks) {
    try {
      yield* task;
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
    }
  }
}
