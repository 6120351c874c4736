import { jsonLine } from "../render/text.ts";
import type { Report } from "./report.ts";
import type { Output, Run, View } from "./view.ts";

/** For programs: one object at the end, and nothing else. */
export class JsonView implements View {
  readonly #out: Output;

  constructor(out: Output) {
    this.#out = out;
  }

  begin(): void {}
  finished(): void {}
  end(): void {}

  close(runs: readonly Run[]): void {
    const [first, second] = runs.map((run) => run.progress.report());
    if (first === undefined) return;
    const result: Report & { sequential?: Report } =
      second === undefined ? first : { ...first, sequential: second };
    this.#out.write(jsonLine(result));
  }
}
