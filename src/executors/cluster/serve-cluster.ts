import {
  coroutine,
  moveOnAfter,
  resource,
  sleepForever,
  supervise,
  until,
  use,
  type Awaitable,
  type Coroutine,
} from "../../index.ts";
import { AS } from "../call.ts";
import { currentJob } from "../current-job.ts";
import { timeToDrain } from "../drain.ts";
import type { Jobs } from "../jobs.ts";
import { jobsOf, type JobModule } from "../module.ts";
import { checkNames, type Names } from "../option-names.ts";
import { checkCount, checkFinite, checkTime, DRAIN_TIMEOUT, GRACE } from "../options.ts";
import { lostThread } from "../threads/lost.ts";
import { threads, type ThreadsOptions } from "../threads/threads.ts";
import { checkQueue, forTimer, QUEUE, type QueueOptions } from "./options.ts";
import { warnOf } from "./check-redis.ts";
import { LARGEST } from "./codec.ts";
import { loadBullmq } from "./peers.ts";
import { Connections } from "./redis.ts";
import { JobServer } from "./job-server.ts";
import { LOSE_THREAD, type LosesThread } from "./lost-thread.ts";

/** How a worker serves a queue. */
export interface ServeClusterOptions extends QueueOptions {
  /**
   * How many jobs run here at once: 100 coroutines; but as many as the machine runs at once if the module exports functions,
   * so that none of them waits here while another worker has nothing to do.
   */
  concurrency?: number;
  /** What it is called: "host:pid" unless given. */
  name?: string;
  /**
   * After how long without a sign of life a job is taken from its worker, in milliseconds, and how often that is looked at:
   * 5,000 unless given. The same for all workers of a queue: the longest counts.
   */
  stalledInterval?: number;
  /** How often a job may be taken from workers that were lost before it counts as what ends them: once unless given. */
  maxStalledCount?: number;
  /**
   * How long jobs may still run when this is cancelled, in milliseconds: 10,000 unless given, and no more than half of the time
   * that the program has to shut down. Then others run them anew.
   */
  drainTimeout?: number;
  /** How long a promise may take to settle once its job is cancelled, in milliseconds: 500 unless given. */
  grace?: number;
  /** The threads on which functions are run. `false`: on this one, which they keep from everything else. */
  threads?: ThreadsOptions | false;
  /** How long Redis may take to answer at the start, in milliseconds: 10,000 unless given. */
  connectTimeout?: number;
  /** Hears that it serves, and that it takes no more jobs. */
  onState?: (state: "serving" | "draining", worker: ClusterWorker) => void;
}

/** A worker, for whoever watches it. */
export interface ClusterWorker {
  /** What it is called. */
  readonly name: string;
  /** The jobs that it serves. */
  readonly jobs: readonly string[];
  readonly concurrency: number;
  /** How many run now. */
  readonly running: number;
  /** How many have ended. */
  readonly served: number;
}

const STALLED_INTERVAL = 5000;
const CONCURRENCY = 100;

const NAMES: Names<ServeClusterOptions> = {
  ...QUEUE,
  concurrency: true,
  name: true,
  stalledInterval: true,
  maxStalledCount: true,
  drainTimeout: true,
  grace: true,
  threads: true,
  connectTimeout: true,
  onState: true,
};

/**
 * Serves the jobs of a module to a queue, until it is cancelled: then it takes no more, waits for those that run, and leaves
 * to other workers what does not end within `drainTimeout`. `cede worker` is this as a command. Coroutines run on this loop;
 * functions on threads of their own if the module is given by its address, since one that keeps this loop busy would keep it
 * from telling the queue that it is alive.
 *
 * @throws what loading the module throws; TypeError for one without jobs, TypeError and RangeError for options that they
 * could not be; Error if Redis does not answer in time; InvalidStateError where the packages `bullmq` and `ioredis` are not installed.
 * @example
 * ```ts redis
 * import { moveOnAfter, run } from "cede";
 * import { serveCluster } from "cede/executors";
 *
 * const redis = process.env["REDIS_URL"] ?? "redis://localhost:6379";
 * const module = { add: (a: number, b: number) => a + b }; // or new URL("./jobs.ts", import.meta.url)
 * await run(() => moveOnAfter(500, () => serveCluster(module, { queue: "sums", redis })));
 * ```
 */
export function serveCluster(module: object | URL | string, options: ServeClusterOptions): Coroutine<never> {
  checkNames("serve a queue", options, NAMES);
  checkQueue(options);
  const { concurrency = 1, stalledInterval = STALLED_INTERVAL, maxStalledCount = 1 } = options;
  const { drainTimeout = DRAIN_TIMEOUT, grace = GRACE } = options;
  checkFinite("concurrency", concurrency);
  checkTime("stalledInterval", stalledInterval);
  checkCount("maxStalledCount", maxStalledCount, 0);
  checkTime("drainTimeout", drainTimeout);
  checkTime("grace", grace);
  if (stalledInterval < 100) {
    throw new RangeError(`Cannot set stalledInterval to ${stalledInterval}: give 100 milliseconds or more.`);
  }
  return serving(module, options);
}

const serving = coroutine(function* serveCluster(
  source: object | URL | string,
  options: ServeClusterOptions,
): Awaitable<never> {
  yield* use(worker(source, options));
  return yield* sleepForever();
});

const worker = (source: object | URL | string, options: ServeClusterOptions) =>
  resource<ClusterWorker>(function* worker(provide) {
    const { module, where } = yield* loading(source, options);
    const { queue, redis, prefix = "bull", maxPayload = LARGEST, grace = GRACE } = options;
    const { stalledInterval = STALLED_INTERVAL, maxStalledCount = 1, drainTimeout = DRAIN_TIMEOUT } = options;
    const {
      name = `${process.getBuiltinModule("node:os").hostname()}:${process.pid}`,
      connectTimeout = 10_000,
    } = options;
    const jobs = jobsOf(module);
    const concurrency =
      options.concurrency ??
      ([...jobs.values()].includes("function") || where.functions
        ? navigator.hardwareConcurrency
        : CONCURRENCY);
    const connections = new Connections(redis);
    try {
      const bullmq = yield* until(loadBullmq());
      const client = yield* until(connections.whileOpen(connections.make()));
      if (jobs.size === 0) {
        throw new TypeError(
          `Cannot serve the queue ${queue}: ${where.title} exports no functions. Export each job by its name: ` +
            "export function* resize() {}",
        );
      }
      yield* until(connections.whileOpen(connections.answered(client, connectTimeout)));
      yield* until(warnOf(client, connections.where));
      // A job that fails, its cleanup say, fails alone.
      yield* supervise(function* (group) {
        const server = new JobServer({
          bullmq,
          connections,
          redis: client,
          group,
          module,
          where: where.title,
          queue,
          prefix,
          name,
          grace,
          maxPayload,
          maxStalledCount,
          stalledInterval: forTimer(stalledInterval),
          concurrency,
        });
        const told: ClusterWorker = {
          name,
          concurrency,
          jobs: [...jobs.keys()],
          get running() {
            return server.running;
          },
          get served() {
            return server.served;
          },
        };
        try {
          yield* until(connections.whileOpen(server.open()));
          options.onState?.("serving", told);
          yield* provide(told);
        } finally {
          options.onState?.("draining", told);
          yield* until(server.pause());
          yield* moveOnAfter(timeToDrain(drainTimeout), () => server.drained());
          yield* server.leaveAll();
          yield* until(server.close());
        }
      });
    } finally {
      connections.close();
    }
  });

interface Loaded {
  readonly module: JobModule;
  readonly where: { readonly title: string; readonly functions: boolean };
}

/** A part of its caller, whose the threads are to be. @throws what the module throws */
function* loading(
  source: object | URL | string,
  { threads: onThreads = {} }: ServeClusterOptions,
): Awaitable<Loaded> {
  if (!(source instanceof URL) && typeof source !== "string") {
    return { module: source as JobModule, where: { title: "the module", functions: false } };
  }
  const url = String(source);
  const title = url.slice(url.lastIndexOf("/") + 1);
  const module = yield* until(import(url) as Promise<JobModule>);
  const functions = [...jobsOf(module)].filter(([, kind]) => kind === "function").map(([name]) => name);
  if (functions.length === 0 || onThreads === false) return { module, where: { title, functions: false } };
  const pool = yield* threads<Record<string, (...args: unknown[]) => unknown>>(url, {
    name: title,
    ...onThreads,
  });
  return {
    module: { ...module, ...Object.fromEntries(functions.map((name) => [name, onPool(pool, name)])) },
    where: { title, functions: true },
  };
}

/** A function, as a coroutine that runs it on a thread. */
function onPool(pool: Jobs<Record<string, (...args: unknown[]) => unknown>>, name: string): unknown {
  return coroutine(function* (...args: unknown[]): Awaitable<unknown> {
    const job = currentJob();
    const options = {
      ...(job !== undefined && { id: job.id, [AS]: { attempt: job.attempt, worker: job.worker } }),
      onProgress: (value: unknown) => job?.progress(value),
    };
    try {
      return yield* pool[name]!.with(options)(...args);
    } catch (error) {
      const lost = lostThread(error);
      if (lost !== undefined) (job as LosesThread | undefined)?.[LOSE_THREAD]?.(lost.closed);
      // That it ran on a thread of this worker is not what its caller is told.
      if (error instanceof Error)
        error.stack = error.stack?.replace(/\n +at job \S+ \(worker \d+\)[^]*$/, "") ?? "";
      throw error;
    }
  });
}
