// What came of a file of tests: what runTest has told, put together with the outcomes that the runner has.
import type { ExploreFailure } from "cede/testing";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { ToldError, ToldTest } from "../../../testing/explored-test/asked.ts";
import { plural } from "../../render/units.ts";
import type { Result } from "../search.ts";
import type { Outcome } from "./runner.ts";
import type { Ran } from "./run.ts";

/** Whether a failure under search needs a run without it to be understood. */
export function unexplained(ran: Ran): boolean {
  return ran.outcomes !== undefined && failedTests(ran).some((test) => !found(ran.told, test));
}

/** Of each call of `runTest`; `always`: what it found is a failure, whatever the test makes of it. */
export function searchedIn(ran: Ran, always: boolean): Result[] {
  const { told } = ran;
  const failed = failedTests(ran);
  return told.map((one, at) => {
    const number = told.filter(({ test }) => test !== undefined && test === one.test).indexOf(one);
    const known = one.test === undefined ? undefined : shownName(one.test, ran);
    const name = `${known ?? placeOf(one, at)}${number > 0 ? ` (runTest ${number + 1})` : ""}`;
    const unknown = known === undefined || ran.outcomes === undefined;
    const fails = unknown ? ran.code !== 0 : failed.some((test) => test.name === known);
    return {
      ...resultOf(one, always || fails, name),
      ...(known !== undefined && { test: known }),
      ...(one.printed && { printed: one.printed }),
    };
  });
}

/** Of all there is to tell of. `plain`: how the same tests did without a search, if that was asked. */
export function resultsOf(ran: Ran, plain: Ran | undefined): Result[] {
  const { told } = ran;
  const failed = failedTests(ran);
  const results = searchedIn(ran, false);
  for (const test of failed) {
    if (found(told, test)) continue;
    const own = results.filter((result) => result.test === test.name);
    const problem = why(test, own, plain);
    if (problem === undefined) {
      // Once, it passes: what fails is a check of what all of these runs have left outside of the program.
      for (const result of own) results[results.indexOf(result)] = { ...result, note: noted(result) };
      continue;
    }
    // Its searches have found nothing: what there is to say is this.
    for (const result of own) results.splice(results.indexOf(result), 1);
    const schedules = own.reduce((sum, result) => sum + result.schedules, 0);
    const details = withoutRunner(test.message).trim();
    results.push({ ...NOTHING, name: test.name, test: test.name, schedules, problem, details });
  }
  const names = ran.outcomes?.tests.map(({ name }) => name) ?? [];
  const place = ({ test }: Result): number => names.indexOf(test ?? "");
  return results.sort((a, b) => place(a) - place(b));
}

/** Tests that never came to a search. */
export function without(ran: Ran): string[] {
  const failed = failedTests(ran);
  return (ran.outcomes?.tests ?? [])
    .filter((test) => !failed.includes(test) && !ran.told.some((one) => isOf(one, test)))
    .map(({ name }) => name);
}

const NOTHING = { schedules: 0, exhausted: false, notSearched: [], stopped: false } as const;

function resultOf(told: ToldTest, fails: boolean, name: string): Result {
  const { schedules, exhausted, orders, notSearched, failure, notExplored, notAfresh } = told;
  const report = { schedules, exhausted, notSearched, ...(orders !== undefined && { orders }) };
  const result = { ...NOTHING, ...report, name };
  if (notExplored !== undefined) return { ...result, note: `not searched, for ${notExplored}` };
  if (notAfresh !== undefined) {
    return {
      ...result,
      problem: "cannot be searched, for its program does not start afresh each time",
      details: [
        ...notAfresh.map(sentence),
        "Make all of its state inside the function that runTest is given.",
      ].join("\n"),
    };
  }
  if (failure === undefined) return result;
  if (!fails) return { ...result, note: "fails, as the test expects: other orders were not searched" };
  return { ...result, failure: { ...failure, error: revived(failure.error) } satisfies ExploreFailure };
}

/** Of a stack, what is the program's own. */
function withoutRunner(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => !/^\s+at .*(?:[/\\]node_modules[/\\]|node:|<anonymous>\)$|\(native:)/.test(line))
    .join("\n");
}

/** `undefined`: nothing is wrong with it. */
function why(test: Outcome, own: readonly Result[], plain: Ran | undefined): string | undefined {
  if (passes(test, plain) && TIMED_OUT.test(test.message)) {
    return "cannot be searched in the time that the test allows itself: leave that out, or lower --budget";
  }
  if (own.length === 0) return "fails, and has not come to a runTest";
  if (!passes(test, plain)) return "fails without a search, too; no order was found that breaks its program";
  if (own.some(({ schedules }) => schedules > 0)) return undefined;
  return "fails here, and passes when it is run again";
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

const TIMED_OUT = /timed out|timeout of/i;

function noted({ note, schedules }: Result): string {
  return (
    note ??
    `no failure in ${plural(schedules, "schedule")}, but what is checked after runTest was not searched: it looks at ` +
      "state that all of these runs have changed"
  );
}

function passes({ name }: Outcome, plain: Ran | undefined): boolean {
  return plain !== undefined && !failedTests(plain).some((test) => test.name === name);
}

function failedTests({ code, outcomes }: Ran): Outcome[] {
  if (code === 0) return []; // a failure that the runner does not mind, of a test still to be done, say
  const failed = outcomes?.tests.filter((test) => test.failed) ?? [];
  // Of groups that fail because a test in them does, the test is told of.
  return failed.filter(({ name }) => !failed.some((inner) => inner.name.startsWith(`${name} > `)));
}

function found(told: readonly ToldTest[], test: Outcome): boolean {
  return told.some((one) => isOf(one, test) && (one.failure ?? one.notAfresh) !== undefined);
}

/** Jest joins names by a space. */
function isOf({ test }: ToldTest, { name }: Outcome): boolean {
  return test === name || test === name.replaceAll(" > ", " ");
}

function shownName(test: string, { outcomes, told }: Ran): string {
  const own = told.find((one) => one.test === test)!;
  return outcomes?.tests.find((outcome) => isOf(own, outcome))?.name ?? test;
}

/** As `bank.test.ts:12`. */
function placeOf({ place }: ToldTest, at: number): string {
  const [, file, line] = /^(.*):(\d+):\d+$/.exec(place ?? "") ?? [];
  if (file === undefined) return `runTest ${at + 1}`;
  return `${basename(file.startsWith("file:") ? fileURLToPath(file) : file)}:${line}`;
}

function revived({ name, message, stack }: ToldError): Error {
  const error = new Error(message);
  error.name = name;
  error.stack = withoutRunner(stack ?? `${name}: ${message}`);
  return error;
}
