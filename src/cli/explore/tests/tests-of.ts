// Which test of a runner's report it is that something was told of; and the same test in another run.
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { ToldTest } from "../../../testing/explored-test/asked.ts";
import type { Outcome } from "./runner.ts";
import { real } from "./report.ts";
import type { Ran } from "./run.ts";

/** The test that has called `runTest`: by what only it is called, by its name, or by its place. */
export function testOf({ id, test, place }: ToldTest, { outcomes, file }: Ran): Outcome | undefined {
  const tests = outcomes?.tests ?? [];
  const own = id === undefined ? undefined : tests.find(({ ids }) => ids?.includes(id));
  if (own !== undefined) return own;
  const at = placeIn(place);
  const line = at !== undefined && real(at.file) === real(file) ? at.line : undefined;
  if (test === undefined) return line === undefined ? undefined : only(nearest(tests, line));
  // Jest joins names by a space.
  const named = tests.filter(({ name }) => test === name || test === name.replaceAll(" > ", " "));
  return (line === undefined ? undefined : nearest(named, line)[0]) ?? named[0];
}

/** Those that begin last before a line: where one is made in a loop, it is several. */
function nearest(tests: readonly Outcome[], line: number): Outcome[] {
  const begins = Math.max(...tests.map((test) => test.line ?? Infinity).filter((other) => other <= line));
  return tests.filter((test) => test.line === begins);
}

function only<T>(values: readonly T[]): T | undefined {
  return values.length === 1 ? values[0] : undefined;
}

/** Tests that have failed; of those around one, only the one inside is told of. */
export function failedTests({ code, outcomes }: Ran): Outcome[] {
  if (code === 0) return []; // a failure that the runner does not mind
  const failed = outcomes?.tests.filter((test) => test.failed) ?? [];
  return failed.filter((test) => !failed.some((inner) => isIn(inner, test)));
}

export function isIn(inner: Outcome, outer: Outcome): boolean {
  return inner.name.startsWith(`${outer.name} > `);
}

/** In another run, where the tests of one name have the same order. */
export function sameTest(test: Outcome, from: Ran, to: Ran): Outcome | undefined {
  return namesakes(test, to)[namesakes(test, from).indexOf(test)];
}

/** All tests of that name, this one among them. */
export function namesakes({ name }: Outcome, { outcomes }: Ran): Outcome[] {
  return outcomes?.tests.filter((other) => other.name === name) ?? [];
}

/** Tells it from those of the same name. */
export function shownName(test: Outcome, ran: Ran): string {
  const all = namesakes(test, ran);
  return all.length < 2 ? test.name : `${test.name} (${all.indexOf(test) + 1} of ${all.length} of that name)`;
}

/** As `bank.test.ts:12`. */
export function shownPlace({ place }: ToldTest): string | undefined {
  const at = placeIn(place);
  return at && `${basename(at.file)}:${at.line}`;
}

function placeIn(place: string | undefined): { readonly file: string; readonly line: number } | undefined {
  const [, path, line] = /^(.*?)(?:\?[^:]*)?:(\d+):\d+$/.exec(place ?? "") ?? [];
  if (path === undefined) return undefined;
  return { file: path.startsWith("file:") ? fileURLToPath(path) : path, line: Number(line) };
}
