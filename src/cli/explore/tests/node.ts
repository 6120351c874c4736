// node:test has no report that tells tests of one name apart: what it calls around each of them writes one.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { patternOf, patternsAround } from "./pattern.ts";
import { textOf } from "./report.ts";
import type { Outcome, Runner } from "./runner.ts";

export function nodeTest(path: string, only: string | undefined, folder: string): Runner {
  const report = join(folder, "report");
  const todo = join(folder, "todo");
  const hooks = join(folder, "hooks.mjs");
  const reporter = join(folder, "reporter.mjs");
  writeFileSync(hooks, hooksOf(report));
  writeFileSync(reporter, REPORTER);
  const patterns = only === undefined ? [] : [...patternsAround(only), patternOf(only)];
  return {
    command: process.execPath,
    args: [
      ...process.execArgv,
      "--import",
      pathToFileURL(hooks).href,
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      `--test-reporter=${pathToFileURL(reporter).href}`,
      `--test-reporter-destination=${todo}`,
      "--test-concurrency=1",
      ...patterns.map((pattern) => `--test-name-pattern=${pattern}`),
      path,
    ],
    cwd: process.cwd(),
    outcomes() {
      const lines = textOf(report)?.split("\n").slice(0, -1) ?? [];
      const still = textOf(todo)?.split("\n") ?? [];
      const tests = lines.map((line) => JSON.parse(line) as Outcome);
      return { tests: tests.filter(({ name }) => !still.includes(JSON.stringify(name))), problems: [] };
    },
  };
}

/**
 * Has node:test say which test runs, and what came of each; whoever reads that is `runningTest` of `cede/testing`.
 * Without `getTestContext`, tests that run side by side are not told apart.
 */
function hooksOf(report: string): string {
  return `
import { appendFileSync } from "node:fs";
import * as runner from "node:test";
const numbers = new WeakMap();
const running = [];
let last = 0;
globalThis[Symbol.for("cede.test")] = () => {
  const test = runner.getTestContext?.() ?? running.at(-1);
  return test && numbers.has(test) ? { name: test.fullName, id: String(numbers.get(test)) } : undefined;
};
runner.beforeEach((test) => {
  numbers.set(test, ++last);
  running.push(test);
});
runner.afterEach((test) => {
  running.splice(running.indexOf(test), 1);
  const { error } = test;
  // The one inside is the test's own.
  const message = error === null || error === undefined ? "" : String(error.cause?.stack ?? error.stack ?? error);
  const outcome = { name: test.fullName, ids: [String(numbers.get(test))], failed: !test.passed, message };
  appendFileSync(${JSON.stringify(report)}, JSON.stringify(outcome) + "\\n");
});
`;
}

/** Of what is still to be done nobody asks whether it fails; only reporters are told what is. */
const REPORTER = `
export default async function* (source) {
  const path = [];
  for await (const { type, data } of source) {
    if (type === "test:start") {
      path.length = data.nesting;
      path.push(data.name);
    } else if ((type === "test:pass" || type === "test:fail") && data.todo !== undefined) {
      yield JSON.stringify(path.slice(0, data.nesting + 1).join(" > ")) + "\\n";
    }
  }
}
`;
