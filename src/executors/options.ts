import type { RetryPolicy, Schedule } from "../index.ts";
import { checkNames, type Names } from "./option-names.ts";
import type { Movable } from "./transfer.ts";

/** How one call of a job is made: `jobs.resize.with({ timeout: 5000 })(image)`. */
export interface JobOptions {
  /** How long it may take, in milliseconds, from the call on: then it is cancelled, and a TimeoutError is thrown. */
  timeout?: number;
  /** Among those that wait for a worker, the higher number is served first: 0 unless given. */
  priority?: number;
  /** How long it waits before it may begin, in milliseconds. With `cluster`, it does so in the queue. */
  delay?: number;
  /** When it is called again after it failed, as by `retry`; not at all unless given. A timeout is for all attempts. */
  retry?: RetryPolicy | Schedule;
  /**
   * What is moved to the worker instead of being copied: buffers in the arguments, which can be used no longer. A call that
   * moves something is not run again by itself when its worker is lost.
   */
  transfer?: readonly Movable[];
  /**
   * Hears what the job tells by `currentJob()?.progress(value)`, while it runs. It is called outside every task: it cannot
   * call `createTask`, say, or await; it can give what it hears to a channel, by `trySend`. What it throws ends the call.
   */
  onProgress?: (value: unknown) => void;
  /**
   * What the call is known by, to the job too: a number of its own unless given. With `cluster`, one job for each. A call
   * that has one takes no sender.
   */
  id?: string;
}

/** What every executor can be told. */
export interface ExecutorOptions {
  /** What messages call it: its kind unless given. */
  name?: string;
  /**
   * How many calls may wait for a worker: one more is an ExecutorFullError. `Infinity` unless given, since each that waits
   * is a task of yours which waits; limit those, by `map`'s `concurrency`, say, or shed load with this.
   */
  maxWaiting?: number;
  /** How long jobs may still run when the coroutine that opened the executor is left, in milliseconds: 10,000 unless given. */
  drainTimeout?: number;
  /**
   * How long a job that was cancelled may go on without a sign that it will stop, in milliseconds: 500 unless given. After
   * that a thread is ended.
   */
  grace?: number;
}

const JOB: Names<JobOptions> = {
  timeout: true,
  priority: true,
  delay: true,
  retry: true,
  transfer: true,
  onProgress: true,
  id: true,
};

export const EXECUTOR: Names<ExecutorOptions> = {
  name: true,
  maxWaiting: true,
  drainTimeout: true,
  grace: true,
};

export const DRAIN_TIMEOUT = 10_000;
export const GRACE = 500;

/** @throws RangeError for what is no delay */
export function checkTime(what: string, ms: number): void {
  if (typeof ms === "number" && ms >= 0) return;
  throw new RangeError(`Cannot set ${what} to ${String(ms)}: give milliseconds, 0 or more, or Infinity.`);
}

/** @throws RangeError for what is no number of things, from `least` on */
export function checkCount(what: string, count: number, least = 1): void {
  if (count === Infinity || (Number.isInteger(count) && count >= least)) return;
  throw new RangeError(
    `Cannot set ${what} to ${String(count)}: give a whole number, ${least} or more, or Infinity.`,
  );
}

/** The same of what there is no endless number of. @throws RangeError */
export function checkFinite(what: string, count: number): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new RangeError(`Cannot set ${what} to ${String(count)}: give a whole number, 1 or more.`);
}

/** @throws RangeError and TypeError for what `jobs.name.with` cannot be told */
export function checkJobOptions(name: string, options: JobOptions): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot call job ${name} with ${String(options)}: \`with\` takes an object of options.`,
    );
  }
  checkNames(`call job ${name}`, options, JOB);
  const { timeout, priority = 0, delay, retry, transfer, onProgress, id } = options;
  if (timeout !== undefined) checkTime("timeout", timeout);
  if (delay !== undefined) checkTime("delay", delay);
  if (typeof priority !== "number" || Number.isNaN(priority)) {
    throw new RangeError(`Cannot call job ${name} with the priority ${String(priority)}: give a number.`);
  }
  if (transfer !== undefined && !Array.isArray(transfer)) {
    throw new TypeError(
      `Cannot call job ${name} with a \`transfer\` that is no array: give the buffers, [pixels.buffer].`,
    );
  }
  if (retry !== undefined && transfer !== undefined && transfer.length > 0) {
    throw new TypeError(
      `Cannot retry job ${name} with what its first call moves away: leave out \`transfer\`, or \`retry\`.`,
    );
  }
  if (id !== undefined && (typeof id !== "string" || id === "")) {
    throw new TypeError(
      `Cannot call job ${name} with the id ${JSON.stringify(id) ?? String(id)}: give a text that is not empty.`,
    );
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new TypeError(`Cannot call job ${name} with an \`onProgress\` that is no function.`);
  }
}
