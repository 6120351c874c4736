/**
 * What comes back from a job: its result, or its error as plain data. An error crosses with its name, message, stack, cause
 * and whatever plain data it carries; where its class is one that every program has, it is made an instance of that again.
 */
import * as cede from "../index.ts";
import * as own from "./errors.ts";
import { checkPayload } from "./payload.ts";

/** How a job ended. */
export type Envelope =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: PlainError }
  /** `error`: its cleanup failed. */
  | { readonly ok: "cancelled"; readonly error?: PlainError };

/** An error as plain data. */
export type PlainError =
  | {
      readonly name: string;
      readonly message: string;
      readonly stack?: string;
      readonly cause?: PlainError;
      readonly errors?: readonly PlainError[];
      /** What else it carries: `code`, `status`, … */
      readonly fields?: Readonly<Record<string, unknown>>;
    }
  | { readonly thrown: unknown };

/** How many causes of causes are kept. */
const DEEPEST = 8;

/** An error as it can be sent. What was thrown may be anything, also something that throws where it is read. */
export function plainError(error: unknown, depth = 0): PlainError {
  try {
    return readError(error, depth);
  } catch (unreadable) {
    const why = unreadable instanceof Error ? "another error" : "something else";
    return { name: "Error", message: `What was thrown cannot be told: reading it threw ${why}.` };
  }
}

function readError(error: unknown, depth: number): PlainError {
  if (!(error instanceof Error)) return { thrown: sendable(error) ? error : String(error) };
  const { name, message, stack, cause } = error;
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (RESERVED.has(key)) continue;
    const value = readField(error, key);
    if (sendable(value)) fields[key] = value;
  }
  return {
    name: String(name),
    message: String(message),
    ...(typeof stack === "string" && { stack }),
    ...(cause !== undefined && depth < DEEPEST && { cause: plainError(cause, depth + 1) }),
    ...(error instanceof AggregateError &&
      depth < DEEPEST && { errors: error.errors.map((one) => plainError(one, depth + 1)) }),
    ...(Object.keys(fields).length > 0 && { fields }),
  };
}

/** The error again, as it is thrown where the job is awaited. `where`: "job resize (worker 2)". */
export function errorAgain(plain: PlainError, where: string): unknown {
  if ("thrown" in plain) return plain.thrown;
  const { name, message, stack, cause, errors, fields } = plain;
  // Made as an Error with its class's prototype: the constructor may want more than a message, and the fields come below.
  const error =
    errors === undefined
      ? Reflect.construct(Error, [message], CLASSES.get(name) ?? Error)
      : new AggregateError(
          errors.map((one) => errorAgain(one, where)),
          message,
        );
  if (error.name !== name) hide(error, "name", name);
  if (cause !== undefined) hide(error, "cause", errorAgain(cause, where));
  for (const [key, value] of Object.entries(fields ?? {})) {
    if (!RESERVED.has(key)) (error as unknown as Record<string, unknown>)[key] = value;
  }
  hide(error, "stack", `${stack ?? `${name}: ${message}`}\n    at ${where}`);
  return error;
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

const CLASSES = new Map<string, new (...args: never[]) => Error>(
  [
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
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
