/** What callers and workers of a cluster can be told. */
import { checkNames, type Names } from "../option-names.ts";
import { checkCount, checkTime, EXECUTOR, type ExecutorOptions } from "../options.ts";
import { LARGEST } from "./codec.ts";

/**
 * A client of Redis that the program has constructed: one of `ioredis`. Connections of its kind are made, and it is left
 * alone.
 */
export interface RedisClient {
  duplicate(options?: object): unknown;
}

/** How long the queue keeps what is over: what was called by an `id` can be asked for again for that long. */
export interface Keep {
  /** For how long, in seconds; `Infinity`: for as long as there are not too many. */
  age?: number;
  /** How many at most; `Infinity`: as many as there are. */
  count?: number;
}

/** Which queue of which Redis. */
export interface QueueOptions {
  /** The name of the queue, the same for callers and workers. */
  queue: string;
  /** The address of Redis, "redis://localhost:6379", or a client of `ioredis`, whose settings are used. */
  redis: string | RedisClient;
  /** What the names of all keys begin with: "bull" unless given, as BullMQ's own tools expect. */
  prefix?: string;
  /** How much the arguments or the result of one job may hold, about, in bytes: 1,000,000 unless given. */
  maxPayload?: number;
}

/** How jobs are run on other machines. */
export interface ClusterOptions extends Omit<ExecutorOptions, "grace">, QueueOptions {
  /** How many of this executor's calls are in the queue at once, whether they run or wait there: 1,000 unless given. */
  concurrency?: number;
  /** How many results are kept, and for how long: 1,000 for an hour unless given. */
  keepCompleted?: Keep;
  /** The same of those that were lost or cancelled: 1,000 for a day unless given. */
  keepFailed?: Keep;
  /** How often what the queue has is looked at, for what its events did not tell, in milliseconds: 5,000 unless given. */
  pollInterval?: number;
  /** How long Redis may take to answer at the start, in milliseconds: 10,000 unless given. */
  connectTimeout?: number;
}

export const QUEUE: Names<QueueOptions> = { queue: true, redis: true, prefix: true, maxPayload: true };

const { grace: _, ...OF_CALLERS } = EXECUTOR;
const CLUSTER: Names<ClusterOptions> = {
  ...QUEUE,
  ...OF_CALLERS,
  concurrency: true,
  keepCompleted: true,
  keepFailed: true,
  pollInterval: true,
  connectTimeout: true,
};

const KEEP: Names<Keep> = { age: true, count: true };

/** @throws TypeError and RangeError */
export function checkCluster(options: ClusterOptions): void {
  if (Object.hasOwn(Object(options), "grace")) {
    throw new TypeError(
      "Cannot run jobs on a cluster with `grace`: how long a job that was cancelled may go on is up to its worker. Give it to " +
        "serveCluster.",
    );
  }
  checkNames("run jobs on a cluster", options, CLUSTER);
  const { concurrency = 1, maxWaiting = 0, pollInterval = 0, keepCompleted, keepFailed } = options;
  checkQueue(options);
  checkCount("concurrency", concurrency);
  checkCount("maxWaiting", maxWaiting, 0);
  checkTime("pollInterval", pollInterval);
  for (const [what, keep] of Object.entries({ keepCompleted, keepFailed })) {
    if (keep === undefined) continue;
    checkNames(`set ${what}`, keep, KEEP);
    const { age = 0, count = 0 } = keep;
    checkCount(`${what}.age`, age, 0);
    checkCount(`${what}.count`, count, 0);
  }
}

/** In the form that BullMQ takes: what has no limit is not named. */
export function kept(keep: Keep = {}, standard: Required<Keep>): Keep {
  const { age = standard.age, count = standard.count } = keep;
  return { ...(age !== Infinity && { age }), ...(count !== Infinity && { count }) };
}

/** The longest that the platform's timers wait, in milliseconds: what is longer they take for 1. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** As much of it as a timer of the platform can wait. */
export function forTimer(ms: number): number {
  return Math.min(ms, LONGEST_TIMER);
}

/** @throws TypeError and RangeError */
export function checkQueue({
  queue,
  prefix = "bull",
  maxPayload = LARGEST,
  connectTimeout = 0,
}: QueueOptions & { connectTimeout?: number }): void {
  for (const [what, name] of [
    ["queue", queue],
    ["prefix", prefix],
  ] as const) {
    if (typeof name === "string" && /^[^:{}\s]+$/.test(name)) continue;
    throw new TypeError(
      `Cannot use the ${what} ${JSON.stringify(name)}: give a name without blanks, colons and braces.`,
    );
  }
  checkCount("maxPayload", maxPayload);
  checkTime("connectTimeout", connectTimeout);
}
