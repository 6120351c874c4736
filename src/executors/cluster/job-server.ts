/** A worker of a queue: BullMQ hands it jobs, each of which it runs as a task of its loop, and it gives back how that ended. */
import type { Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Awaitable, Task, TaskGroup } from "../../index.ts";
import { park, type ParkedWait } from "../../lowlevel.ts";
import { briefly, plainError, type Envelope } from "../envelope.ts";
import type { JobModule } from "../module.ts";
import { checkPayload } from "../payload.ts";
import { Progress } from "../progress.ts";
import { serveSending } from "../sending.ts";
import type { Served } from "../serve.ts";
import { decode, encode, type Plain } from "./codec.ts";
import { fence, readLate, writeLate } from "./late.ts";
import { countLost, countNotBegun, countSilent, forgetSilent } from "./counts.ts";
import { LOSE_THREAD } from "./lost-thread.ts";
import type { Bullmq } from "./peers.ts";
import { Once } from "./once.ts";
import { Post } from "./post.ts";
import { within } from "../within.ts";
import type { Connections } from "./redis.ts";
import {
  CANCELLED,
  isJobData,
  LOST,
  namesOf,
  parse,
  reasonOf,
  type JobData,
  type Names,
  type Returned,
  type ToCaller,
  type ToWorker,
  type ToWorkers,
} from "./wire.ts";

export interface JobServerOptions {
  readonly bullmq: Bullmq;
  readonly connections: Connections;
  readonly redis: Redis;
  readonly group: TaskGroup;
  readonly module: JobModule;
  readonly where: string;
  readonly queue: string;
  readonly prefix: string;
  readonly name: string;
  readonly grace: number;
  readonly maxPayload: number;
  readonly maxStalledCount: number;
  readonly stalledInterval: number;
  readonly concurrency: number;
}

/** Why a job of this worker was stopped. */
type Stop = "cancelled" | "superseded" | "leaving";

interface Running {
  progress?: NonNullable<Returned["progress"]>;
  task: Task<unknown> | null;
  stopped: Stop | null;
  /** What it is for the queue that the thread of its function has ended, if it has. */
  lostThread: "lost" | "leaving" | null;
  /** Of the call that put it into the queue. */
  readonly nonce: string;
  readonly post: Post;
}

/** How one ended. */
interface Ended extends Pick<Returned, "progress" | "cleanup"> {
  readonly envelope?: Envelope;
  readonly stopped?: Stop | "lost" | null;
}

/** How long other workers have to say that they are not blocked, in milliseconds. */
const ANSWER_MS = 1000;
/**
 * How often one of them may stay silent: each time it is asked later, by one interval more. Who listens and never answers may
 * be no worker.
 */
const SILENT_ROUNDS = 10;
/** How long it may take to tell the queue of its end. */
const CLOSE_MS = 5000;

export class JobServer {
  served = 0;
  readonly #options: JobServerOptions;
  readonly #names: Names;
  readonly #id: string = crypto.randomUUID();
  /** By job; one may run twice here, if this worker was silent for too long. */
  readonly #running = new Map<string, Set<Running>>();
  readonly #questions = new Map<string, (from: string, runs: boolean) => void>();
  readonly #waits = new Set<ParkedWait<void>>();
  readonly #cleanups = new Set<ParkedWait<void>>();
  #worker: Worker | null = null;
  #busy = 0;
  #leaving = false;

  constructor(options: JobServerOptions) {
    this.#options = options;
    this.#names = namesOf(options.prefix, options.queue);
  }

  get running(): number {
    return this.#busy;
  }

  async open(): Promise<void> {
    const { bullmq, connections, redis, queue, prefix, name, concurrency, stalledInterval } = this.#options;
    const subscriber = await connections.make();
    subscriber.on("message", (_: string, text: string) => this.#heard(text));
    await subscriber.subscribe(this.#names.workers, this.#names.worker(this.#id));
    if (this.#leaving) return; // whoever opened it was cancelled meanwhile, and nobody would close what is made now
    const worker = new bullmq.Worker(queue, async (job: Job, token?: string) => this.#process(job, token!), {
      connection: redis,
      prefix,
      name,
      concurrency,
      stalledInterval,
      lockDuration: stalledInterval,
      // How often a job is taken from workers that were lost is decided here: see #hopeless.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 500,
      drainDelay: 1, // a job that another worker has given back waits no longer than that
      skipVersionCheck: true,
    });
    this.#worker = worker;
    worker.on("error", () => {}); // of the connection, which comes back, or of a lock that was lost: see late.ts
    await worker.waitUntilReady();
  }

  /** Takes no more jobs. */
  async pause(): Promise<void> {
    await this.#worker?.pause(true);
  }

  /** Waits until nothing runs here. */
  drained(): Awaitable<void> {
    return park<void>({ label: () => `${this.#busy} jobs of ${this.#options.name}` }, (wait) => {
      if (this.#busy === 0) return void wait.complete();
      this.#waits.add(wait);
      return () => this.#waits.delete(wait);
    });
  }

  /** Stops what runs here, and leaves it to others, as what the queue may still give to this worker. Waits for the cleanup. */
  leaveAll(): Awaitable<void> {
    this.#leaving = true;
    for (const all of this.#running.values()) for (const running of all) this.#stop(running, "leaving");
    return park<void>({ label: () => `the cleanup of jobs of ${this.#options.name}` }, (wait) => {
      if (this.#running.size === 0) return void wait.complete();
      this.#cleanups.add(wait);
      return () => this.#cleanups.delete(wait);
    });
  }

  /** Waits until the queue knows what became of the jobs here, while Redis may answer. */
  async close(): Promise<void> {
    const closing = this.#worker?.close().catch(() => {});
    if (closing !== undefined) await within(CLOSE_MS, closing); // without Redis it would wait for it
  }

  /** What BullMQ calls for each job. Jobs that fail give it a result, too: it fails only what was lost or cancelled. */
  async #process(job: Job, token: string): Promise<Returned> {
    this.#busy++;
    try {
      return await this.#attempt(job, token);
    } finally {
      this.#busy--;
      this.served++;
      if (this.#busy === 0) for (const wait of this.#waits) wait.complete();
    }
  }

  async #attempt(job: Job, token: string): Promise<Returned> {
    const { redis, maxStalledCount, bullmq } = this.#options;
    const { UnrecoverableError } = bullmq;
    if (!isJobData(job.data)) {
      throw new UnrecoverableError(`Cannot run job ${job.name}: it is not in the form of a cluster's jobs.`);
    }
    const key = this.#worker!.toKey(job.id!);
    const { nonce } = job.data;
    if (job.attemptsStarted > 1) {
      const late = await readLate(redis, key, nonce);
      if (late !== undefined) return late;
      if (job.stalledCounter > maxStalledCount) await this.#hopeless(job, token);
    }
    if (this.#leaving) {
      await countNotBegun(redis, key, token).catch(() => {});
      return this.#giveBack(job, token);
    }
    let returned: Returned | null = null;
    fence(job, async () => {
      if (returned !== null) await this.#late(job, key, returned);
    });
    const { envelope, stopped, ...told } = await this.#run(job);
    if (stopped === "leaving") return this.#giveBack(job, token);
    if (stopped === "superseded" || (job.attemptsStarted > 1 && envelope?.ok !== true)) {
      const late = await readLate(redis, key, nonce);
      if (late !== undefined) return late;
    }
    if (stopped === "lost") await this.#lost(job, token, key);
    if (envelope === undefined) {
      job.opts.removeOnFail = true; // its id is free at once, whatever becomes of its caller; the event tells who waits
      const { progress } = told;
      const last = progress && { worker: this.#options.name, progress };
      const cancelled = new UnrecoverableError(reasonOf(CANCELLED, nonce, last));
      cancelled.stack = ""; // it would carry all of that again, and nobody reads it
      throw cancelled;
    }
    if (told.cleanup) job.opts.removeOnComplete = true;
    const value = {
      v: 1,
      nonce,
      worker: this.#options.name,
      e: this.#encoded(job, envelope),
      ...told,
    } as const;
    if (envelope.ok === true) returned = value;
    return value;
  }

  /** The thread of its function has ended, though nobody has ended it. @throws always */
  async #lost(job: Job, token: string, key: string): Promise<never> {
    const { redis, bullmq, maxStalledCount } = this.#options;
    const times = await countLost(redis, key, token);
    if (times > maxStalledCount) await this.#hopeless(job, token);
    if (times > 0) return this.#giveBack(job, token);
    throw new bullmq.WaitingError();
  }

  /** Others are to run it. @throws always */
  async #giveBack(job: Job, token: string): Promise<never> {
    await job.moveToWait(token).catch(() => {}); // if it was taken away, it waits already
    throw new this.#options.bullmq.WaitingError();
  }

  #encoded({ name }: Job, envelope: Envelope): Returned["e"] {
    const { maxPayload } = this.#options;
    const failed = envelope.ok === false;
    try {
      return encode(envelope, `${failed ? "the error" : "the result"} of job ${name}`, maxPayload);
    } catch (tooLarge) {
      const isError = failed && envelope.error.thrown === undefined;
      // Its caller reads twice as much as the limit, and no more.
      const error = isError ? briefly(envelope.error, maxPayload / 2) : plainError(tooLarge);
      return encode({ ok: false, error }, "", Infinity); // that has to be told, whatever the limit
    }
  }

  /**
   * It was taken from workers too often. They are lost only if no worker runs it any more: one that does not answer may be
   * blocked by the job, and finish it still. Then it is asked again later.
   *
   * @throws always
   */
  async #hopeless(job: Job, token: string): Promise<never> {
    const { bullmq, redis, stalledInterval } = this.#options;
    const { DelayedError, UnrecoverableError } = bullmq;
    const { nonce } = job.data as JobData;
    const key = this.#worker!.toKey(job.id!);
    const runs = await this.#someoneRuns(job.id!, nonce);
    if (runs === true) await forgetSilent(redis, key);
    const silent = runs === undefined ? await countSilent(redis, key, token) : 0;
    if (runs === false || silent > SILENT_ROUNDS) throw new UnrecoverableError(reasonOf(LOST, nonce));
    await job.moveToDelayed(Date.now() + Math.max(1, silent) * stalledInterval, token);
    throw new DelayedError();
  }

  /** Whether a worker says that it runs it; `undefined`: none does, but somebody has not answered. */
  async #someoneRuns(job: string, nonce: string): Promise<boolean | undefined> {
    const question = crypto.randomUUID();
    const asked: ToWorkers = { what: "whoRuns", job, nonce, question, from: this.#id };
    const answered = new Set<string>();
    let enough!: (runs: boolean) => void;
    let expected = Infinity;
    const answer = new Promise<boolean>((resolve) => {
      enough = resolve;
    });
    this.#questions.set(question, (from, runs) => {
      answered.add(from);
      if (runs) enough(true);
      else if (answered.size >= expected) enough(false);
    });
    try {
      const { redis } = this.#options;
      await redis.publish(this.#names.workers, JSON.stringify(asked));
      // Not how many heard it: somebody may watch all channels, and answers nothing.
      const [, listening] = (await redis.pubsub("NUMSUB", this.#names.workers)) as [string, number];
      expected = Number(listening);
      if (answered.size >= expected) enough(false); // unless one has said that it runs it
      return await within(ANSWER_MS, answer);
    } finally {
      this.#questions.delete(question);
    }
  }

  /** The queue had given it up. */
  async #late(job: Job, key: string, returned: Returned): Promise<void> {
    const how = await writeLate(this.#options.redis, key, returned);
    if (how === "ended") return;
    // What Redis has lost may be waited for still.
    const { caller, nonce } = job.data as JobData;
    if (how === "written") this.#tellWorkers({ what: "superseded", job: job.id!, nonce, by: this.#id });
    if (caller !== "") this.#tell(caller, { what: "late", job: job.id!, nonce, returned });
  }

  /** Runs it as a task of the loop. How it ended, or why it was stopped. */
  async #run(job: Job): Promise<Ended> {
    const { group, module, where, name: worker, grace, maxPayload } = this.#options;
    const { id, attemptsStarted: attempt, name } = job;
    const data = job.data as JobData;
    const { nonce } = data;
    const head = { job: id!, nonce, attempt };
    const post = new Post(this.#id, head, { title: `job ${name}`, maxPayload }, (message) => {
      begun.now();
      return this.#publish(data.caller, message);
    });
    const running: Running = { task: null, stopped: null, lostThread: null, nonce, post };
    const all = this.#running.get(id!);
    if (all === undefined) this.#running.set(id!, new Set([running]));
    else all.add(running);
    const tell = (message: ToCaller): void => {
      if (data.caller !== "") this.#tell(data.caller, message);
    };
    const progress = new Progress<Plain>(
      (value) => {
        running.progress = { number: (running.progress?.number ?? 0) + 1, value };
        begun.now();
        tell({ ...head, what: "progress", ...running.progress });
      },
      (value) => encode(value, `the progress of job ${name}`, maxPayload),
    );
    // One that ends soon says with its end where it ran: that is a message less for most.
    const begun = new Once(() => tell({ ...head, what: "started", worker }));
    if (attempt > 1) begun.now();
    try {
      const args = decode(data.args, `the arguments of job ${name}`, maxPayload) as unknown[];
      const request = {
        id: data.id,
        name,
        attempt,
        worker,
        args,
        grace,
        [LOSE_THREAD]: (closed: boolean) => void (running.lostThread = closed ? "leaving" : "lost"),
        progress: (value: unknown) => {
          checkPayload(value, `the progress of job ${name}`);
          progress.tell(value);
        },
      };
      const ended = await new Promise<Ended>((resolve) => {
        try {
          const body = (): Awaitable<Served> => serveSending(module, where, request, data.senders, post);
          running.task = group.createTask(body, { name: `job ${name}` });
          running.task.addDoneCallback((task) => resolve(endOf(task as Task<Served>, running.stopped)));
        } catch {
          resolve({ stopped: "leaving" }); // the group is being closed
        }
      });
      await post.flush();
      progress.end();
      const told = running.progress !== undefined && { progress: running.progress };
      // One that was stopped, since this worker is being left say, has lost its thread for that.
      if (running.lostThread !== null)
        return { stopped: ended.stopped ?? running.stopped ?? running.lostThread, ...told };
      return { ...ended, ...told };
    } catch (error) {
      return { envelope: { ok: false, error: plainError(error) } };
    } finally {
      begun.never();
      progress.end();
      post.close();
      const others = this.#running.get(id!)!;
      others.delete(running);
      if (others.size === 0) this.#running.delete(id!);
      if (this.#running.size === 0) for (const wait of this.#cleanups) wait.complete();
    }
  }

  /** What of a job runs here; not what has its id and is another. */
  #ofJob(job: string, nonce: string): Running[] {
    return [...(this.#running.get(job) ?? [])].filter((running) => running.nonce === nonce);
  }

  #stop(running: Running, why: Stop): void {
    // Its caller may still take what the cleanup of a cancelled job sends; what runs elsewhere sends from there.
    if (why !== "cancelled") running.post.close();
    if (running.stopped !== null) return;
    running.stopped = why;
    if (running.task !== null) void running.task.cancel(why);
  }

  #heard(text: string): void {
    const message = parse<ToWorkers | ToWorker>(text);
    if (message === undefined) return;
    switch (message.what) {
      case "cancel":
        for (const running of this.#ofJob(message.job, message.nonce)) this.#stop(running, "cancelled");
        return;
      case "superseded":
        if (message.by === this.#id) return;
        for (const running of this.#ofJob(message.job, message.nonce)) this.#stop(running, "superseded");
        return;
      case "whoRuns":
        return this.#answer(message.from, {
          what: "answer",
          question: message.question,
          from: this.#id,
          runs: this.#ofJob(message.job, message.nonce).length > 0,
        });
      case "answer":
        return this.#questions.get(message.question)?.(message.from, message.runs);
      case "taken":
        for (const { post } of this.#ofJob(message.job, message.nonce)) post.taken(message);
    }
  }

  async #publish(caller: string, message: ToCaller): Promise<number> {
    return this.#options.redis.publish(this.#names.caller(caller), JSON.stringify(message));
  }

  #tell(caller: string, message: ToCaller): void {
    this.#publish(caller, message).catch(() => {});
  }

  #answer(worker: string, message: ToWorker): void {
    this.#options.redis.publish(this.#names.worker(worker), JSON.stringify(message)).catch(() => {});
  }

  #tellWorkers(message: ToWorkers): void {
    this.#options.redis.publish(this.#names.workers, JSON.stringify(message)).catch(() => {});
  }
}

/** A job that was stopped has no end of its own, unless its cleanup failed. */
function endOf(task: Task<Served>, stopped: Stop | null): Ended {
  if (task.cancelled) return { stopped: stopped ?? "leaving" };
  try {
    return { envelope: task.result().envelope };
  } catch (error) {
    const envelope = { ok: false, error: plainError(error) } as const;
    return stopped === null ? { envelope } : { envelope, cleanup: true };
  }
}
