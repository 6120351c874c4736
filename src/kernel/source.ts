/** What gives a frame its generator: a coroutine, a function, a plain generator, or any other awaitable. */
import type { Awaitable, Body } from "./awaitable.ts";
import { current } from "./current.ts";
import { isObject } from "./errors.ts";
import { isGenerator, isGeneratorFunction } from "./generator.ts";
import { AWAITED, awaitedTwice, notAwaitable } from "./misuse.ts";

type AnyGenerator = Generator<unknown, unknown, unknown>;

/** `owner` is the frame that asks. */
export function generatorOf(source: Awaitable<unknown> | Body<unknown>, owner: object): AnyGenerator {
  if (isGeneratorFunction(source)) {
    const generator = source() as AnyGenerator;
    return current.recording ? claim(generator, owner) : generator; // nobody else has it
  }
  const awaitable = typeof source === "function" ? source() : source;
  if (isGenerator(awaitable)) return claim(awaitable, owner);
  if (!isAwaitable(awaitable)) throw notAwaitable(awaitable);
  return delegate(awaitable);
}

/** Refuses, where a task is created, what it could not run; and takes a coroutine for it. */
export function checkSource(source: unknown, owner: object): void {
  if (isGenerator(source)) claim(source, owner);
  else if (typeof source !== "function" && !isAwaitable(source)) throw notAwaitable(source);
}

/** One generator has one owner: two tasks that resume it would steal each other's values. */
function claim(generator: AnyGenerator & { [AWAITED]?: object }, owner: object): AnyGenerator {
  const taken = generator[AWAITED];
  if (taken === undefined) generator[AWAITED] = owner;
  else if (taken !== owner) throw awaitedTwice(generator);
  return generator;
}

function isAwaitable(value: unknown): value is Awaitable<unknown> {
  return isObject(value) && Symbol.iterator in value;
}

/** Whether a frame's generator is the library's, and does nothing but await something. */
export function delegates(source: unknown): boolean {
  return isObject(source) && Object.getPrototypeOf(source) === delegate.prototype;
}

function* delegate(awaitable: Awaitable<unknown>): Generator<unknown, unknown, void> {
  return yield* awaitable;
}
