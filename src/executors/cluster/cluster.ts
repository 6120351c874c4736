import type { Awaitable } from "../../index.ts";
import { opened } from "../executor.ts";
import type { Jobs } from "../jobs.ts";
import { Cluster } from "./engine.ts";
import type { ClusterOptions } from "./options.ts";

/**
 * Runs jobs on other machines: the jobs are put into a queue in Redis, and whoever serves that queue, `cede worker` or
 * `serveCluster`, runs them. It belongs to the coroutine that calls it: when that is left, it takes no more calls, waits for
 * those that run, and cancels what does not end in time.
 *
 * A job is run **at least once**: one whose worker is lost is run again on another, and may have done half its work already,
 * or all of it. Calls with the same `id` are one job, and get the same outcome, for as long as that is kept. Arguments,
 * results, progress and what is sent through a `Sender` must be plain data. Needs the packages `bullmq` and `ioredis`.
 *
 * @throws TypeError and RangeError for options that they could not be; Error if Redis does not answer in time;
 * InvalidStateError where the packages are not installed.
 * @example
 * ```ts redis
 * import { run } from "cede";
 * import { cluster, serveCluster } from "cede/executors";
 * import { createTask } from "cede";
 *
 * const module = { add: (a: number, b: number) => a + b }; // or new URL("./jobs.ts", import.meta.url)
 * await run(function* () {
 *   const redis = process.env["REDIS_URL"] ?? "redis://localhost:6379";
 *   createTask(() => serveCluster(module, { queue: "sums", redis })); // or: cede worker jobs.ts --queue sums --redis …
 *   const jobs = yield* cluster<typeof module>({ queue: "sums", redis });
 *   console.log(yield* jobs.add(1, 2)); // prints: 3
 * });
 * ```
 */
export function cluster<M extends object>(options: ClusterOptions): Awaitable<Jobs<M>> {
  return opened<M>(new Cluster(options), options);
}
