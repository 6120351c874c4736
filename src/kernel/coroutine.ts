/**
 * Marking. `coroutine(fn)` marks the generator function itself: its `prototype` gets a `[Symbol.iterator]`
 * that makes a frame, so a plain `yield* fn()` goes through the loop, also by the function's own inner name
 * (recursion), as a method, through `super`. A wrapper would let the inner name delegate natively, in
 * silence, and with it lose cancellation.
 */
import type { Awaitable } from "./awaitable.ts";
import { InvalidStateError } from "./errors.ts";
import { Frame } from "./frame.ts";
import { isGenerator } from "./generator.ts";
import { describe, COROUTINE, notByHand } from "./misuse.ts";
import { recorded } from "./unawaited.ts";

/** What a call of a coroutine function gives: lazy, and awaited once, with `yield*` or by a task. */
export interface Coroutine<T> extends Awaitable<T> {
  readonly [Symbol.toStringTag]: string;
}

/**
 * Marks a generator function as a coroutine and returns it: called with `yield*`, it runs in a frame of its
 * own, so a resume costs the same at any depth, and cancellation unwinds it right however its `finally`
 * blocks suspend. Methods and functions declared elsewhere may be marked after the fact.
 *
 * @throws TypeError if `fn` is not a generator function.
 * @example
 * ```ts
 * import { coroutine, run, sleep } from "cede";
 *
 * const greet = coroutine(function* greet(name: string) {
 *   yield* sleep(10);
 *   return `Hello ${name}`;
 * });
 * console.log(await run(() => greet("World"))); // prints: Hello World
 * ```
 */
export function coroutine<This, Arguments extends unknown[], T>(
  fn: (this: This, ...args: Arguments) => Awaitable<T>,
): (this: This, ...args: Arguments) => Coroutine<T> {
  const prototype: unknown = typeof fn === "function" ? (fn as { prototype?: unknown }).prototype : undefined;
  if (!isGenerator(prototype)) {
    throw new TypeError(
      `Cannot mark ${describe(fn)} as a coroutine: it is not a generator function. Write \`function*\`; ` +
        "an arrow, a method without the star, or an async function cannot be one.",
    );
  }
  if (!(COROUTINE in prototype)) {
    Object.defineProperties(prototype, methods);
    Object.defineProperty(prototype, COROUTINE, { value: fn.name });
    functions.set(prototype, fn);
  }
  return recorded(fn as (this: This, ...args: Arguments) => Coroutine<T>);
}

const functions = new WeakMap<object, object>();

/** The marked function, if it is one, that made a generator. */
export function functionOf(generator: object): object | undefined {
  return functions.get(Object.getPrototypeOf(generator) as object);
}

function hidden(value: unknown): PropertyDescriptor {
  return { value, writable: true, configurable: true, enumerable: false };
}

function refuse(this: object): never {
  throw notByHand(describe(this));
}

const methods = {
  [Symbol.iterator]: hidden(function open(this: Awaitable<unknown>): Frame {
    return new Frame(this);
  }),
  next: hidden(refuse),
  return: hidden(refuse),
  throw: hidden(refuse),
  then: hidden(function then(this: object): never {
    throw new InvalidStateError(
      `Cannot await ${describe(this)} with \`await\`: write \`yield*\` in a coroutine, or ` +
        "`await run(() => …)` in an async function.",
    );
  }),
};
