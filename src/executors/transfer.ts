const TRANSFER: unique symbol = Symbol("transfer") as never;

/** A result whose buffers are to be moved. */
interface Transferred {
  readonly [TRANSFER]: readonly Movable[];
  readonly value: unknown;
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
 * @throws TypeError if `buffers` is no array.
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
  return { [TRANSFER]: buffers, value } satisfies Transferred as T;
}

/** What a job returned, and what of it is to be moved. */
export function untransfer(result: unknown): {
  readonly value: unknown;
  readonly buffers: readonly Movable[];
} {
  if (typeof result !== "object" || result === null || !(TRANSFER in result))
    return { value: result, buffers: [] };
  const { value, [TRANSFER]: buffers } = result as Transferred;
  return { value, buffers };
}
