import { PayloadError } from "./errors.ts";

/** A result whose buffers are to be moved. It is no plain data itself: inside of a result it is refused. */
class Transferred {
  readonly value: unknown;
  readonly buffers: readonly Movable[];

  constructor(value: unknown, buffers: readonly Movable[]) {
    this.value = value;
    this.buffers = buffers;
  }
  get [Symbol.toStringTag](): string {
    return "Transferred";
  }
}

/** What can be moved to another thread instead of being copied: an ArrayBuffer, a MessagePort. */
export type Movable = ArrayBuffer | MessagePort;

/** The platform's, which not every environment has types for. */
interface MessagePort {
  postMessage(message: unknown): void;
}

/**
 * For a job's result: moves the buffers in it to the caller's thread instead of copying them. The job can use them no
 * longer. Where nothing has to be moved, on this loop, say, or cannot be, as on another machine, it does nothing.
 *
 * @throws TypeError if `buffers` is no array; PayloadError for what cannot be moved: something else, what was moved before.
 * @example
 * ```ts
 * import { inline, transfer } from "cede/executors";
 * import { run } from "cede";
 *
 * const paint = (width: number, height: number) => {
 *   const pixels = new Uint8Array(width * height * 4);
 *   return transfer(pixels, [pixels.buffer]);
 * };
 * await run(function* () {
 *   const jobs = yield* inline({ paint });
 *   console.log((yield* jobs.paint(2, 2)).length); // prints: 16
 * });
 * ```
 */
export function transfer<T>(value: T, buffers: readonly Movable[]): T {
  if (!Array.isArray(buffers)) {
    throw new TypeError("Cannot transfer a result without its buffers: `transfer(pixels, [pixels.buffer])`.");
  }
  checkMoved(buffers, "a result");
  return new Transferred(value, [...buffers]) as T;
}

/** What a job returned, and what of it is to be moved. */
export function untransfer(result: unknown): {
  readonly value: unknown;
  readonly buffers: readonly Movable[];
} {
  return result instanceof Transferred ? result : { value: result, buffers: NOTHING };
}

const NOTHING: readonly Movable[] = [];

/**
 * `what`: "the arguments of job paint".
 *
 * @throws PayloadError for the first of the buffers that cannot be moved: where it is sent from, a platform may end for it
 */
export function checkMoved(buffers: readonly unknown[], what: string): void {
  const before = new Set<unknown>();
  for (const [at, one] of buffers.entries()) {
    const why = before.has(one) ? "the same again. Give each once" : unmovable(one);
    before.add(one);
    if (why === null) continue;
    throw new PayloadError(`Cannot transfer ${what}: what is to be moved has at [${at}] ${why}.`);
  }
}

/** Why it cannot be moved, and what to do; `null`: it can, as far as can be told. */
function unmovable(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return `${String(value)}. Give buffers`;
  if (typeof MessagePort === "function" && value instanceof MessagePort) return null;
  if (ArrayBuffer.isView(value)) {
    return `a ${kindOf(value)}, not its buffer. Give \`pixels.buffer\`, not \`pixels\``;
  }
  switch (kindOf(value)) {
    case "ArrayBuffer":
      if ((value as { detached?: boolean }).detached === true) return "a buffer that was moved away before";
      return isUntransferable(value)
        ? "a buffer that must not be moved, as that of a small Buffer, which others share. Leave it out: it is copied then"
        : null;
    case "SharedArrayBuffer":
      return "a SharedArrayBuffer. Leave it out: both sides have it anyway";
    default:
      return `a value of kind ${kindOf(value)}. Give buffers`;
  }
}

function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Only the platform can tell. Where it does not, moving it fails, or copies it. */
const isUntransferable: (value: object) => boolean =
  (globalThis as Process).process?.getBuiltinModule?.("node:worker_threads").isMarkedAsUntransferable ??
  (() => false);

interface Process {
  readonly process?: {
    getBuiltinModule?(name: "node:worker_threads"): {
      readonly isMarkedAsUntransferable?: (value: object) => boolean;
    };
  };
}
