import { ContextVar } from "../index.ts";

/** The job that runs, as it sees itself. */
export interface CurrentJob {
  /** The name it was called by. */
  readonly name: string;
  /** The `id` of its call, or a number of its own: the same for each attempt, and for each try of a `retry`. */
  readonly id: string;
  /** Where it runs: "this loop", "worker 2", "host-7:4711". */
  readonly worker: string;
  /** Which attempt it is, from 1: more where a job is run again whose worker was lost. What `retry` calls again begins anew. */
  readonly attempt: number;
  /**
   * Tells the caller how far it has come: `onProgress` hears it. It waits for nothing; where it is told faster than it can
   * be sent, the last one counts.
   *
   * @throws PayloadError if it is no plain data.
   */
  progress(value: unknown): void;
}

const running = new ContextVar<CurrentJob | undefined>("job", { default: undefined });

/**
 * The job that runs here; `undefined` where the function was called directly, outside every executor. An async function asks
 * before its first `await`.
 *
 * @example
 * ```ts
 * import { coroutine, run, sleep } from "cede";
 * import { currentJob, inline } from "cede/executors";
 *
 * const copy = coroutine(function* copy(files: number) {
 *   for (let done = 1; done <= files; done++) {
 *     yield* sleep(1);
 *     currentJob()?.progress(done / files);
 *   }
 *   return files;
 * });
 * await run(function* () {
 *   const jobs = yield* inline({ copy });
 *   yield* jobs.copy.with({ onProgress: (part) => console.log(part) })(2);
 * });
 * // prints: 0.5
 * // prints: 1
 * ```
 */
export function currentJob(): CurrentJob | undefined {
  return running.get();
}

/** Runs a body as a job. */
export const asJob: ContextVar<CurrentJob | undefined>["with"] = running.with.bind(running);
