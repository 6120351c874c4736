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
    this.#out.write(`${escaped(JSON.stringify(result))}\n`);
  }
}

/** JSON leaves DEL, the C1 controls and the marks of writing direction as they are; a terminal would obey. */
function escaped(json: string): string {
  return json.replace(
    /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
