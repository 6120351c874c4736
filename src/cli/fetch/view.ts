import type { Page, Progress } from "./report.ts";

/** Somebody who watches the job. Two runs come with `--compare`, else one. */
export interface View {
  /** `how` is in words: "concurrently", "8 at a time", "one after another". */
  begin(progress: Progress, how: string): void;
  finished(page: Page): void;
  end(): void;
  /** After the last run, also after an interruption. */
  close(runs: readonly Run[], saved: string | undefined): void;
}

export interface Run {
  readonly how: string;
  readonly progress: Progress;
}

export interface Output {
  write(text: string): void;
}
