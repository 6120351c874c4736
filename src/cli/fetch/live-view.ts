import { createLogUpdate } from "log-update";
import type { WriteStream } from "node:tty";
import type { Palette } from "../render/palette.ts";
import { describeTerminal } from "../render/terminal.ts";
import { clip } from "../render/text.ts";
import { plural } from "../render/units.ts";
import { liveFrame } from "./live-frame.ts";
import type { Page, Progress } from "./report.ts";
import { comparison, summary } from "./summary.ts";
import { failures, finalTable, Table } from "./table.ts";
import type { Run, View } from "./view.ts";

const FRAME_MS = 60;
/** Drawing may take this share of the time: the job comes first. */
const SHARE = 0.03;

/** For a terminal: the waterfall grows in place, and stays when all is done. */
export class LiveView implements View {
  readonly #stream: WriteStream;
  readonly #palette: Palette;
  readonly #log: ReturnType<typeof createLogUpdate>;
  #progress!: Progress;
  #table!: Table;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: WriteStream, palette: Palette) {
    this.#stream = stream;
    this.#palette = palette;
    this.#log = createLogUpdate(stream);
  }

  begin(progress: Progress, how: string): void {
    this.#progress = progress;
    this.#table = new Table(progress.urls, this.#palette);
    const from = this.#table.origin === undefined ? "" : `, from ${this.#table.origin}`;
    const title = `${plural(progress.urls.length, "page")}, ${how}${from}`;
    this.#stream.write(`${this.#palette.strong(clip(title, this.#width))}\n`);
    this.#draw();
  }

  finished(_page: Page): void {
    // The next frame shows it: a page may be done every few microseconds.
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#log.clear();
    this.#log.done();
    const { width, height } = describeTerminal(this.#stream);
    const rows = finalTable(this.#table, this.#progress, width);
    const result = summary(this.#progress, (url) => this.#table.nameOf(url), this.#palette, width);
    // What failed has scrolled away in a long table: it is said again.
    const again =
      rows.length > height - result.length - 2 ? failures(this.#table, this.#progress, width) : [];
    this.#print([...rows, ...again, ...result, ""]);
  }

  close(runs: readonly Run[], saved: string | undefined): void {
    const done = runs.filter((run) => run.progress.complete);
    const times = done.map(({ how, progress }) => ({ how, runMs: progress.elapsedMs }));
    this.#print(comparison(times, this.#palette, this.#width));
    if (saved !== undefined) this.#print([saved]);
  }

  #draw = (): void => {
    const start = performance.now();
    const { width, height } = describeTerminal(this.#stream);
    this.#log(liveFrame(this.#progress, this.#table, this.#palette, { width, height }).join("\n"));
    const cost = performance.now() - start;
    this.#timer = setTimeout(this.#draw, Math.max(FRAME_MS, cost / SHARE)).unref();
  };

  get #width(): number {
    return describeTerminal(this.#stream).width;
  }

  #print(lines: readonly string[]): void {
    if (lines.length > 0) this.#stream.write(`${lines.join("\n")}\n`);
  }
}
