// Where runTest gives something else in another order, its test is run once more with that: the test knows what is right.
import type { ToldOrder, ToldTest } from "../../../testing/explored-test/asked.ts";
import type { Outcome } from "./runner.ts";
import type { Ran } from "./run.ts";
import { failedTests, sameTest, testOf } from "./tests-of.ts";

/** An order that a test fails in which passes in the usual one. */
export interface Broken {
  readonly test: Outcome;
  readonly value: string;
  readonly order: ToldOrder;
}

/** Has the runner run the tests with these orders, by the keys of the calls. */
export type RunIn = (orders: Readonly<Record<string, string>>) => Promise<Ran> | undefined;

/** Which calls of `runTest` return what their tests fail of. In each run of the tests, one order a test. */
export async function brokenTests(
  ran: Ran,
  plain: Ran | undefined,
  runIn: RunIn,
): Promise<ReadonlyMap<ToldTest, Broken>> {
  const broken = new Map<ToldTest, Broken>();
  const waiting = new Map<Outcome, (Omit<Broken, "test"> & { readonly told: ToldTest })[]>();
  for (const told of ran.told) {
    const test = told.values && testOf(told, ran);
    if (test === undefined || hasFailed(test, ran, plain)) continue;
    waiting.set(test, [
      ...(waiting.get(test) ?? []),
      ...told.values!.others.map((one) => ({ ...one, told })),
    ]);
  }
  while (waiting.size > 0) {
    const tried = [...waiting].map(([test, [one]]) => ({ test, one: one! }));
    const again = await runIn(
      Object.fromEntries(tried.map(({ one: { told, order } }) => [told.key, order.replay])),
    );
    if (again === undefined) return broken;
    const failed = failedTests(again);
    for (const { test, one } of tried) {
      const outcome = sameTest(test, ran, again);
      const fails = outcome !== undefined && failed.includes(outcome);
      if (fails) broken.set(one.told, { ...one, test: outcome });
      const left = waiting.get(test)!.slice(1);
      if (fails || left.length === 0) waiting.delete(test);
      else waiting.set(test, left);
    }
  }
  return broken;
}

/** It has failed already, and not only for what all the runs of its search have left. */
function hasFailed(test: Outcome, ran: Ran, plain: Ran | undefined): boolean {
  const judged = plain ?? ran;
  const own = sameTest(test, ran, judged);
  return own !== undefined && failedTests(judged).includes(own);
}
