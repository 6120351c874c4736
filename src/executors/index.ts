/** `cede/executors`: the same jobs on this loop, on threads, on many machines. */
export { cluster } from "./cluster/cluster.ts";
export type { ClusterOptions, Keep, QueueOptions, RedisClient } from "./cluster/options.ts";
export { ClusterQueue, type QueueCounts, type Repeat, type Repeated } from "./cluster/queue.ts";
export { serveCluster, type ClusterWorker, type ServeClusterOptions } from "./cluster/serve-cluster.ts";
export { currentJob, type CurrentJob } from "./current-job.ts";
export {
  ExecutorClosedError,
  ExecutorFullError,
  JobLostError,
  PayloadError,
  UnknownJobError,
  WorkerLostError,
} from "./errors.ts";
export { Executor, type ExecutorStatistics } from "./executor.ts";
export { inline, type InlineOptions } from "./inline.ts";
export type { Job, JobResult, Jobs } from "./jobs.ts";
export type { ExecutorOptions, JobOptions } from "./options.ts";
export { threads, type ResourceLimits, type ThreadsOptions } from "./threads/threads.ts";
export { transfer, type Movable } from "./transfer.ts";
