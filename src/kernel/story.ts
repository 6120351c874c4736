/**
 * The story of an error. The loop resumes the innermost frame directly, so an error thrown there has a stack that
 * knows nothing of the coroutines that called it, and none knows who created the task. So where an error leaves a
 * frame, or is thrown to whoever waited, its `stack` gets what the engine cannot see, below what it has seen:
 *
 *     Error: no such page
 *         at fetchPage (file:///app/pages.ts:12:9)
 *         at download (cede)
 *         at task download#2 created by main#1 (cede)
 *         at collect (cede)
 *         at task main#1 (cede)
 *
 * These are lines as V8 writes them: a name, and in parentheses the place; `cede` where none is known. In debug mode
 * it is: then a caller's line says where it called, and a task's where it was created. What the engine has written is
 * left without the library's own lines, which say nothing of the program; of callers that ran inline it has written
 * the nearest itself.
 *
 * Each task tells its part once, when the error is first seen in it; an error that passes through many tasks, or is a
 * constant thrown again and again, tells of the first few. Names are kept, never frames: an error may be kept for
 * long. Text is made only when the stack is read. What cannot be told of stays as it is: what is no error, what is
 * frozen, a stack with a getter of its own.
 */
import type { Runner } from "./current.ts";
import { nameOf } from "./misuse.ts";
import { placeFor, placeOf, type Place } from "./place.ts";
import { isOf, parse } from "./stack.ts";

/** How many callers are told, nearest and furthest, and how many are counted at most. */
const NEAREST = 16;
const FURTHEST = 4;
const COUNTED = 1000;
const TASKS = 8;

/** A frame, as far as this needs to know it. */
interface Caller {
  readonly source: unknown;
  readonly parent: Caller | null;
  readonly scope: Around | null;
}

/** A scope, likewise. */
interface Around {
  readonly outer: Around | null;
  readonly isTask: boolean;
  readonly body?: { readonly name: string } | null;
}

interface Line {
  readonly name: string;
  readonly place: Place | null;
}

/** What one task tells. */
class Chapter {
  readonly loop: object;
  readonly id: number;
  readonly lines: Line[] = [];
  /** How many callers are left out after the nearest; `Infinity`: they were not counted. */
  elided = 0;
  constructor(task: Runner) {
    this.loop = task.loop;
    this.id = task.id;
  }
}

interface Story {
  /** What the engine has written; `null` where it writes when it is asked. */
  readonly text: string | null;
  readonly chapters: Chapter[];
}

/** What a class that extends it makes is the object that it is given, which gets the private fields of that class. */
export class Given {
  constructor(object: object) {
    return object;
  }
}

/** A private field on an object of somebody else's: what a `WeakMap` would be, for a tenth of its cost. */
class Told extends Given {
  readonly #story: Story;

  constructor(error: object, story: Story) {
    super(error);
    this.#story = story;
  }

  static storyOf(error: object): Story | undefined {
    return #story in error ? error.#story : undefined;
  }
}

/** The engine's own getter, where stacks have one: it writes the text when it is read. */
const native = Object.getOwnPropertyDescriptor(new Error(), "stack")?.get;

/** The last error that was thrown through a frame that ran inline, and the first and the last of those frames. */
let thrown: unknown = null;
let thrower: Caller | null = null;
let passed: Caller | null = null;

/** Remembers which frame threw: one that ran inline is gone when the loop hears of its error. */
export function thrownThrough(frame: Caller, error: unknown): void {
  // The same one anew, if it had been caught: a constant, say.
  if (error !== thrown || passed!.parent !== frame) thrower = frame;
  thrown = error;
  passed = frame;
}

/** For the end of a turn: what was thrown may be large. */
export function forgetThrown(): void {
  thrown = thrower = passed = null;
}

/** Tells of an error that is on its way out of `frame`, in `task`. */
export function told(error: unknown, task: Runner, frame: Caller): void {
  tell(error, task, frame, null);
}

/** Tells of one that is thrown to the task's top frame, which waited; and gives it back. */
export function toldWaiting(error: unknown, task: Runner): unknown {
  tell(error, task, (task as unknown as { top: Caller | null }).top, placeFor(task));
  return error;
}

/** Leaves out of an error's stack what tells nothing of the program; and gives it back. */
export function cleaned(error: unknown): unknown {
  tell(error, null, null, null);
  return error;
}

function tell(error: unknown, task: Runner | null, frame: Caller | null, here: Place | null): void {
  try {
    const chapters = error instanceof Error ? chaptersOf(error) : undefined;
    if (chapters === undefined || task === null || chapters.length >= TASKS) return;
    for (const { id, loop } of chapters) if (id === task.id && loop === task.loop) return;
    chapters.push(chapterOf(task, here === null ? innermost(error, frame) : frame, here));
  } catch {
    // What explodes when it is looked at has no story.
  }
}

/** The frame that threw, if it ran inline above this one. */
function innermost(error: unknown, frame: Caller | null): Caller | null {
  let inline = error === thrown ? thrower : null;
  while (inline !== null && inline !== frame) inline = inline.parent;
  return inline === null ? frame : thrower;
}

function chaptersOf(error: Error): Chapter[] | undefined {
  let story = Told.storyOf(error);
  if (story === undefined) {
    const stack = Object.getOwnPropertyDescriptor(error, "stack");
    if (stack === undefined || !stack.configurable) return undefined;
    if (stack.get === undefined ? typeof stack.value !== "string" : stack.get !== native) return undefined;
    story = { text: stack.get === undefined ? (stack.value as string) : null, chapters: [] };
    void new Told(error, story);
    Object.defineProperty(error, "stack", accessor);
  }
  return story.chapters;
}

function chapterOf(task: Runner, frame: Caller | null, here: Place | null): Chapter {
  const chapter = new Chapter(task);
  const { lines } = chapter;
  const last: Line[] = [];
  let place = here;
  let counted = 0;
  let at = frame;
  for (; at !== null && counted < COUNTED; at = at.parent) {
    const name = nameOfFrame(at);
    if (name !== "" || place !== null) {
      if (lines.length < NEAREST) lines.push({ name, place });
      else if (last.push({ name, place }) > FURTHEST) {
        last.shift();
        chapter.elided++;
      }
    }
    place = placeOf(at);
    counted++;
  }
  if (at === null) lines.push(...last);
  else chapter.elided = Infinity;
  const { creator } = task;
  lines.push({
    name: `task ${task.name}${creator === null ? "" : ` created by ${creator.name}`}`,
    place: placeOf(task),
  });
  return chapter;
}

/** The name of its coroutine, or of the function that was to run in the scope that it opened; "" where none is known. */
export function nameOfFrame({ source, scope, parent }: Caller): string {
  const name = nameOf(source);
  if (name !== "") return name;
  for (let at = scope; at !== null && !at.isTask && at !== parent?.scope; at = at.outer) {
    if (at.body) return at.body.name;
  }
  return "";
}

const accessor: PropertyDescriptor = {
  configurable: true,
  enumerable: false,
  get(this: object): unknown {
    for (let at: object | null = this; at !== null; at = Object.getPrototypeOf(at) as object | null) {
      const story = Told.storyOf(at);
      if (story !== undefined) return written(story, at, story.text ?? native!.call(at));
    }
    return undefined;
  },
  set(this: object, value: unknown): void {
    Object.defineProperty(this, "stack", { value, writable: true, configurable: true, enumerable: false });
  },
};

function written({ chapters }: Story, error: object, text: unknown): unknown {
  if (typeof text !== "string") return text; // the program has a way of its own to write stacks
  const message: unknown = Object.getOwnPropertyDescriptor(error, "message")?.value;
  const isEngines =
    error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  const stack = parse(text, typeof message === "string" ? message : "", isEngines);
  const lines = [...stack.message, ...stack.inside];
  chapters.forEach((chapter, n) => {
    // What the engine has seen, it has told: its lines have places.
    const told = n === 0 ? countTold(chapter, stack.written) : 0;
    chapter.lines.forEach((line, i) => {
      if (chapter.elided > 0 && i === NEAREST) {
        lines.push(`    ... ${chapter.elided === Infinity ? "further" : chapter.elided} callers`);
      }
      if (i >= told) lines.push(lineOf(line));
    });
  });
  return [...lines, ...stack.outside].join("\n");
}

/** How many of the nearest callers are among what the engine has written, in their order. */
function countTold({ lines }: Chapter, written: readonly string[]): number {
  const most = Math.min(lines.length - 1, NEAREST);
  let told = 0;
  for (const text of written) {
    if (told === most) break;
    const { name, place } = lines[told]!;
    if (name === "" ? text.includes(place!.text) : isOf(name, text)) told++;
  }
  return told;
}

function lineOf({ name, place }: Line): string {
  const where = place === null ? "cede" : place.text;
  return name === "" ? `    at ${where}` : `    at ${name} (${where})`;
}
