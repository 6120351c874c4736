/**
 * Stacks as engines write them: what is said in each line, and what is left of one without the lines that tell a
 * program nothing, which are the library's own and those with which the engine resumes a generator.
 */

// V8's stack API, which the language does not know. Elsewhere the limit does nothing, and the text is read all the same.
const StackError = Error as unknown as { stackTraceLimit: number };

/** Has stacks of up to so many lines captured, until the function is called. */
export function limitStacks(limit: number): () => void {
  const { stackTraceLimit } = StackError;
  // With Reflect, since it may be frozen: then less may be seen.
  Reflect.set(StackError, "stackTraceLimit", limit);
  return () => Reflect.set(StackError, "stackTraceLimit", stackTraceLimit);
}

/** The place in a line of a stack: "    at name (file:1:2)", "    at file:1:2", and "name@file:1:2" elsewhere. */
export function fileOf(line: string): string | null {
  return /(?:\(|@|^\s*at (?:async )?)([^()@\s][^()]*:\d+:\d+)\)?$/.exec(line)?.[1] ?? null;
}

/** The folder that the library's modules are in; `null` where they are bundled with the program's. */
const library = ((): string | null => {
  for (const line of new Error().stack?.split("\n") ?? []) {
    const file = fileOf(line);
    if (file !== null) return /^(.*[/\\])kernel[/\\]stack\.[jt]s:/.exec(file)?.[1] ?? null;
  }
  return null;
})();

/** The loop is a part of the library. */
type Owner = "library" | "loop" | "platform" | "program";

/** Whose a file is. */
export function ownerOf(file: string): Owner {
  if (/^(?:node|ext|native|bun):/.test(file)) return "platform";
  if (library === null || !file.startsWith(library)) return "program";
  const path = file.slice(library.length);
  if (/^(?:cli|examples)[/\\]/.test(path)) return "program"; // it stands in the same folder
  return /^kernel[/\\]loop\./.test(path) ? "loop" : "library";
}

/** The parts of a stack. */
interface Parts {
  readonly message: readonly string[];
  /** All lines of what ran in the loop, and what is left of them. */
  readonly written: readonly string[];
  readonly inside: readonly string[];
  /** What is left of those of whoever turned the loop. */
  readonly outside: readonly string[];
}

/**
 * `exact`: where the error was made in the library, the line there is kept, since it may be a mistake of the library's.
 * Where that is bundled with the program, everything is kept.
 */
export function parse(text: string, message: string, exact: boolean): Parts {
  const lines = text.split("\n");
  // The message may look like a stack itself.
  const end = text.indexOf(message) + message.length;
  const head = lines.splice(0, text.includes(message) ? text.slice(0, end).split("\n").length : 1);
  const outside: string[] = [];
  if (library === null) return { message: head, written: lines, inside: lines, outside };
  const written: string[] = [];
  const inside: string[] = [];
  let turned = false;
  for (const line of lines) {
    const owner = ownerIn(line);
    turned ||= owner === "loop" && /\brun[ @]/.test(line);
    if (!turned) written.push(line);
    if (turned) {
      if (owner === "program") outside.push(line);
    } else if (owner === "library" || owner === "loop") {
      while (inside.at(-1)?.endsWith("(<anonymous>)")) inside.pop(); // the engine, on behalf of the library
      if (exact && inside.length === 0) inside.push(line);
    } else if (!/\b(?:next|return|throw) \(<anonymous>\)$/.test(line)) {
      inside.push(line);
    }
  }
  return { message: head, written, inside, outside };
}

/** Whether a line is of the function of that name. */
export function isOf(name: string, line: string): boolean {
  const [, called = ""] =
    /^\s*at (?:async )?(.*?)(?: \[as .*\])? \(/.exec(line) ?? /^(.*?)@/.exec(line) ?? [];
  return called === name || (called.endsWith(`.${name}`) && ownerIn(line) === "program");
}

function ownerIn(line: string): Owner | null {
  const file = fileOf(line);
  return file === null ? null : ownerOf(file);
}
