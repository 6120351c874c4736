import type { WriteStream } from "node:tty";
import type { Palette } from "../render/palette.ts";
import { describeTerminal } from "../render/terminal.ts";
import { clip } from "../render/text.ts";
import { plural } from "../render/units.ts";
import { Animation } from "./animation.ts";
import { liveFrame } from "./live-frame.ts";
import type { Progress } from "./report.ts";
import { closing, summary } from "./summary.ts";
import { failures, finalTable, Table } from "./table.ts";
import type { Run, View } from "./view.ts";

/** For a terminal: the waterfall grows in place, and stays when all is done. */
export class LiveView implements View {
  readonly #stream: WriteStream;
  readonly #palette: Palette;
  #current: { progress: Progress; table: Table; animation: Animation } | undefined;

  constructor(stream: WriteStream, palette: Palette) {
    this.#stream = stream;
    this.#palette = palette;
  }

  begin(progress: Progress, how: string): void {
    const palette = this.#palette;
    const table = new Table(progress.urls, palette);
    const from = table.origin === undefined ? "" : `, from ${table.origin}`;
    const title = clip(`${plural(progress.urls.length, "page")}, ${how}${from}`, this.#screen.width);
    this.#print([...(this.#current === undefined ? [] : [""]), palette.strong(title)]);
    const animation = new Animation(this.#stream, (screen) => liveFrame(progress, table, palette, screen));
    this.#current = { progress, table, animation };
    animation.start();
  }

  finished(): void {
    // The next picture shows it: a page may be done every few microseconds.
  }

  end(): void {
    const { progress, table, animation } = this.#current!;
    animation.stop();
    const { width, height } = this.#screen;
    const rows = finalTable(table, progress, width);
    const result = summary(progress, (url) => table.nameOf(url), this.#palette, width);
    // What failed has scrolled away in a long table: it is said again.
    const again = rows.length > height - result.length - 2 ? failures(table, progress, width) : [];
    this.#print([...rows, ...again, ...result]);
  }

  close(runs: readonly Run[], saved: string | undefined): void {
    this.#print(closing(runs, saved, this.#palette, this.#screen.width, true));
  }

  get #screen() {
    return describeTerminal(this.#stream);
  }

  #print(lines: readonly string[]): void {
    if (lines.length > 0) this.#stream.write(`${lines.join("\n")}\n`);
  }
}
