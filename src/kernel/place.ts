/**
 * Places in the program, for debug mode: where a coroutine was called, a task created, a scope entered, a cancellation
 * asked. A place is a stack, captured there and not read: it becomes text when somebody asks. Nothing of it is kept
 * where debug mode is off: the question is one flag, asked where things are made.
 */
import { current, type Runner } from "./current.ts";
import type { TaskInfo } from "./monitor.ts";
import { delegates } from "./source.ts";
import { fileOf, limitStacks, ownerOf } from "./stack.ts";

/** How deep inside the library something may be made: its own lines are left out. */
const DEEPEST = 32;

const places = new WeakMap<object, Place>();

export class Place {
  readonly #captured: Error;
  /** If no line of the program was: where it was made, or that was called from within which the library captured this. */
  readonly #around: Place | null;

  constructor(captured: Error, around: Place | null = null) {
    this.#captured = captured;
    this.#around = around;
  }

  /** The file, the line and the column: "file:///app/api.ts:40:7"; "cede" if it is not the program's, or not known. */
  get text(): string {
    return this.known ?? "cede";
  }

  get known(): string | undefined {
    return outermostLine(this.#captured.stack) ?? this.#around?.known;
  }
}

/** Where the program is now, if the task runs in debug mode. */
export function placeFor(task: Pick<Runner, "root"> | null): Place | null {
  return current.debug && task !== null && task.root.debug ? capture() : null;
}

/** Remembers where something was made that is marked when it is entered. */
export function markMade(thing: object, place: Place | null): void {
  if (place !== null) places.set(thing, place);
}

/** Remembers where something was made, or entered. */
export function mark(thing: object, task: Pick<Runner, "root">): void {
  if (!current.debug || !task.root.debug) return;
  const { top } = task as unknown as { top: Called | null };
  // A body such as `() => timeout(…)` has returned when what it gave is awaited.
  const around = top !== null && delegates(top.source) ? placeAround(task, top) : null;
  places.set(thing, capture(places.get(thing) ?? around));
}

/** Where it was made, if that was in debug mode. */
export function placeOf(thing: object): Place | null {
  return current.debug ? (places.get(thing) ?? null) : null;
}

/** " at api.ts:40:7", for messages; "" where it is not known. */
export function at(thing: object | null): string {
  const place = thing === null ? undefined : placeOf(thing)?.known;
  return place === undefined ? "" : ` at ${place}`;
}

/** A frame, as far as this needs to know it. */
interface Called {
  readonly source: unknown;
  readonly parent: Called | null;
}

/** Where the innermost of a task's frames was called of which that is known; or where the task was created. */
function placeAround(task: object, top: Called | null): Place | null {
  for (let frame = top; frame !== null; frame = frame.parent) {
    const place = placeOf(frame);
    if (place?.known !== undefined) return place;
  }
  return placeOf(task);
}

/** The same, of where a task waits, which may be inside the library: for the tasks of a group that is left, say. */
export function waitsAt(task: object): string {
  const { wait, top } = task as { wait: object | null; top: Called | null };
  const place = (wait === null ? undefined : placeOf(wait)?.known) ?? placeAround(task, top)?.known;
  return place === undefined ? "" : ` at ${place}`;
}

/**
 * In debug mode: the line of the program where a task is parked, as in "file:///app/api.ts:40:7". Where the library waits,
 * for the tasks of a group that is left, say, it is the line that called for that; for a task that has not begun, the one
 * that created it. `undefined` without debug mode.
 *
 * @example
 * ```ts
 * import { EventLoop, sleep } from "cede";
 * import { parkedAt } from "cede/lowlevel";
 *
 * await EventLoop.run(() => sleep(5), {
 *   debug: true,
 *   monitor: {
 *     wait(task, { label }) {
 *       console.log(`${task.name} waits for ${label}, place known: ${parkedAt(task) !== undefined}`);
 *     },
 *   },
 * });
 * // prints: main#1 waits for sleep 5 ms, place known: true
 * ```
 */
export function parkedAt(task: TaskInfo): string | undefined {
  return waitsAt(task).slice(" at ".length) || undefined;
}

function capture(around: Place | null = null): Place {
  const restore = limitStacks(DEEPEST);
  try {
    return new Place(new Error(), around);
  } finally {
    restore();
  }
}

/** The first line that is neither the library's own nor the platform's, as far as the loop: who turns it has no part in it. */
function outermostLine(stack: string | undefined): string | undefined {
  for (const line of stack?.split("\n") ?? []) {
    const file = fileOf(line);
    const owner = file === null ? null : ownerOf(file);
    if (owner === "program") return file!;
    if (owner === "loop") break;
  }
  return undefined;
}
