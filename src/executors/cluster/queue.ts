import type { Queue } from "bullmq";
import { coroutine, until, type Awaitable } from "../../index.ts";
import type { Jobs } from "../jobs.ts";
import { checkCount, checkFinite, checkTime } from "../options.ts";
import { checkPayload } from "../payload.ts";
import { engineOf, type Cluster } from "./engine.ts";
import { encode } from "./codec.ts";
import { loadBullmq } from "./peers.ts";
import { priorityInQueue, type JobData } from "./wire.ts";

/** When a job is repeated: each `every` milliseconds, or by a pattern of `cron`. */
export interface Repeat {
  /** How often, in milliseconds. */
  every?: number;
  /** The times of day, in the notation of cron: "0 3 * * *". */
  cron?: string;
  /** Whose time of day the pattern is of: "Europe/Berlin". */
  timezone?: string;
  /** How often at most. */
  limit?: number;
  /** As that of a call. */
  priority?: number;
}

/** A job that is repeated. */
export interface Repeated {
  readonly id: string;
  /** The job's name. */
  readonly job: string;
  /** When it runs next, in milliseconds since 1970. */
  readonly next: number | undefined;
}

/** What a queue holds at this moment, of all its callers. */
export interface QueueCounts {
  readonly waiting: number;
  readonly delayed: number;
  readonly running: number;
  /** Those that are over, as far as they are kept. */
  readonly completed: number;
  readonly failed: number;
}

type JobName<M> = { [Name in keyof Jobs<M>]: Name }[keyof Jobs<M>] & string;
type JobArguments<M, Name> = Name extends keyof M
  ? M[Name] extends (...args: infer A) => unknown
    ? A
    : never
  : never;

/**
 * The queue behind the jobs of a `cluster`: what belongs to all who use it. Jobs that are repeated are put there by the
 * workers, whether or not this program goes on; nobody awaits them.
 *
 * @throws TypeError for jobs that have no queue.
 * @example
 * ```ts redis
 * import { run } from "cede";
 * import { cluster, ClusterQueue } from "cede/executors";
 *
 * const module = { sweep: (folder: string) => folder.length };
 * await run(function* () {
 *   const redis = process.env["REDIS_URL"] ?? "redis://localhost:6379";
 *   const queue = ClusterQueue.of(yield* cluster<typeof module>({ queue: "chores", redis }));
 *   yield* queue.repeat("nightly", { cron: "0 3 * * *", timezone: "UTC" }, "sweep", "/tmp");
 *   for (const { id, job } of yield* queue.repeated()) console.log(id, job); // prints: nightly sweep
 *   yield* queue.stopRepeating("nightly");
 *   yield* queue.limitRate({ jobs: 100, per: 1000 }); // of all workers together
 *   yield* queue.limitRate(null);
 * });
 * ```
 */
export class ClusterQueue<M> {
  readonly #engine: Cluster;

  private constructor(engine: Cluster) {
    this.#engine = engine;
  }

  /** The queue of these jobs. */
  static of<M>(jobs: Jobs<M>): ClusterQueue<M> {
    return new ClusterQueue<M>(engineOf(jobs));
  }

  /**
   * Has a job run again and again, from now on. `id`: what it is known by; the same one again takes the place of the first.
   *
   * @throws PayloadError; RangeError and TypeError for what could not be repeated so.
   */
  repeat<Name extends JobName<M>>(
    id: string,
    when: Repeat,
    job: Name,
    ...args: JobArguments<M, Name>
  ): Awaitable<void> {
    const { every, cron, timezone, limit, priority = 0 } = when;
    if ((every === undefined) === (cron === undefined)) {
      throw new TypeError(`Cannot repeat job ${job}: give either \`every\`, in milliseconds, or \`cron\`.`);
    }
    if (every !== undefined) checkTime("every", every);
    if (every !== undefined && !(every >= 1 && every <= LONGEST_REPEAT)) {
      throw new RangeError(
        `Cannot repeat job ${job} each ${every} ms: give 1 or more, and not more than ${LONGEST_REPEAT}.`,
      );
    }
    if (timezone !== undefined) checkTimezone(job, timezone);
    if (limit !== undefined) checkCount("limit", limit);
    args.forEach((value: unknown, at: number) => checkPayload(value, `argument ${at + 1} of job ${job}`));
    const engine = this.#engine;
    const data: JobData = {
      v: 1,
      id,
      caller: "",
      nonce: "",
      args: encode(args, `the arguments of job ${job}`, engine.maxPayload),
      senders: [],
    };
    return promised(engine, async () => {
      if (cron !== undefined) await checkCron(job, cron, timezone);
      await engine.queue.upsertJobScheduler(
        id,
        {
          ...(every !== undefined && { every }),
          ...(cron !== undefined && { pattern: cron }),
          ...(timezone !== undefined && { tz: timezone }),
          ...(limit !== undefined && limit !== Infinity && { limit }),
        },
        { name: job, data, opts: { priority: priorityInQueue(priority), ...engine.keeping } },
      );
    });
  }

  /** Ends a repetition; what runs already goes on. Without one of that id, nothing happens. */
  stopRepeating(id: string): Awaitable<void> {
    return promised(this.#engine, (queue) => queue.removeJobScheduler(id));
  }

  /** What is repeated. */
  repeated(): Awaitable<readonly Repeated[]> {
    return repetitions(this.#engine);
  }

  /** How many jobs may begin in `per` milliseconds, on all workers together; `null`: as many as can. */
  limitRate(limit: { readonly jobs: number; readonly per: number } | null): Awaitable<void> {
    if (limit === null) return promised(this.#engine, (queue) => queue.removeGlobalRateLimit());
    checkFinite("jobs", limit.jobs);
    checkFinite("per", limit.per);
    return promised(this.#engine, (queue) => queue.setGlobalRateLimit(limit.jobs, limit.per));
  }

  /** What it holds now. */
  counts(): Awaitable<QueueCounts> {
    return counting(this.#engine);
  }
}

/** In milliseconds: a hundred years. */
const LONGEST_REPEAT = 100 * 365 * 86_400_000;

/** @throws RangeError */
function checkTimezone(job: string, timezone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch (cause) {
    throw new RangeError(
      `Cannot repeat job ${job} by the time of ${JSON.stringify(timezone)}: no such time zone is known. Write ` +
        '"Europe/Berlin", say.',
      { cause },
    );
  }
}

/** As the queue reads it. @throws RangeError */
async function checkCron(job: string, cron: string, tz: string | undefined): Promise<void> {
  const { defaultRepeatStrategy } = await loadBullmq();
  let cause: unknown;
  try {
    const next = defaultRepeatStrategy(Date.now(), { pattern: cron, ...(tz !== undefined && { tz }) });
    if (next !== undefined) return;
  } catch (error) {
    cause = error;
  }
  const why = cause instanceof Error ? ` (${cause.message})` : "";
  throw new RangeError(
    `Cannot repeat job ${job} by the pattern ${JSON.stringify(cron)}: there is no time that it stands for${why}. Write ` +
      '"0 3 * * *" for three at night, say.',
    { cause },
  );
}

const promised = coroutine(function* queue(
  engine: Cluster,
  ask: (queue: Queue) => Promise<unknown>,
): Awaitable<void> {
  yield* until(engine.asking(ask));
});

const repetitions = coroutine(function* repeated(engine: Cluster): Awaitable<readonly Repeated[]> {
  const all = yield* until(engine.asking((queue) => queue.getJobSchedulers(0, -1, true)));
  return all.map(({ key, name, next }) => ({ id: key, job: name, next }));
});

const counting = coroutine(function* counts(engine: Cluster): Awaitable<QueueCounts> {
  const counts = yield* until(
    engine.asking((queue) =>
      queue.getJobCounts("waiting", "prioritized", "delayed", "active", "completed", "failed"),
    ),
  );
  const of = (state: string): number => counts[state] ?? 0;
  return {
    waiting: of("waiting") + of("prioritized"),
    delayed: of("delayed"),
    running: of("active"),
    completed: of("completed"),
    failed: of("failed"),
  };
});
