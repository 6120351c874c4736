import type { Palette } from "../render/palette.ts";
import { clip, shorten, wrap } from "../render/text.ts";
import { count, duration, size, UNIT_WIDTH } from "../render/units.ts";
import { axis, bar } from "../render/waterfall.ts";
import { labels, type Labels } from "./labels.ts";
import { slowestOf, type Page, type Progress } from "./report.ts";

// The rows of the terminal: what came, when, and how long it took. A row is never longer than the terminal
// is wide; a narrow one loses the size first, then the bar.

interface Columns {
  readonly width: number;
  readonly size: boolean;
  readonly name: number;
  /** 0: there is no room for bars. */
  readonly bar: number;
}

const MARK_AND_STATUS = 5;
const GAP = 2;
const LEAST_BAR = 10;

export class Table {
  readonly #labels: Labels;
  readonly #byUrl = new Map<string, string>();
  readonly #longest: number;
  readonly #palette: Palette;

  constructor(urls: readonly string[], palette: Palette) {
    this.#labels = labels(urls);
    urls.forEach((url, index) => this.#byUrl.set(url, this.#labels.names[index]!));
    this.#longest = this.#labels.names.reduce((most, name) => Math.max(most, name.length), 0);
    this.#palette = palette;
  }

  get origin(): string | undefined {
    return this.#labels.origin;
  }

  nameOf(url: string): string {
    return this.#byUrl.get(url)!;
  }

  /** The line of times above the bars; empty where there are no bars. */
  axis(scaleMs: number, width: number): string {
    const columns = this.#columns(width);
    const times = axis(scaleMs, columns.bar);
    return times === "" ? "" : this.#palette.quiet(" ".repeat(columns.width - columns.bar) + times);
  }

  /** A page that is done: a row, and its reason beneath when it failed. */
  page(page: Page, scaleMs: number, width: number, slowest = false): string[] {
    const { quiet, good, bad, strong } = this.#palette;
    const columns = this.#columns(width);
    const failed = page.error !== undefined;
    const status = String(page.status ?? "--").padStart(3);
    const line = this.#line(columns, {
      mark: failed ? bad("✗") : good("✓"),
      status: failed ? bad(status) : status,
      time: duration(page.ms),
      size: quiet(size(page.bytes).padStart(UNIT_WIDTH)),
      name: this.nameOf(page.url),
      paintName: failed ? bad : slowest ? strong : (text) => text,
      bar: bar(page.startMs, page.ms, scaleMs, columns.bar),
      paintBar: failed ? bad : slowest ? this.#palette.slowest : this.#palette.bar,
    });
    if (!failed) return [line];
    const retries = page.retries === undefined ? "" : ` (${page.retries + 1} attempts)`;
    const indent = width >= 60 ? "      " : "  ";
    const reason = wrap(page.error + retries, width - indent.length);
    return [line, ...reason.map((text) => indent + bad(text))];
  }

  /** A page that is being waited for: the same row, quiet, its bar still growing. */
  waiting(index: number, startMs: number, nowMs: number, width: number): string {
    const { quiet } = this.#palette;
    const columns = this.#columns(width);
    return this.#line(columns, {
      mark: quiet("·"),
      status: "   ",
      time: duration(nowMs - startMs),
      size: " ".repeat(UNIT_WIDTH),
      name: this.#labels.names[index]!,
      paintName: quiet,
      bar: bar(startMs, nowMs - startMs, nowMs, columns.bar, "┄"),
      paintBar: quiet,
    });
  }

  #line(columns: Columns, cells: Cells): string {
    const gap = " ".repeat(GAP);
    const name = shorten(cells.name, columns.name);
    const parts = [`${cells.mark} ${cells.status}`, cells.time.padStart(UNIT_WIDTH)];
    if (columns.size) parts.push(cells.size);
    const padding = columns.bar > 0 ? " ".repeat(columns.name - name.length) : "";
    parts.push(cells.paintName(name) + padding);
    if (columns.bar > 0) parts.push(cells.paintBar(cells.bar));
    return parts.join(gap);
  }

  #columns(width: number): Columns {
    const size = width >= 60;
    const fixed = MARK_AND_STATUS + (GAP + UNIT_WIDTH) * (size ? 2 : 1) + GAP;
    const room = width - fixed;
    if (room < LEAST_BAR + GAP + 8) return { width, size, name: Math.max(0, room), bar: 0 };
    const name = Math.min(this.#longest, Math.max(8, Math.floor(room * 0.45)), room - GAP - LEAST_BAR);
    return { width, size, name, bar: room - GAP - name };
  }
}

interface Cells {
  mark: string;
  status: string;
  time: string;
  size: string;
  name: string;
  paintName: (text: string) => string;
  bar: string;
  paintBar: (text: string) => string;
}

const UNFINISHED = 10;

/** The whole table, as it stays on the screen; after an interruption also what was being waited for. */
export function finalTable(table: Table, progress: Progress, width: number): string[] {
  const { pages, running, elapsedMs } = progress;
  const slowest = slowestOf(pages);
  const times = table.axis(elapsedMs, width);
  const rows = times === "" ? [] : [times];
  for (const page of pages) rows.push(...table.page(page, elapsedMs, width, page === slowest));
  for (const [index, startMs] of [...running].slice(0, UNFINISHED)) {
    rows.push(table.waiting(index, startMs, elapsedMs, width));
  }
  if (running.size > UNFINISHED) rows.push(clip(`· and ${count(running.size - UNFINISHED)} more`, width));
  return rows;
}

const FAILURES = 5;

/** The first failed pages once more, for the end of a long table. */
export function failures(table: Table, progress: Progress, width: number): string[] {
  const failed = progress.pages.filter((page) => page.error !== undefined);
  if (failed.length === 0) return [];
  const rows = failed.slice(0, FAILURES).flatMap((page) => table.page(page, progress.elapsedMs, width));
  const more = failed.length - FAILURES;
  return ["", "Failed:", ...rows, ...(more > 0 ? [`and ${count(more)} more, above`] : []), ""];
}
