// What came of a program, for people: in a terminal no line is longer than it is wide.
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { ScheduleStep } from "cede/testing";
import type { Palette } from "../render/palette.ts";
import { harmless } from "../render/text.ts";
import { count, plural } from "../render/units.ts";
import type { Files } from "./files.ts";
import type { ExploreCommandOptions } from "./options.ts";
import type { Result } from "./search.ts";

export interface Found {
  readonly result: Result;
  readonly options: ExploreCommandOptions;
  readonly command: string | undefined;
  readonly written: Files | undefined;
}

export interface Looks {
  readonly palette: Palette;
  /** Infinity in a pipe. */
  readonly width: number;
}

export function inText({ result, options, command, written }: Found, { palette, width }: Looks): string {
  const { name, failure, notSearched, note, problem, details } = result;
  const strong = palette.strong(harmless(name));
  const said = (text: string, paint: (line: string) => string): string[] =>
    `${name}: ${text}`.length <= width
      ? [`${strong}: ${paint(text)}`]
      : [`${strong}:`, ...hanging(`  ${text}`, width, 2).map(paint)];
  if (problem !== undefined || note !== undefined) {
    const more = details === undefined ? [] : ["", ...indented(nearer(shortened(details)), width)];
    const what = problem === undefined ? said(harmless(note!), (line) => line) : said(problem, palette.bad);
    return lines([...what, ...more]);
  }
  if (failure === undefined) {
    const left = notSearched.map((what) => `  ${palette.quiet(`not searched: ${harmless(what)}`)}`);
    const how =
      options.replay === undefined ? withoutFailure(result) : "does not fail in this schedule any more";
    return lines([`${strong}: ${how}`, ...left]);
  }
  const how =
    options.replay === undefined
      ? `fails in the ${ordinal(failure.schedule)} schedule (seed ${options.seed})`
      : "fails in this schedule";
  const steps = shown(failure.table, failure.steps, width - 2);
  const files = Object.values(written ?? {}).map((file: string) => `Wrote ${harmless(file)}`);
  return lines([
    `${strong}: ${palette.bad(how)}`,
    "",
    ...indented(inWords(failure.error), width),
    "",
    ...steps.map((line, at) => `  ${painted(line, at, palette)}`.trimEnd()),
    "",
    ...(options.replay === undefined ? [`To run it again${others(result)}:`, `  ${harmless(command!)}`] : []),
    ...files,
  ]);
}

export function summary(results: readonly Result[], left: readonly string[], noun = "program"): string {
  const failed = results.filter(({ failure, problem }) => (failure ?? problem) !== undefined).length;
  const parts = [plural(results.length, noun), failed === 0 ? "none failed" : `${count(failed)} failed`];
  const rest = left.length > 0 ? `; not begun: ${left.map(harmless).join(", ")}` : "";
  return `\n${parts.join(", ")}${rest}\n`;
}

/** To be pasted into a shell. */
export function commandFor(file: string, name: string | undefined, replay: string): string {
  const only = name === undefined ? "" : ` --only ${quoted(name)}`;
  return `cede explore ${quoted(file)}${only} --replay '${replay}'`;
}

/** How a search has ended that has found nothing. */
export function withoutFailure({
  schedules,
  orders,
  stopped,
}: Pick<Result, "schedules" | "orders" | "stopped">): string {
  if (stopped) return `stopped, no failure in ${plural(schedules, "schedule")} until then`;
  const all =
    orders === undefined
      ? ""
      : orders === 1
        ? " (there is one order)"
        : ` (all ${count(orders)} orders there are)`;
  return `no failure in ${plural(schedules, "schedule")}${all}`;
}

/** A name takes all the tests that have it. */
function others({ namesakes = 0 }: Result): string {
  return namesakes === 0 ? "" : ` (with the ${namesakes === 1 ? "other test" : "other tests"} of that name)`;
}

const MOST_STEPS = 60;

/** The table with a column a task; where it is too wide, a list. */
function shown(table: string, steps: readonly ScheduleStep[], width: number): string[] {
  const columns = table.split("\n").map(harmless);
  if (Math.max(...columns.map(({ length }) => length)) <= width) return columns;
  const left = steps.length - MOST_STEPS;
  const blank = columns.indexOf("");
  const notes = blank < 0 ? [] : columns.slice(blank).flatMap((line) => hanging(line, width, 2));
  const list = steps.flatMap(({ number, task, outOfTurn, does }, at) => {
    if (left > 0 && at >= MOST_STEPS / 2 && at < MOST_STEPS / 2 + left)
      return at === MOST_STEPS / 2 ? [`       … ${count(left)} steps …`] : [];
    const head = `${`${number}`.padStart(4)} ${outOfTurn ? ">" : " "} `;
    return hanging(`${head}${harmless(`${task}: ${does.join(", ")}`)}`, width, head.length + 2);
  });
  return [...list, ...notes];
}

/** A line that is too long goes on below, so far to the right; no word of it is cut. */
function hanging(line: string, width: number, indent: number): string[] {
  const [own = ""] = /^ */.exec(line)!;
  const lines: string[] = [];
  let current = own;
  for (const word of line.slice(own.length).split(" ")) {
    const longer = current.trim() === "" ? current + word : `${current} ${word}`;
    if (longer.length <= width || current.trim() === "") current = longer;
    else {
      lines.push(current);
      current = " ".repeat(indent) + word;
    }
  }
  return [...lines, current];
}

function painted(line: string, at: number, palette: Palette): string {
  if (at === 0 && line.startsWith("step")) return palette.quiet(line);
  return /^ *\d+ >/.test(line) || line.startsWith(">") ? palette.slowest(line) : line;
}

function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  const own = nearer(stack);
  return error.cause === undefined ? own : `${own}\ncaused by ${inWords(error.cause)}`;
}

const MOST_LINES = 30;

/** The beginning of what a runner says. */
function shortened(text: string): string {
  const all = text.trimEnd().split("\n");
  return all.length <= MOST_LINES ? all.join("\n") : [...all.slice(0, MOST_LINES), "…"].join("\n");
}

/** Places are told from where the command was called. */
function nearer(stack: string): string {
  const own = stack.replaceAll(/file:\/\/[^\s)]+?(?=:\d+)/g, (url) => {
    const path = relative("", fileURLToPath(url));
    return path.startsWith("..") ? fileURLToPath(url) : path;
  });
  return own.replaceAll(`${process.cwd()}${sep}`, "");
}

function indented(text: string, width: number): string[] {
  return harmless(text)
    .split("\n")
    .flatMap((line) => hanging(`  ${line}`.trimEnd(), width, 4));
}

function lines(all: readonly string[]): string {
  return `${all.join("\n").trimEnd()}\n`;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./$-]+$/.test(text) && !text.includes("$") ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function ordinal(n: number): string {
  const last = n % 100 > 10 && n % 100 < 14 ? 0 : n % 10;
  return `${count(n)}${["th", "st", "nd", "rd"][last] ?? "th"}`;
}
