// What came of a file of tests: what runTest has told, put together with the outcomes that the runner has.
import type { ExploreFailure } from "cede/testing";
import type { ToldError, ToldOrder, ToldTest, ToldValues } from "../../../testing/explored-test/asked.ts";
import type { Result } from "../search.ts";
import { withoutFailure } from "../text.ts";
import type { Broken } from "./other-orders.ts";
import type { Outcome } from "./runner.ts";
import type { Ran } from "./run.ts";
import { failedTests, isIn, namesakes, sameTest, shownName, shownPlace, testOf } from "./tests-of.ts";

/** Whether a failure under search needs a run without it to be understood. */
export function unexplained(ran: Ran): boolean {
  return ran.outcomes !== undefined && failedTests(ran).some((test) => !found(ran, test));
}

/** What the replayed schedule came to, in each call of `runTest` that it is one of: it is a failure in any case. */
export function replayedIn(ran: Ran): Result[] {
  const failed = failedTests(ran);
  return ran.told.map((one) => {
    const test = testOf(one, ran);
    const result = { ...resultOf(one, true), ...calledIn(one, ran) };
    if (one.order === undefined || test === undefined || !failed.includes(test)) return result;
    return { ...result, failure: { ...one.order, error: errorOf(test) } };
  });
}

/**
 * Of all there is to tell of. `plain`: how the same tests did without a search, if that was asked; `broken`: which calls of
 * `runTest` have returned what their tests do not take.
 */
export function resultsOf(ran: Ran, plain: Ran | undefined, broken: ReadonlyMap<ToldTest, Broken>): Result[] {
  const tests = ran.outcomes?.tests ?? [];
  const failed = failedTests(ran);
  const results: Result[] = [];
  for (const test of tests) {
    const own = ran.told.filter((one) => testOf(one, ran) === test);
    const itsResults = own.map((one): Result => {
      const { values } = one;
      const result = { ...resultOf(one, failed.includes(test)), ...calledIn(one, ran) };
      const order = broken.get(one);
      if (order !== undefined) return { ...result, failure: brokenBy(order, values!.usual) };
      const isPlain = result.note === undefined && result.failure === undefined;
      return values === undefined || !isPlain ? result : { ...result, note: differing(result, values, true) };
    });
    const isExplained = !failed.includes(test) || found(ran, test) || own.some((one) => broken.has(one));
    const problem = isExplained ? undefined : why(test, itsResults, ran, plain);
    if (problem === undefined) {
      results.push(...(isExplained ? itsResults : itsResults.map(noted)));
      continue;
    }
    // Its searches have found nothing: what there is to say is this.
    const schedules = own.reduce((sum, one) => sum + one.schedules, 0);
    const alone = plain && sameTest(test, ran, plain);
    const { message } = alone?.failed === true ? alone : test;
    const details = withoutRunner(message).trim();
    results.push({ ...NOTHING, name: shownName(test, ran), test: test.name, schedules, problem, details });
  }
  for (const one of ran.told) {
    if (testOf(one, ran) !== undefined) continue;
    const result = { ...resultOf(one, ran.code !== 0), ...calledIn(one, ran) };
    const note = one.values === undefined ? {} : { note: differing(result, one.values, false) };
    results.push({ ...result, ...note });
  }
  return results;
}

/** Tests that never came to a search, and have none in them that did. */
export function without(ran: Ran): string[] {
  const failed = failedTests(ran);
  const searched = ran.told.flatMap((one) => testOf(one, ran) ?? []);
  return (ran.outcomes?.tests ?? [])
    .filter((test) => !failed.includes(test) && !searched.some((one) => one === test || isIn(one, test)))
    .map((test) => shownName(test, ran));
}

const NOTHING = { schedules: 0, exhausted: false, notSearched: [], stopped: false } as const;

/** What a result of it is called, and by which name it is run again. */
function calledIn(told: ToldTest, ran: Ran): Pick<Result, "name" | "test" | "namesakes"> {
  const test = testOf(told, ran);
  const all = ran.told.filter((one) => (test === undefined ? one === told : testOf(one, ran) === test));
  const number = all.indexOf(told);
  const call = number > 0 ? ` (runTest ${number + 1})` : "";
  if (test !== undefined) {
    const others = namesakes(test, ran).length - 1;
    return { name: `${shownName(test, ran)}${call}`, test: test.name, namesakes: others };
  }
  const name = told.test ?? shownPlace(told) ?? `runTest ${ran.told.indexOf(told) + 1}`;
  return { name: `${name}${call}`, ...(told.test !== undefined && { test: told.test }) };
}

function resultOf(told: ToldTest, fails: boolean): Omit<Result, "name"> {
  const { schedules, exhausted, orders, notSearched, stopped = false, printed } = told;
  const { failure, notExplored, notAfresh } = told;
  const result = {
    schedules,
    exhausted,
    notSearched,
    stopped,
    ...(orders !== undefined && { orders }),
    ...(printed && { printed }),
  };
  if (notExplored !== undefined) {
    return { ...result, note: `not searched, for ${notExplored}`, unsearched: true };
  }
  if (notAfresh !== undefined) {
    return {
      ...result,
      note: "not searched, for its program does not start afresh each time",
      details: [...notAfresh.map(sentence), AFRESH].join("\n"),
      unsearched: true,
    };
  }
  if (failure === undefined) return result;
  if (!fails) return { ...result, note: "fails, as the test expects: other orders were not searched" };
  return { ...result, failure: { ...failure, error: revived(failure.error) } satisfies ExploreFailure };
}

const AFRESH =
  "Make all of its state inside the function that runTest is given. What is set up before it, as in beforeEach, counts of " +
  "calls, and snapshots all go on from run to run.";

/** `undefined`: nothing is wrong with it. */
function why(test: Outcome, own: readonly Result[], ran: Ran, plain: Ran | undefined): string | undefined {
  const alone = plain && sameTest(test, ran, plain);
  const passes = plain !== undefined && (alone === undefined || !failedTests(plain).includes(alone));
  if (passes && TIMED_OUT.test(test.message)) {
    return "cannot be searched in the time that the test allows itself: leave that out, or lower --budget";
  }
  if (own.length === 0) return "fails, and has not come to a runTest";
  if (!passes) return "fails without a search, too; no order was found that breaks its program";
  if (own.some(({ schedules, unsearched }) => schedules > 0 || unsearched === true)) return undefined;
  return "fails here, and passes when it is run again";
}

const TIMED_OUT = /timed out|timeout of/i;

/** Alone it passes: what fails is a check of what all of these runs have left outside of the program. */
function noted(result: Result): Result {
  if (result.note !== undefined) return result;
  const note =
    `${withoutFailure(result)}, but what is checked after runTest was not searched: it looks at state that all of these ` +
    "runs have changed";
  return { ...result, note, unsearched: true };
}

function differing(result: Result, { usual, others }: ToldValues, isTried: boolean): string {
  const values = [usual, ...others.map(({ value }) => value)].join(", or ");
  const order = others[0]!.order.replay;
  const but = isTried
    ? "and the test passes with each"
    : `and nobody knows which test looks at it: check it inside (--replay '${order}')`;
  return `${withoutFailure(result)}; by their order runTest gives ${values}, ${but}`;
}

function brokenBy({ test, value, order }: Broken, usual: string): ExploreFailure {
  const error = errorOf(test);
  error.stack += `\n\nrunTest gives ${value} in this order, and ${usual} in the usual one: the test was run with it.`;
  return { ...(order satisfies ToldOrder), error };
}

/** Whether its search has found what is wrong. */
function found(ran: Ran, test: Outcome): boolean {
  return ran.told.some((one) => one.failure !== undefined && testOf(one, ran) === test);
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

/** What a runner says of a failure: a stack, mostly. */
function errorOf({ message: text }: Outcome): Error {
  const [, name = "Error", message = text] = /^(\w*Error)\b[^:\n]*: (.*)/.exec(text) ?? [];
  return revived({ name, message, stack: text });
}

function revived({ name, message, stack }: ToldError): Error {
  const error = new Error(message);
  error.name = name;
  error.stack = withoutRunner(stack ?? `${name}: ${message}`);
  return error;
}

/** Of a stack, what is the program's own. */
function withoutRunner(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => !/^\s+at .*(?:[/\\]node_modules[/\\]|node:|<anonymous>\)$|\(native:)/.test(line))
    .join("\n");
}
