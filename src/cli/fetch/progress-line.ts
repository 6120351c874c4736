import type { WriteStream } from "node:tty";
import type { Palette } from "../render/palette.ts";
import { Animation } from "./animation.ts";
import { progressLine } from "./live-frame.ts";
import type { Progress } from "./report.ts";
import type { Run, View } from "./view.ts";

/** One line on standard error while another view keeps silent: `--json` goes to a file, and somebody waits. */
export class ProgressLine implements View {
  readonly #stream: WriteStream;
  readonly #palette: Palette;
  readonly #silent: View;
  #animation: Animation | undefined;

  constructor(stream: WriteStream, palette: Palette, silent: View) {
    this.#stream = stream;
    this.#palette = palette;
    this.#silent = silent;
  }

  begin(progress: Progress): void {
    this.#animation = new Animation(this.#stream, ({ width }) => [
      progressLine(progress, this.#palette, width),
    ]);
    this.#animation.start();
  }

  finished(): void {}

  end(): void {
    this.#animation!.stop();
  }

  close(runs: readonly Run[], saved: string | undefined): void {
    this.#silent.close(runs, saved);
  }
}
