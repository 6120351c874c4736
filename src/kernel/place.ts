/**
 * Places in the program, for debug mode: where a coroutine was called, a task created, a scope entered, a cancellation
 * asked. A place is a stack, captured there and not read: it becomes text when somebody asks. Nothing of it is kept
 * where debug mode is off: the question is one flag, asked where things are made.
 */
import { current, type Runner } from "./current.ts";

// V8's stack API, which the language does not know. Elsewhere the limit does nothing, and the text is read all the same.
const StackError = Error as unknown as { stackTraceLimit: number };

/** How deep inside the library something may be made: its own lines are left out. */
const DEEPEST = 32;

const places = new WeakMap<object, Place>();

export class Place {
  readonly #captured: Error;

  constructor(captured: Error) {
    this.#captured = captured;
  }

  /** The file, the line and the column: "file:///app/api.ts:40:7"; "cede" if the engine does not tell. */
  get text(): string {
    return outermostLine(this.#captured.stack) ?? "cede";
  }
}

/** Where the program is now, if the task runs in debug mode. */
export function placeFor(task: Pick<Runner, "root"> | null): Place | null {
  return current.debug && task !== null && task.root.debug ? capture() : null;
}

/** Remembers where something was made. */
export function mark(thing: object, task: Pick<Runner, "root">): void {
  const place = placeFor(task);
  if (place !== null) places.set(thing, place);
}

/** Where it was made, if that was in debug mode. */
export function placeOf(thing: object): Place | null {
  return current.debug ? (places.get(thing) ?? null) : null;
}

/** " at api.ts:40:7", for messages; "" where it is not known. */
export function at(thing: object | null): string {
  const place = thing === null ? null : placeOf(thing);
  return place === null ? "" : ` at ${place.text}`;
}

function capture(): Place {
  const { stackTraceLimit } = StackError;
  // With Reflect, since it may be frozen: then less may be seen.
  Reflect.set(StackError, "stackTraceLimit", DEEPEST);
  try {
    return new Place(new Error());
  } finally {
    Reflect.set(StackError, "stackTraceLimit", stackTraceLimit);
  }
}

/** The first line that is not the library's own. */
function outermostLine(stack: string | undefined): string | null {
  for (const line of stack?.split("\n") ?? []) {
    const file = fileOf(line);
    if (file !== null && (library === null || !file.startsWith(library))) return file;
  }
  return null;
}

/** The place in a line of a stack: "    at name (file:1:2)", "    at file:1:2", and "name@file:1:2" elsewhere. */
function fileOf(line: string): string | null {
  return /(?:\(|@|^\s*at (?:async )?)([^()@\s][^()]*:\d+:\d+)\)?$/.exec(line)?.[1] ?? null;
}

/** The folder that the library's modules are in; `null` where they are bundled with the program's. */
const library = ((): string | null => {
  for (const line of new Error().stack?.split("\n") ?? []) {
    const file = fileOf(line);
    if (file !== null) return /^(.*[/\\])kernel[/\\]place\.[jt]s:/.exec(file)?.[1] ?? null;
  }
  return null;
})();
