/** Mistakes that types cannot see, or that come from plain JavaScript, explained where they are made. */
import { Lazy } from "./awaitable.ts";
import { isObject, InvalidStateError } from "./errors.ts";
import { isGenerator } from "./generator.ts";

/** On the prototype of what a marked function makes: its name. */
export const COROUTINE: unique symbol = Symbol.for("cede.coroutine") as never;
/** On what a plain `function*` made, where it is known: that function's name. */
const NAME: unique symbol = Symbol("name") as never;
/** On a generator that somebody awaits, or has awaited: the frame. */
export const AWAITED: unique symbol = Symbol("awaited") as never;

/** Gives what a function made its name, if it has none of its own. */
export function namedAfter<T>(fn: { readonly name: string }, made: T): T {
  if (!isGenerator(made) || COROUTINE in made) return made;
  const { name } = fn; // asked for last: to tell a function's name costs more than all the rest
  if (name !== "") (made as { [NAME]?: string })[NAME] = name;
  return made;
}

/** The name of a function, or of the one that made a generator; "" where it is not known. */
export function nameOf(source: unknown): string {
  if (typeof source === "function") return source.name;
  if (!isGenerator(source)) return "";
  const { [COROUTINE]: marked, [NAME]: given } = source as { [COROUTINE]?: string; [NAME]?: string };
  return marked ?? given ?? "";
}

export function notByHand(what: string): TypeError {
  return new TypeError(
    `Cannot iterate over ${what}: it is polled by the loop, not by \`for … of\`, spread, or a call of ` +
      "`next()`. Write `yield*`; an iterator written by hand must pass its argument on, as in " +
      "`next(value) { return inner.next(value) }`.",
  );
}

export function outside(what: string): InvalidStateError {
  return new InvalidStateError(
    `Cannot wait for ${what}: no task is running here. Await it with \`yield*\` in a coroutine that ` +
      "`run` or `createTask` started.",
  );
}

export function polledByHand(what: string, task: string): InvalidStateError {
  return new InvalidStateError(
    `Cannot poll ${what}: ${task} is already parked. Awaitables are polled by \`yield*\` only; to wait ` +
      "for several at once, use `all`, `asCompleted` or a `taskGroup`.",
  );
}

export function awaitedTwice(generator: object): InvalidStateError {
  return new InvalidStateError(
    `Cannot await ${describe(generator)} again: a coroutine is awaited once, by one task. Call its function ` +
      "again, or start it with `createTask` and await the task as often as you like.",
  );
}

/** The stack cannot show where: the generator is suspended when it is made. So it names the coroutine, or the task. */
export function wrongYield(value: unknown, generator: object, task: string): Error {
  const name = nameOf(generator);
  try {
    return new TypeError(
      `Cannot yield ${describe(value)} in ${name ? `coroutine ${name}` : task}: ${yieldHint(value)}`,
    );
  } catch (error) {
    return error as Error; // it is one that explains itself when it is looked at, or a broken proxy
  }
}

/** An error for a `yield` that cannot be told from an escape. */
export function bareYield(frame: string): InvalidStateError {
  return new InvalidStateError(
    `Cannot yield in the cleanup of ${frame}: a bare \`yield\` cannot be told from one of a plain helper, whose ` +
      "cleanup would escape. Write `yield* cede()`.",
  );
}

/** Whether it is a coroutine that nobody has awaited. */
export function isUnawaited(value: object): boolean {
  if (!isGenerator(value)) return false; // before it is asked for anything: it may be a strict proxy
  const { [COROUTINE]: name, [AWAITED]: awaited } = value as { [COROUTINE]?: string; [AWAITED]?: object };
  return name !== undefined && awaited === undefined;
}

/** An error for a frame that returned what nobody has awaited. */
export function notAwaited(value: object): TypeError {
  const { [COROUTINE]: name } = value as { [COROUTINE]?: string };
  return new TypeError(
    `Cannot return ${describe(value)}, which nobody has awaited: did you forget \`yield*\`? Write ` +
      `\`return yield* ${name === undefined ? "…" : `${name || "…"}(…)`}\`.`,
  );
}

/** An error for a body or a task's function that gave something that cannot be awaited. */
export function notAwaitable(value: unknown): TypeError {
  return new TypeError(`Cannot run ${describe(value)}: ${runHint(value)}`);
}

/** In words, for messages. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 39)}…` : value);
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (!isObject(value)) return String(value);
  const name = (value as { [COROUTINE]?: string })[COROUTINE];
  if (name !== undefined) return name === "" ? "a coroutine" : `the coroutine ${name}(…)`;
  if (isGenerator(value)) return "a generator";
  const { label } = value as { label?: unknown };
  if (typeof label === "string" && Symbol.iterator in value) return label; // a task, a future, a sleep
  if (value instanceof Lazy) return "an awaitable";
  if (isPromise(value)) return "a promise";
  if (Symbol.asyncIterator in value) return "an async iterable";
  if (Array.isArray(value)) return "an array";
  return `an object (${String((value as { constructor?: { name?: string } }).constructor?.name || "no class")})`;
}

function yieldHint(value: unknown): string {
  if (Array.isArray(value)) return "to wait for several at once, write `yield* all([…])`.";
  if (isObject(value) && Symbol.iterator in value) return "did you write `yield` for `yield*`?";
  if (isPromise(value)) return "write `yield* until(promise)`.";
  if (typeof value === "function") return "call it, and write `yield*`.";
  return "a coroutine yields nothing (`yield;` gives way for one turn) or delegates with `yield*`.";
}

function runHint(value: unknown): string {
  if (isPromise(value))
    return "write the body as `function*` instead of `async`, or return `until(promise)`.";
  if (isObject(value) && Symbol.asyncIterator in value)
    return "write the body as `function*` instead of `async function*`.";
  if (value === undefined)
    return "there is nothing to await. Write the body as `function*`, or return an awaitable.";
  return "what is run is an awaitable, or a function that returns one (a `function*`, say).";
}

function isPromise(value: unknown): boolean {
  return isObject(value) && typeof (value as { then?: unknown }).then === "function" && !isGenerator(value);
}
