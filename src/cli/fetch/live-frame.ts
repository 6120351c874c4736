import type { Palette } from "../render/palette.ts";
import { clip } from "../render/text.ts";
import { count, duration } from "../render/units.ts";
import { slowestOf, type Progress } from "./report.ts";
import type { Table } from "./table.ts";

// One picture of a run under way, made to fit the screen: pages that are done, the latest last, then some
// that are waited for, then how far it is. It draws what is seen and no more, so 10,000 pages cost as much
// as 20.

export interface Screen {
  readonly width: number;
  readonly height: number;
}

/** A run of fewer pages is seen whole; then a bar of progress would tell nothing. */
const MANY = 20;

export function liveFrame(progress: Progress, table: Table, palette: Palette, screen: Screen): string[] {
  const { width } = screen;
  const nowMs = progress.elapsedMs;
  const times = table.axis(nowMs, width);
  const room = Math.max(0, screen.height - (times === "" ? 2 : 3));

  // What is done comes first; a third of the screen is kept for what is waited for.
  const waitingLeast = Math.min(progress.running.size, Math.floor(room / 3));
  const done = latest(progress, table, room - waitingLeast, width);
  const waiting: string[] = [];
  for (const [index, startMs] of progress.running) {
    if (done.length + waiting.length >= room) break;
    waiting.push(table.waiting(index, startMs, nowMs, width));
  }
  const footer = progressLine(progress, palette, width, progress.urls.length > Math.min(room, MANY));
  return [...(times === "" ? [] : [times]), ...done, ...waiting, footer];
}

/** `━━━━━━━━━──────  1,204 of 2,000, 3 failed  0.84 s` */
export function progressLine(progress: Progress, palette: Palette, width: number, withBar = true): string {
  const { pages, urls, failed } = progress;
  const done = `${count(pages.length)} of ${count(urls.length)}`;
  const failures = failed === 0 ? "" : `, ${count(failed)} failed`;
  const time = `  ${duration(progress.elapsedMs)}`;
  const text = `${done}${failures}${time}`;
  const room = Math.min(60, width - text.length - 2);
  if (!withBar || room < 8) return clip(text, width);
  const filled = urls.length === 0 ? room : Math.floor((pages.length / urls.length) * room);
  const bar = palette.good("━".repeat(filled)) + palette.quiet("─".repeat(room - filled));
  return `${bar}  ${done}${palette.bad(failures)}${palette.quiet(time)}`;
}

/** The rows of the pages that were done last: as many whole ones as there is room for. */
function latest(progress: Progress, table: Table, room: number, width: number): string[] {
  const { pages, elapsedMs } = progress;
  const slowest = slowestOf(pages);
  const rows: string[][] = [];
  let height = 0;
  for (let index = pages.length - 1; index >= 0; index--) {
    const row = table.page(pages[index]!, elapsedMs, width, pages[index] === slowest);
    if ((height += row.length) > room) break;
    rows.push(row);
  }
  return rows.reverse().flat();
}
