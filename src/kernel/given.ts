/**
 * What an ordinary function gave that is called and not awaited: a predicate, or one that hears of something. What it
 * gives must not be something to await: a generator would never run, and a promise, as an answer, is always true.
 */
import { Lazy, type Awaitable } from "./awaitable.ts";
import { isObject } from "./errors.ts";
import { Frame } from "./frame.ts";
import { Outcome } from "./future.ts";
import { isGenerator } from "./generator.ts";
import { describe } from "./misuse.ts";
import { checkpoint } from "./sleep.ts";
import { Wait } from "./wait.ts";

/** Gives it on, unless somebody would have to await it. `by` says which function gave it. @throws TypeError */
export function checkGiven<T>(given: T, by: string, instead = "Let it answer at once."): T {
  // A task goes on whether or not it is awaited.
  if (!isObject(given) || given instanceof Outcome) return given;
  const isPromise = typeof (given as { then?: unknown }).then === "function";
  if (!isPromise && !isToAwait(given)) return given;
  if (isPromise) void Promise.resolve(given).catch(() => {}); // the error below tells of it
  throw new TypeError(
    `Cannot wait for ${describe(given)} that ${by} gave: it is an ordinary function, which is called and not ` +
      `awaited. ${instead}`,
  );
}

/**
 * Whether a value is there to be awaited: a coroutine, a plain generator, a task, a future, whatever the library gives for
 * `yield*`, or an object written out as `{ *[Symbol.iterator]() {…} }`. Much that is data can be iterated over, too: an array, a
 * map, headers, an instance of a class of yours.
 *
 * @example
 * ```ts
 * import { sleep } from "cede";
 * import { isAwaitable } from "cede/lowlevel";
 *
 * console.log(isAwaitable(sleep(1)), isAwaitable(new Map())); // prints: true false
 * ```
 */
export function isAwaitable(value: unknown): value is Awaitable<unknown> {
  return isObject(value) && (value instanceof Outcome || value === checkpoint || isToAwait(value));
}

/** What else can be iterated over is data: an array, a map. Tasks and futures, which go on by themselves, are left out. */
export function isToAwait(value: object): value is Awaitable<unknown> {
  return (
    isGenerator(value) ||
    value instanceof Lazy ||
    value instanceof Wait ||
    value instanceof Frame ||
    (Object.hasOwn(value, Symbol.iterator) && !Array.isArray(value))
  );
}
