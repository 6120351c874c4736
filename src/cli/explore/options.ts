import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { ExploreStrategy } from "cede/testing";
import { wholeNumberIn } from "../numbers.ts";
import { printable } from "../render/text.ts";
import { UsageError } from "../usage-error.ts";

/** What commander hands over: everything is text, nothing is checked. */
export interface RawOptions {
  readonly only?: string;
  readonly budget?: string;
  readonly switches?: string;
  readonly seed?: string;
  readonly strategy?: string;
  readonly replay?: string;
  readonly svg?: string;
  readonly trace?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export interface ExploreCommandOptions {
  readonly file: string;
  readonly only: string | undefined;
  readonly budget: { readonly schedules: number } | { readonly ms: number };
  readonly switches: number | undefined;
  readonly seed: number;
  readonly strategy: ExploreStrategy;
  readonly replay: string | undefined;
  readonly svg: string | undefined;
  readonly trace: string | undefined;
  /** Whether what could not be searched is a failure. */
  readonly strict: boolean;
  readonly json: boolean;
}

const STRATEGIES: readonly ExploreStrategy[] = [
  "portfolio",
  "depth-first",
  "random-walk",
  "priorities",
  "partial-order",
  "uniform",
];

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

export function parseOptions(file: string, raw: RawOptions): ExploreCommandOptions {
  if (raw.replay !== undefined) {
    for (const flag of ["budget", "switches", "seed", "strategy"] as const) {
      if (raw[flag] === undefined) continue;
      throw new UsageError(
        `Cannot combine --replay with --${flag}: it runs one schedule, and all of that is in its string.`,
        "Leave one of them out.",
      );
    }
  }
  const strategy = strategyOf(raw.strategy);
  if (raw.switches !== undefined && strategy !== "portfolio" && strategy !== "depth-first") {
    throw new UsageError(
      `Cannot combine --switches with --strategy ${strategy}: only the systematic search counts them.`,
      "Leave one of them out, or write --strategy depth-first.",
    );
  }
  folderOf("--svg", raw.svg);
  folderOf("--trace", raw.trace);
  return {
    file,
    only: raw.only,
    budget: budgetOf(raw.budget ?? "2000"),
    switches: raw.switches === undefined ? undefined : whole("--switches", raw.switches, 2),
    seed: whole("--seed", raw.seed ?? "1", 7),
    strategy,
    replay: raw.replay,
    svg: raw.svg,
    trace: raw.trace,
    strict: raw.strict ?? false,
    json: raw.json ?? false,
  };
}

function strategyOf(text = "portfolio"): ExploreStrategy {
  const strategy = STRATEGIES.find((one) => one === text);
  if (strategy !== undefined) return strategy;
  throw new UsageError(
    `Cannot use --strategy "${printable(text)}": there is none of that name.`,
    `Leave it out, or choose one of ${STRATEGIES.join(", ")}.`,
  );
}

function budgetOf(text: string): ExploreCommandOptions["budget"] {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  const value = Number(digits);
  if (value > 0 && unit !== undefined) return { ms: value * UNITS[unit]! };
  if (value > 0 && Number.isSafeInteger(value)) return { schedules: value };
  throw new UsageError(
    `Cannot use --budget "${printable(text)}": it takes a number of schedules, or a time (ms, s, m).`,
    "Write for example --budget 5000 or --budget 30s.",
  );
}

function whole(flag: string, text: string, example: number): number {
  const value = wholeNumberIn(text);
  if (value >= 0) return value;
  throw new UsageError(
    `Cannot use ${flag} "${printable(text)}": it takes a whole number (0 or more).`,
    `Write for example ${flag} ${example}.`,
  );
}

/** Found out before a long search, not after it. */
function folderOf(flag: string, file: string | undefined): void {
  if (file === undefined) return;
  const isFolder = (path: string): boolean =>
    statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const folder = dirname(file);
  if (file === "" || isFolder(file))
    throw new UsageError(
      `Cannot use ${flag} "${printable(file)}": it is no file.`,
      `Name one: ${flag} failure.`,
    );
  if (!isFolder(folder))
    throw new UsageError(
      `Cannot use ${flag} "${printable(file)}": there is no folder ${printable(folder)}.`,
      `Make it first: mkdir -p ${printable(folder)}`,
    );
}
