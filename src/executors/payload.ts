/**
 * What may be sent to a job and back: plain data. It is looked through before it is sent, so that a mistake is told with the
 * place in the data, to whoever made it, and never ends a worker.
 */
import { Channel } from "../index.ts";
import { isAwaitable } from "../lowlevel.ts";
import { PayloadError } from "./errors.ts";
import { isSender } from "./senders.ts";

/** How deep data may be nested: what is deeper is a circle or a mistake, and costs stack to read. */
export const DEEPEST = 1000;

const PLAIN_TAGS = new Set([
  "[object Date]",
  "[object RegExp]",
  "[object Boolean]",
  "[object Number]",
  "[object String]",
  "[object ArrayBuffer]",
  "[object SharedArrayBuffer]",
  "[object Blob]",
]);

/** Only the platform can tell, and a worker that is to send one ends. Where it does not tell, copying fails later. */
export const isProxy: (value: object) => boolean =
  (globalThis as Process).process?.getBuiltinModule?.("node:util").types.isProxy ?? (() => false);

interface Process {
  readonly process?: {
    getBuiltinModule?(name: "node:util"): { readonly types: { isProxy(value: object): boolean } };
  };
}

/**
 * `what`: "argument 1 of job resize"; `moved`: what of it is moved instead of being copied.
 *
 * @throws PayloadError naming the first thing that cannot be sent
 */
export function checkPayload(value: unknown, what: string, moved: readonly unknown[] = []): void {
  if (typeof value !== "object" || value === null) {
    if (typeof value === "function" || typeof value === "symbol") refuse(value, what, "");
    return;
  }
  try {
    look(value, what, "", moved.length === 0 ? new Set() : new Set(moved as object[]), 0);
  } catch (error) {
    throw error instanceof PayloadError ? error : unread(what, error);
  }
}

/**
 * A copy of what `checkPayload` has let pass, as another thread would be given it.
 *
 * @throws PayloadError
 */
export function copyPayload<T>(value: T, what: string, moved: readonly unknown[] = []): T {
  try {
    return structuredClone(value, { transfer: [...moved] as ArrayBuffer[] });
  } catch (error) {
    throw unread(what, error);
  }
}

function unread(what: string, error: unknown): PayloadError {
  const why = error instanceof Error ? error.message : String(error);
  return new PayloadError(`Cannot send ${what}: reading it failed: ${why}`, { cause: error });
}

function look(value: unknown, what: string, path: string, seen: Set<object>, depth: number): void {
  if (typeof value !== "object" || value === null) {
    if (typeof value === "function" || typeof value === "symbol") refuse(value, what, path);
    return;
  }
  if (seen.has(value)) return;
  if (isProxy(value)) refuse(value, what, path, "a Proxy");
  if (ArrayBuffer.isView(value)) return look(value.buffer, what, `${path}.buffer`, seen, depth);
  if (depth > DEEPEST) {
    throw new PayloadError(
      `Cannot send ${what}: it is nested more than ${DEEPEST} deep. Send a flatter form of it.`,
    );
  }
  seen.add(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) look(value[i], what, `${path}[${i}]`, seen, depth + 1);
    // Names beside the numbers: asking for them costs more than to send a long list, which hardly ever has any.
    if (value.length < 1000) lookIntoNames(value, what, path, seen, depth);
    return;
  }
  const tag = Object.prototype.toString.call(value);
  if (tag === "[object ArrayBuffer]" && (value as { detached?: boolean }).detached === true) {
    refuse(value, what, path, "a buffer that was moved away before");
  }
  // Anything can say of itself that it is a Date.
  if (PLAIN_TAGS.has(tag) && !Object.hasOwn(value, Symbol.toStringTag)) return;
  if (value instanceof Map) {
    for (const [key, one] of value) {
      look(key, what, `${path}.keys()`, seen, depth + 1);
      look(one, what, `${path}.get(${String(typeof key === "object" ? "…" : key)})`, seen, depth + 1);
    }
  } else if (value instanceof Set) {
    for (const one of value) look(one, what, `${path}.values()`, seen, depth + 1);
  } else if (value instanceof Error) {
    look(value.cause, what, `${path}.cause`, seen, depth + 1);
  } else if (tag === "[object Object]" || Object.hasOwn(value, Symbol.toStringTag)) {
    if (Object.getPrototypeOf(value) !== Object.prototype && hasMeaningHereAlone(value)) {
      refuse(value, what, path);
    }
    lookIntoNames(value, what, path, seen, depth);
  } else {
    refuse(value, what, path);
  }
}

function lookIntoNames(value: object, what: string, path: string, seen: Set<object>, depth: number): void {
  for (const key of Object.keys(value)) {
    look((value as Record<string, unknown>)[key], what, `${path}.${key}`, seen, depth + 1);
  }
}

function refuse(value: unknown, what: string, path: string, kind: string = kindOf(value)): never {
  const has = path === "" ? "it is" : `it has at ${path.replace(/^\./, "")}`;
  throw new PayloadError(`Cannot send ${what}: ${has} ${kind}. ${adviceOn(value)}`);
}

const ReceiverClass = new Channel<never>(1).receiver().constructor;

/** Parts of the library that would arrive as objects with nothing in them. */
function hasMeaningHereAlone(value: object): boolean {
  return isSender(value) || value instanceof ReceiverClass || value instanceof Channel || isAwaitable(value);
}

function adviceOn(value: unknown): string {
  if (isSender(value)) return "A sender must be an argument of the job itself, not a part of one.";
  if (value instanceof ReceiverClass)
    return "Give the job a sender, as an argument of its own, and receive here.";
  if (value instanceof Channel) return "Give its sender, `channel.sender()`, as an argument of its own.";
  if (isAwaitable(value)) return "Did you forget `yield*`? What it gives can be sent.";
  if (typeof (value as { then?: unknown } | null)?.then === "function")
    return "Await it first: `yield* until(promise)`.";
  if (kindOf(value) === "a Transferred") return "Give the whole result to `transfer`, not a part of it.";
  return "Send plain data: numbers, texts, dates, bytes, and arrays, maps, sets and objects of them.";
}

function kindOf(value: unknown): string {
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (typeof value === "symbol") return "a symbol";
  if (isSender(value)) return "a Sender";
  if (value instanceof ReceiverClass) return "a Receiver";
  if (value instanceof Channel) return "a Channel";
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag === "Object") return "something to await"; // the only ones of no kind of their own that come here
  return `${/^[aeio]/i.test(tag) ? "an" : "a"} ${tag}`;
}
