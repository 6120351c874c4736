/**
 * Places in the program, for tests that do not run in debug mode: a few of them are looked at, and only where something is
 * told of them. A place is a stack, captured there and read when somebody asks.
 */

/** How deep inside the library the program may be asked from: its own lines are left out. */
const DEEPEST = 32;

// V8's stack API, which the language does not know. Elsewhere the limit does nothing.
const StackError = Error as unknown as { stackTraceLimit: number };

/** The folder that the library's modules are in; `null` where they are bundled with the program's. */
const library: string | null =
  new Error().stack
    ?.split("\n")
    .map((line) => /^(.*[/\\])testing[/\\]code-place\.[jt]s:/.exec(fileOf(line) ?? "")?.[1])
    .find((folder) => folder !== undefined) ?? null;

export class CodePlace {
  readonly #captured: Error;

  /** Where the program is now. */
  constructor() {
    const { stackTraceLimit } = StackError;
    // With Reflect, since it may be frozen: then less may be seen.
    Reflect.set(StackError, "stackTraceLimit", DEEPEST);
    this.#captured = new Error();
    Reflect.set(StackError, "stackTraceLimit", stackTraceLimit);
  }

  /** The innermost line of the program, up to whoever turns the loop: "file:///app/api.ts:40:7". */
  get known(): string | undefined {
    for (const line of this.#lines()) return line;
    return undefined;
  }

  /** All of its lines up to there, the innermost first, as far as they were captured. */
  get path(): string {
    return [...this.#lines()].join("\n");
  }

  *#lines(): Iterable<string> {
    for (const line of this.#captured.stack?.split("\n") ?? []) {
      const file = fileOf(line);
      if (file === null || /^(?:node|ext|native|bun):/.test(file)) continue;
      if (library === null || !file.startsWith(library)) {
        yield file;
        continue;
      }
      const path = file.slice(library.length);
      if (/^(?:cli|examples)[/\\]/.test(path)) yield file; // it stands in the same folder
      else if (/^kernel[/\\]loop\./.test(path) && /\brun[ @]/.test(line)) return;
    }
  }

  /** Whether it is the platform itself that called what captured this, which is the function of that name. */
  calledByPlatform(name: RegExp): boolean {
    const lines = (this.#captured.stack ?? "").split("\n");
    const own = lines.findIndex((line) => name.test(line));
    return lines[own + 1]?.includes("node:internal/") ?? false;
  }
}

/** " at app.ts:4:5", for messages; "" where it is not known. */
export function at(place: CodePlace | undefined): string {
  const known = place?.known;
  return known === undefined ? "" : ` at ${known}`;
}

/** The place in a line of a stack: "    at name (file:1:2)", "    at file:1:2", and "name@file:1:2" elsewhere. */
function fileOf(line: string): string | null {
  return /(?:\(|@|^\s*at (?:async )?)([^()@\s][^()]*:\d+:\d+)\)?$/.exec(line)?.[1] ?? null;
}
