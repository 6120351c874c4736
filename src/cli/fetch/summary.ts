import type { Palette } from "../render/palette.ts";
import { clip, shorten, wrap } from "../render/text.ts";
import { count, duration, plural, UNIT_WIDTH } from "../render/units.ts";
import { bar } from "../render/waterfall.ts";
import { slowestOf, type Progress } from "./report.ts";
import type { Run } from "./view.ts";

/** What it came to: the run time against what the pages took together, and against the slowest one. */
export function summary(
  progress: Progress,
  nameOf: (url: string) => string,
  palette: Palette,
  width: number,
): string[] {
  const lines: string[] = [];
  const slowest = slowestOf(progress.pages);
  if (slowest !== undefined) {
    const { runMs, cumulativeMs, slowestMs } = progress.report();
    const times = `Run time ${duration(runMs)}, cumulative ${duration(cumulativeMs)}, slowest ${duration(slowestMs)}`;
    const name = shorten(nameOf(slowest.url), Math.max(width - times.length - 4, Math.min(24, width - 4)));
    lines.push(...wrap(`${times} (${name}).`, width).map(palette.strong));
  }
  const paint = progress.failed > 0 || !progress.complete ? palette.bad : palette.good;
  return [...lines, ...wrap(outcome(progress), width).map(paint)];
}

function outcome({ pages, failed, urls, complete }: Progress): string {
  const all = plural(urls.length, "page");
  const failures = failed === 0 ? "" : `, ${count(failed)} failed`;
  if (!complete) {
    const left = count(urls.length - pages.length);
    return `Interrupted: ${count(pages.length)} of ${all} done${failures}, ${left} not finished.`;
  }
  if (urls.length === 1) return failed === 0 ? "1 page fetched." : "The page was not fetched.";
  if (failed === 0) return urls.length === 2 ? "Both pages fetched." : `All ${all} fetched.`;
  return `${count(pages.length - failed)} of ${all} fetched${failures}.`;
}

/** What stands below the last run: both run times when there were two whole ones, and where bodies are. */
export function closing(
  runs: readonly Run[],
  saved: string | undefined,
  palette: Palette,
  width: number,
  bars: boolean,
): string[] {
  const whole = runs.filter(({ progress }) => progress.complete);
  const times = whole.map(({ how, progress }) => ({ how, runMs: progress.elapsedMs }));
  const compared = comparison(times, palette, width, bars);
  return [...(compared.length > 0 ? [""] : []), ...compared, ...(saved === undefined ? [] : [saved])];
}

/** Both run times; with bars, to one scale. */
export function comparison(
  runs: readonly { readonly how: string; readonly runMs: number }[],
  palette: Palette,
  width: number,
  bars = true,
): string[] {
  const [first, second] = runs;
  if (first === undefined || second === undefined) return [];
  // Where there is no room for both, it is the words that are cut, not the figures.
  const label = Math.min(Math.max(first.how.length, second.how.length), Math.max(0, width - UNIT_WIDTH - 2));
  const scaleMs = Math.max(first.runMs, second.runMs);
  const room = Math.max(0, width - label - UNIT_WIDTH - 4);
  const rows = runs.map(({ how, runMs }) => {
    const line = `${shorten(how, label).padEnd(label)}  ${duration(runMs).padStart(UNIT_WIDTH)}`;
    return !bars || room < 4 ? clip(line, width) : `${line}  ${palette.bar(bar(0, runMs, scaleMs, room))}`;
  });
  return [...rows, ...wrap(inOneSentence(second.runMs / first.runMs), width).map(palette.strong)];
}

function inOneSentence(times: number): string {
  const factor = Math.max(times, 1 / times);
  const figure = factor.toFixed(factor < 10 ? 1 : 0);
  if (figure === "1.0") return "One after another took as long.";
  return times > 1
    ? `One after another took ${figure} times as long.`
    : `One after another was ${figure} times faster.`;
}
