// How each runner is started on one file, and what it leaves of its tests' outcomes.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { printable } from "../../render/text.ts";
import { UsageError } from "../../usage-error.ts";
import { COUNTING, outcomesInXml } from "./bun.ts";
import { nodeTest } from "./node.ts";
import { patternOf } from "./pattern.ts";
import { outcomesOf, textOf } from "./report.ts";
import type { Runner } from "./runner.ts";
import { folderOfPackage, rootOf, type RunnerName } from "./kind.ts";

/** Longer than any search: what a runner allows a test is meant for a single run. */
const NO_LIMIT = `${2 ** 31 - 1}`;

/** The version of Vitest from which on `--update=none` is no update; before, it was one. */
const NAMES_UPDATES = 5;

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
      return nodeTest(path, only, folder);
    case "bun:test":
      return bunTest(path, pattern, folder);
  }
}

function vitest(path: string, file: string, pattern: string | undefined, folder: string): Runner {
  const report = join(folder, "report");
  const version = Number.parseInt(manifestOf("vitest", file).version);
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
      "--includeTaskLocation",
      // A program that is run again and again asks for one snapshot after the other: none of them is to be kept.
      ...(version >= NAMES_UPDATES ? ["--update=none"] : ["--allowOnly"]),
      ...(pattern === undefined ? [] : ["-t", pattern]),
    ],
    cwd: rootOf(file, names),
    ...(version < NAMES_UPDATES && { env: { CI: "1" } }),
    outcomes: () => outcomesOf(report, path),
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
      "--ci", // writes no snapshots
      "--testLocationInResults",
      ...(pattern === undefined ? [] : ["-t", pattern]),
    ],
    cwd: rootOf(
      file,
      [...EXTENSIONS, "json"].map((end) => `jest.config.${end}`),
    ),
    // Cede is made of modules, which Jest takes with this only.
    env: { NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --experimental-vm-modules`.trim() },
    outcomes: () => outcomesOf(report, path),
  };
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
    env: { CI: "1" }, // writes no snapshots
    outcomes() {
      const text = textOf(report);
      return text === undefined ? undefined : { tests: outcomesInXml(text), problems: [] };
    },
  };
}

interface Manifest {
  readonly folder: string;
  readonly version: string;
  readonly bin: string | Readonly<Record<string, string>>;
}

/** @throws UsageError */
function manifestOf(name: "vitest" | "jest", file: string): Manifest {
  const folder = folderOfPackage(name, file);
  if (folder === undefined) throw notInstalled(name, file, `npm install --save-dev ${name}`);
  return { ...createRequire(import.meta.url)(join(folder, "package.json")), folder };
}

/** @throws UsageError */
function executableOf(name: "vitest" | "jest", file: string): string {
  const { folder, bin } = manifestOf(name, file);
  return join(folder, typeof bin === "string" ? bin : bin[name]!);
}

export function notInstalled(name: string, file: string, install: string): UsageError {
  return new UsageError(
    `Cannot explore ${printable(file)}: its tests are written for ${name}, which is not installed there.`,
    `Install it: ${install}`,
  );
}
