// How each runner is started on one file, and what it leaves of its tests' outcomes.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { printable } from "../../render/text.ts";
import { UsageError } from "../../usage-error.ts";
import { COUNTING, outcomesInXml } from "./bun.ts";
import type { Outcome, Outcomes, Runner } from "./runner.ts";
import { folderOfPackage, rootOf, type RunnerName } from "./kind.ts";

/** Longer than any search: what a runner allows a test is meant for a single run. */
const NO_LIMIT = `${2 ** 31 - 1}`;

const EXTENSIONS = ["ts", "mts", "cts", "js", "mjs", "cjs"];

/** @throws UsageError if it is not installed. */
export function runner(kind: RunnerName, file: string, only: string | undefined, folder: string): Runner {
  const path = resolve(file);
  const pattern = only === undefined ? undefined : patternOf(only);
  switch (kind) {
    case "vitest":
      return vitest(path, file, pattern, folder);
    case "jest":
      return jest(path, file, pattern, folder);
    case "node:test":
      return nodeTest(path, pattern, folder);
    case "bun:test":
      return bunTest(path, pattern, folder);
  }
}

function vitest(path: string, file: string, pattern: string | undefined, folder: string): Runner {
  const report = join(folder, "report");
  const names = ["vitest.config", "vite.config"].flatMap((name) => EXTENSIONS.map((end) => `${name}.${end}`));
  return {
    command: process.execPath,
    args: [
      executableOf("vitest", file),
      "run",
      path,
      "--reporter=default", // for what is wrong with the file
      "--reporter=json",
      `--outputFile.json=${report}`,
      "--testTimeout=0",
      "--retry=0",
      "--bail=0",
      "--maxConcurrency=1", // otherwise nobody knows in which test a program runs
      "--coverage.enabled=false",
      ...(pattern === undefined ? [] : ["-t", pattern]),
    ],
    cwd: rootOf(file, names),
    outcomes: () => outcomesOf(report),
  };
}

function jest(path: string, file: string, pattern: string | undefined, folder: string): Runner {
  const report = join(folder, "report");
  return {
    command: process.execPath,
    args: [
      executableOf("jest", file),
      "--runTestsByPath",
      path,
      "--json",
      `--outputFile=${report}`,
      `--testTimeout=${NO_LIMIT}`,
      "--maxConcurrency=1",
      "--coverage=false",
      ...(pattern === undefined ? [] : ["-t", pattern]),
    ],
    cwd: rootOf(
      file,
      [...EXTENSIONS, "json"].map((end) => `jest.config.${end}`),
    ),
    // Cede is made of modules, which Jest takes with this only.
    env: { NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --experimental-vm-modules`.trim() },
    outcomes: () => outcomesOf(report),
  };
}

function nodeTest(path: string, pattern: string | undefined, folder: string): Runner {
  const report = join(folder, "report");
  const hooks = join(folder, "hooks.mjs");
  writeFileSync(hooks, hooksOf(report));
  return {
    command: process.execPath,
    args: [
      ...process.execArgv,
      "--import",
      pathToFileURL(hooks).href,
      "--test-reporter=spec",
      "--test-concurrency=1",
      ...(pattern === undefined ? [] : [`--test-name-pattern=${pattern}`]),
      path,
    ],
    cwd: process.cwd(),
    outcomes() {
      const lines = textOf(report)?.split("\n").slice(0, -1) ?? [];
      return { tests: lines.map((line) => JSON.parse(line) as Outcome), problems: [] };
    },
  };
}

/** Has node:test say which test runs, and what came of each; whoever reads that is `testName` of `cede/testing`. */
function hooksOf(report: string): string {
  return `
import { appendFileSync } from "node:fs";
import * as runner from "node:test";
let running;
globalThis[Symbol.for("cede.test-name")] = () => runner.getTestContext?.()?.fullName ?? running;
runner.beforeEach((test) => void (running = test.fullName));
runner.afterEach((test) => {
  const { error } = test;
  // The one inside is the test's own.
  const message = error === null || error === undefined ? "" : String(error.cause?.stack ?? error.stack ?? error);
  appendFileSync(${JSON.stringify(report)}, JSON.stringify({ name: test.fullName, failed: !test.passed, message }) + "\\n");
});
`;
}

function bunTest(path: string, pattern: string | undefined, folder: string): Runner {
  const report = join(folder, "report");
  const counting = join(folder, "counting.mjs");
  writeFileSync(counting, COUNTING);
  return {
    command: "bun",
    args: [
      "test",
      path,
      "--preload",
      counting,
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      "--timeout",
      NO_LIMIT,
      ...(pattern === undefined ? [] : ["-t", pattern]),
    ],
    cwd: process.cwd(),
    outcomes() {
      const text = textOf(report);
      return text === undefined ? undefined : { tests: outcomesInXml(text), problems: [] };
    },
    nameOf: (told, { tests }) => tests[Number(/^test (\d+)$/.exec(told)?.[1]) - 1]?.name ?? told,
  };
}

/** The form that Jest has given it, and Vitest has taken over. */
interface Report {
  readonly testResults: readonly {
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

function outcomesOf(report: string): Outcomes | undefined {
  const text = textOf(report);
  if (text === undefined) return undefined;
  const { testResults } = JSON.parse(text) as Report;
  const tests = testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "passed" || status === "failed")
      .map(({ ancestorTitles, title, status, failureMessages }) => ({
        name: [...ancestorTitles, title].filter((part) => part !== "").join(" > "),
        failed: status === "failed",
        message: failureMessages?.join("\n") ?? "",
      })),
  );
  const problems = testResults
    .filter(({ assertionResults }) => assertionResults.length === 0)
    .flatMap(({ message = "" }) => (message === "" ? [] : [message]));
  return { tests, problems };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** @throws UsageError */
function executableOf(name: "vitest" | "jest", file: string): string {
  const folder = folderOfPackage(name, file);
  if (folder === undefined) throw notInstalled(name, file, `npm install --save-dev ${name}`);
  const { bin } = createRequire(import.meta.url)(join(folder, "package.json")) as {
    bin: string | Record<string, string>;
  };
  return join(folder, typeof bin === "string" ? bin : bin[name]!);
}

export function notInstalled(name: string, file: string, install: string): UsageError {
  return new UsageError(
    `Cannot explore ${printable(file)}: its tests are written for ${name}, which is not installed there.`,
    `Install it: ${install}`,
  );
}

/** Runners join the names of groups and tests by a space; the command, and some of them, by another sign. */
function patternOf(name: string): string {
  const parts = name.split(" > ").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return parts.join("(?: > | )");
}
