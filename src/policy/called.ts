import type { Awaitable } from "../kernel/awaitable.ts";
import { Frame } from "../kernel/frame.ts";
import { namedAfter } from "../kernel/misuse.ts";

/** Calls a body in a frame of its own: it may be a plain generator function whose cleanup suspends. */
export function called<Arguments extends unknown[], T>(
  fn: (...args: Arguments) => Awaitable<T>,
  ...args: Arguments
): Awaitable<T> {
  return new Frame(() => namedAfter(fn, fn(...args)));
}
