import type { Palette } from "../render/palette.ts";
import { address } from "../render/text.ts";
import { duration, plural, size, UNIT_WIDTH } from "../render/units.ts";
import type { Page, Progress } from "./report.ts";
import { closing, summary } from "./summary.ts";
import type { Output, Run, View } from "./view.ts";

const WIDTH = 100;

/** For a pipe: one line a page, as it is done, with its whole address, and nothing that moves. */
export class PlainView implements View {
  readonly #out: Output;
  readonly #palette: Palette;
  readonly #titles: boolean;
  #progress: Progress | undefined;

  constructor(out: Output, palette: Palette, titles: boolean) {
    this.#out = out;
    this.#palette = palette;
    this.#titles = titles;
  }

  begin(progress: Progress, how: string): void {
    const title = `${plural(progress.urls.length, "page")}, ${how}:`;
    if (this.#titles) this.#print(this.#progress === undefined ? [title] : ["", title]);
    this.#progress = progress;
  }

  finished(page: Page): void {
    this.#print([plainLine(page, this.#palette)]);
  }

  end(): void {
    this.#print(summary(this.#progress!, address, this.#palette, Infinity));
  }

  close(runs: readonly Run[], saved: string | undefined): void {
    this.#print(closing(runs, saved, this.#palette, WIDTH, false));
  }

  #print(lines: readonly string[]): void {
    if (lines.length > 0) this.#out.write(`${lines.join("\n")}\n`);
  }
}

/** `ok    200   412 ms  14.2 kB  http://…`, and behind the address of a failed page its reason. */
function plainLine(page: Page, palette: Palette): string {
  const failed = page.error !== undefined;
  const outcome = failed ? palette.bad("failed") : `${palette.good("ok")}    `;
  const status = String(page.status ?? "--").padStart(3);
  const time = duration(page.ms).padStart(UNIT_WIDTH);
  const bytes = size(page.bytes).padStart(UNIT_WIDTH);
  const retries = page.retries === undefined ? "" : ` (${page.retries + 1} attempts)`;
  const reason = failed ? `  ${palette.bad(page.error + retries)}` : "";
  return `${outcome}  ${status}  ${time}  ${bytes}  ${address(page.url)}${reason}`;
}
