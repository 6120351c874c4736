/** `cede/executors`: the same jobs on this loop, on threads, on many machines. */
export { currentJob, type CurrentJob } from "./current-job.ts";
export {
  ExecutorClosedError,
  ExecutorFullError,
  PayloadError,
  UnknownJobError,
  WorkerLostError,
} from "./errors.ts";
export { Executor, type ExecutorStatistics } from "./executor.ts";
export { inline, type InlineOptions } from "./inline.ts";
export type { Job, JobResult, Jobs } from "./jobs.ts";
export type { ExecutorOptions, JobOptions } from "./options.ts";
export { threads, type ThreadsOptions } from "./threads/threads.ts";
export { transfer, type Movable } from "./transfer.ts";
