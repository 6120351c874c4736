/**
 * What comes back from a job: its result, or its error as plain data. An error crosses with its name, message, stack, cause,
 * the errors that gave way to it, and whatever plain data it carries; where its class is one that every program has, it is made
 * an instance of that again.
 */
import * as cede from "../index.ts";
import { suppressedErrors } from "../index.ts";
import { suppress } from "../lowlevel.ts";
import * as own from "./errors.ts";
import { checkPayload } from "./payload.ts";

/** How a job ended. */
export type Envelope =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: PlainError }
  /** `error`: its cleanup failed. */
  | { readonly ok: "cancelled"; readonly error?: PlainError };

/** What was thrown, as plain data. */
export interface PlainError {
  /** What was thrown, if it is no error: nothing else is told of it then, but for `later`. */
  readonly thrown?: { readonly value: unknown };
  /**
   * The class that it is of, among those that every program has; for an instance of a class of the program's own, the one
   * that this extends. A name says nothing of it: many a class is called TimeoutError.
   */
  readonly class?: string;
  readonly name?: string;
  readonly message?: string;
  readonly stack?: string;
  /** What it has that is an error itself, or a list of them. */
  readonly cause?: PlainError;
  readonly errors?: readonly PlainError[];
  readonly error?: PlainError;
  readonly suppressed?: PlainError;
  /** The errors that gave way to it: its `suppressedErrors`. */
  readonly later?: readonly PlainError[];
  /** What else it carries: `code`, `status`, … */
  readonly fields?: Readonly<Record<string, unknown>>;
}

type Mutable = { -readonly [Key in keyof PlainError]: PlainError[Key] };

/** How many causes of causes are kept. */
const DEEPEST = 8;

/** How many characters of a text are kept where the whole is too much. */
const LONGEST = 2000;

/** An error as it can be sent. What was thrown may be anything, also something that throws where it is read. */
export function plainError(error: unknown): PlainError {
  return new Writer().write(error, 0);
}

/** The same with nothing but what says what happened, in at most so many characters each, and some thousand: where it is too large to be sent. */
export function briefly(
  { class: Class = "Error", name = "Error", message = "", stack = "" }: PlainError,
  limit: number,
): PlainError {
  const cut = (text: string): string => text.slice(0, Math.min(LONGEST, limit));
  return {
    class: Class,
    name: cut(name),
    message: `${cut(message)} … (what else it carried was too large to send)`,
    stack: cut(stack),
  };
}

class Writer {
  /** Each once: errors may have one cause in common, or be a circle. */
  readonly #written = new Map<unknown, PlainError>();

  write(error: unknown, depth: number): PlainError {
    const before = this.#written.get(error);
    if (before !== undefined) return before;
    const plain: Mutable = {};
    if (isObject(error)) this.#written.set(error, plain);
    try {
      if (error instanceof Error) this.#fill(plain, error, depth);
      else plain.thrown = { value: sendable(error) ? error : String(error) };
    } catch (unreadable) {
      const why = unreadable instanceof Error ? "another error" : "something else";
      plain.name = "Error";
      plain.message = `What was thrown cannot be told: reading it threw ${why}.`;
    }
    const later = suppressedErrors(error);
    if (later.length > 0 && depth < DEEPEST) plain.later = later.map((one) => this.write(one, depth + 1));
    return plain;
  }

  #fill(plain: Mutable, error: Error, depth: number): void {
    const { stack, cause } = error;
    plain.name = String(error.name);
    plain.message = String(error.message);
    plain.class = classOf(error);
    if (typeof stack === "string") plain.stack = stack;
    const fields: Record<string, unknown> = {};
    for (const key of Object.keys(error)) {
      if (RESERVED.has(key)) continue;
      const value = readField(error, key);
      if (sendable(value)) fields[key] = value;
    }
    if (Object.keys(fields).length > 0) plain.fields = fields;
    if (depth >= DEEPEST) return;
    if (cause !== undefined) plain.cause = this.write(cause, depth + 1);
    if (error instanceof AggregateError && Array.isArray(error.errors))
      plain.errors = error.errors.map((one) => this.write(one, depth + 1));
    if (plain.class === "SuppressedError") {
      const { error: last, suppressed } = error as SuppressedError;
      plain.error = this.write(last, depth + 1);
      plain.suppressed = this.write(suppressed, depth + 1);
    }
  }
}

/** The error again, as it is thrown where the job is awaited. `where`: "job resize (worker 2)". */
export function errorAgain(plain: PlainError, where: string): unknown {
  return new Reader(where).read(plain);
}

class Reader {
  readonly #where: string;
  readonly #read = new Map<PlainError, unknown>();

  constructor(where: string) {
    this.#where = where;
  }

  read(plain: PlainError): unknown {
    if (this.#read.has(plain)) return this.#read.get(plain);
    const error = plain.thrown === undefined ? made(plain) : plain.thrown.value;
    this.#read.set(plain, error);
    if (plain.thrown === undefined) this.#fill(error as Error, plain);
    for (const one of plain.later ?? []) suppress(error, this.read(one));
    return error;
  }

  #fill(error: Error, plain: PlainError): void {
    const { name = "Error", message = "", stack, errors, fields } = plain;
    if (error.name !== name) hide(error, "name", name);
    for (const key of ["cause", "error", "suppressed"] as const) {
      const one = plain[key];
      if (one !== undefined) hide(error, key, this.read(one));
    }
    if (errors !== undefined) {
      hide(
        error,
        "errors",
        errors.map((one) => this.read(one)),
      );
    }
    for (const [key, value] of Object.entries(fields ?? {})) {
      if (!RESERVED.has(key)) {
        Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: true });
      }
    }
    hide(error, "stack", `${stack ?? `${name}: ${message}`}\n    at ${this.#where}`);
  }
}

/** Made as an Error with its class's prototype: the constructor may want more than a message, and fields come as such. */
function made({ class: Class = "Error", name, message = "" }: PlainError): Error {
  if (Class === "DOMException") return new DOMException(message, name); // it has its parts inside
  return Reflect.construct(Error, [message], CLASSES.get(Class) ?? Error);
}

/** No fields: what is sent by itself, and what would make it an instance of something else. */
const RESERVED = new Set(["name", "message", "stack", "cause", "errors", "__proto__"]);

/** What cannot be sent stands for what cannot be read: it is left out. */
const UNREADABLE = Symbol("unreadable");

function readField(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return UNREADABLE;
  }
}

type ErrorClass = new (...args: never[]) => Error;

/** The platform's, where it has it. */
const { SuppressedError: Suppressed } = globalThis as { SuppressedError?: ErrorClass };

const CLASSES = new Map<string, ErrorClass>(
  [
    AggregateError,
    DOMException,
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    ...(Suppressed === undefined ? [] : [Suppressed]),
    cede.BrokenBarrierError,
    cede.BrokenChannelError,
    cede.CancellationEscapedError,
    cede.CancelledError,
    cede.ChannelClosedError,
    cede.ChannelFullError,
    cede.DeadlockError,
    cede.InvalidStateError,
    cede.TimeoutError,
    ...Object.values(own),
  ].map((Class) => [Class.name, Class]),
);

const NAMES = new Map<object, string>([...CLASSES].map(([name, Class]) => [Class.prototype as object, name]));

/** The nearest class that every program has. */
function classOf(error: Error): string {
  for (let proto: unknown = error; proto !== null; proto = Object.getPrototypeOf(proto)) {
    const name = NAMES.get(proto as object);
    if (name !== undefined) return name;
  }
  return "Error";
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

function sendable(value: unknown): boolean {
  try {
    checkPayload(value, "");
    return true;
  } catch {
    return false;
  }
}

function isObject(value: unknown): boolean {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
