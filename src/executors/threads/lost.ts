/**
 * Which errors tell of a thread that this program has lost itself. A job may throw what another executor's thread was lost for,
 * in words that are the same: that came from elsewhere, and is not known here.
 */
import type { WorkerLostError } from "../errors.ts";

/** `closed`: all threads were ended, since the executor was closed. */
interface Lost {
  readonly closed: boolean;
}

const known = new WeakMap<object, Lost>();

export function lostHere(error: WorkerLostError, lost: Lost): WorkerLostError {
  known.set(error, lost);
  return error;
}

/** What is known of a thread that was lost here; `undefined` for every other error. */
export function lostThread(error: unknown): Lost | undefined {
  return known.get(error as object);
}
