/**
 * A function that ends the thread on which it is run, by `process.exit` say, or for lack of memory: for the cluster, a worker
 * was lost. It is run again, and given up when that happens too often, by the same count as jobs that end whole workers.
 */

/** On a job that runs: told by what runs its function on a thread. A symbol, so that it is nothing that a job is told. */
export const LOSE_THREAD: unique symbol = Symbol("lose thread");

export interface LosesThread {
  /** `closed`: all threads were ended, since this worker is being left. */
  [LOSE_THREAD]?(closed: boolean): void;
}
