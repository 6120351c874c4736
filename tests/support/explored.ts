/** Programs to be explored, for more than one file of tests. */
import { taskGroup, type Awaitable } from "../../src/index.ts";
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
