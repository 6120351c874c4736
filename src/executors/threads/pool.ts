/**
 * The worker threads: the pool library starts them, sends them their jobs and replaces those that end. Which worker gets which
 * job is decided here, so that none waits behind another in a thread that does not answer.
 */
import type { EventEmitter } from "node:events";
import type { Worker as Thread } from "node:worker_threads";
import { InvalidStateError } from "../../index.ts";
import type { Report } from "../../lowlevel.ts";
import type { Call } from "../call.ts";
import { errorAgain, type Envelope, type PlainError } from "../envelope.ts";
import { WorkerLostError } from "../errors.ts";
import type { JobKind } from "../module.ts";
import { within } from "../within.ts";
import { lostHere } from "./lost.ts";
import {
  cellOf,
  HOLDS,
  isHello,
  SENT,
  WITHDRAWN,
  type Hello,
  type JobMessage,
  type JobNews,
  type News,
  type Order,
  type PlainReport,
  type WorkerData,
} from "./protocol.ts";
import { Starting } from "./starting.ts";

/** By which the pool library is told something of a task. */
const QUEUE_OPTIONS: unique symbol = Symbol.for("Piscina.queueOptions") as never;

export type Library = typeof import("piscina").Piscina;

/** @throws InvalidStateError if it is not installed */
export async function loadLibrary(): Promise<Library> {
  try {
    return (await import("piscina")).Piscina;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new InvalidStateError(
      "Cannot run jobs on threads: the package `piscina` is not installed. Install it: `npm install piscina`.",
    );
  }
}

export interface PoolOptions {
  readonly workers: number;
  readonly resourceLimits: object | undefined;
  readonly execArgv: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
}

/** Hears of the workers. */
export interface PoolListener {
  /** One came, or could not load the module. */
  changed(): void;
  /** Of what happened on one that no caller can be told. */
  report(report: Report): void;
}

/** What becomes of a job that was sent to a worker. */
export interface Outcome {
  ended(envelope: Envelope): void;
  /** Its worker ended. `begun`: while it ran, so it cannot simply be sent to another. */
  lost(why: WorkerLostError, begun: boolean): void;
  news(news: JobNews): void;
  /** The worker has read its message and has no more to do with it, or is gone: its place is free. */
  gone(): void;
}

/** A job on its way to a worker, or there. It is its own message: what is sent of it are its public fields. */
export class Sent implements JobMessage {
  readonly run: number;
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly worker: string;
  readonly args: readonly unknown[];
  readonly senders: readonly number[];
  readonly #to: PoolWorker;
  readonly #outcome: Outcome;
  readonly #cells: Int32Array;
  #strayed = false;

  constructor(
    run: number,
    { id, name, args, senders, attempt, as }: Call,
    to: PoolWorker,
    outcome: Outcome,
    cells: Int32Array,
  ) {
    this.run = run;
    this.id = id;
    this.name = name;
    this.attempt = as === undefined ? attempt : as.attempt + attempt - 1;
    this.worker = as === undefined ? to.name : as.worker;
    this.args = args;
    this.senders = senders.length === 0 ? NONE : senders.map(({ at }) => at);
    this.#to = to;
    this.#outcome = outcome;
    this.#cells = cells;
    Atomics.store(cells, cellOf(run, cells), SENT);
  }

  get to(): PoolWorker {
    return this.#to;
  }
  get outcome(): Outcome {
    return this.#outcome;
  }

  /** Whether it is a function that was called and has not returned: it keeps the thread for itself. */
  get holds(): boolean {
    return Atomics.load(this.#cells, cellOf(this.run, this.#cells)) === HOLDS;
  }

  /** Takes it back, if no worker has begun it. */
  withdraw(): boolean {
    if (this.#strayed) return true;
    return Atomics.compareExchange(this.#cells, cellOf(this.run, this.#cells), SENT, WITHDRAWN) === SENT;
  }

  /** Its worker is there no more: any other may read its message, but none may run it, since it could not be stopped there. */
  stray(): void {
    this.#strayed = this.withdraw();
  }
  get strayed(): boolean {
    return this.#strayed;
  }
}

/** For the pool library's balancer of loads, which sees no more of a task than this. */
Object.defineProperty(Sent.prototype, QUEUE_OPTIONS, {
  get(this: Sent) {
    return this;
  },
});

const NONE: readonly number[] = [];

/** One worker, from its first word to its end. */
export class PoolWorker {
  /** "worker 2". */
  readonly name: string;
  readonly number: number;
  readonly thread: Thread;
  /** How many places are taken. */
  taken = 0;
  /** Whether a function keeps it for itself. */
  busy = false;
  /** Why it was ended, if it was: in words. */
  ending: string | undefined = undefined;
  readonly #port: Hello["port"];
  readonly #jobs: JobsByCell;
  #flushed: (() => void) | undefined = undefined;

  constructor(
    number: number,
    thread: Thread,
    port: Hello["port"],
    jobs: JobsByCell,
    report: (report: Report) => void,
  ) {
    this.#jobs = jobs;
    this.number = number;
    this.name = `worker ${number}`;
    this.thread = thread;
    this.#port = port;
    port.on("message", (news: News) => {
      if (news.what === "flushed") return this.#flushed?.();
      if (news.what === "report") return report(reportOf(this, news.report));
      const sent = this.#jobs[cellOf(news.run, this.#jobs)];
      if (sent?.run === news.run) sent.outcome.news(news);
    });
    port.unref();
  }

  /** Whether a function runs there, which may keep it from answering. */
  get runsFunction(): boolean {
    return this.#jobs.some((sent) => sent?.to === this && sent.holds);
  }

  order(order: Order): void {
    this.#port.postMessage(order);
  }

  /** Waits until what its jobs have written has been read, or the thread has ended. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#flushed = resolve;
      this.thread.once("exit", () => resolve());
      this.order({ what: "flush" });
    });
  }

  close(): void {
    this.#port.close();
  }
}

/** What a worker reports, as it is told here. */
function reportOf({ name }: PoolWorker, { kind, message, task, error }: PlainReport): Report {
  const report = { kind, message: `On ${name}: ${message}`, task };
  return error === undefined ? report : { ...report, error: errorAgain(error, name) };
}

/** What is with workers now. */
type JobsByCell = readonly (Sent | undefined)[];

export class Pool {
  /** Those that have loaded the module and have not ended. */
  readonly workers: Set<PoolWorker> = new Set();
  /** The jobs of the module; empty until the first worker has loaded it. */
  kinds: ReadonlyMap<string, JobKind> = new Map();
  /** There is no worker, and the last thread that tried could not load the module: why. */
  broken: Error | null = null;
  readonly #piscina: InstanceType<Library>;
  readonly #cells: Int32Array;
  readonly #jobs: (Sent | undefined)[];
  /** The numbers of the next runs: one for each cell that is free. */
  readonly #free: number[];
  readonly #listener: PoolListener;
  readonly #starting: Starting;
  #closed = false;

  /** `jobsAtOnce`: how many jobs are with workers at most. */
  constructor(
    library: Library,
    url: string,
    options: PoolOptions,
    jobsAtOnce: number,
    listener: PoolListener,
  ) {
    const count = jobsAtOnce; // one that was withdrawn keeps its cell, and its place, until its message was read
    this.#cells = new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
    this.#jobs = Array.from({ length: count }, () => undefined);
    this.#free = Array.from({ length: count }, (_, i) => count - 1 - i);
    this.#listener = listener;
    this.#starting = new Starting(url.slice(url.lastIndexOf("/") + 1), {
      loaded: (thread, port, kinds) => this.#loaded(thread, port, kinds),
      failed: (error) => this.#failed(error),
    });
    const { workers, resourceLimits, execArgv, env } = options;
    this.#piscina = new library({
      filename: new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)
        .href,
      name: "serveJob",
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: count,
      workerData: { cede: { url, cells: this.#cells } } satisfies WorkerData,
      recordTiming: false,
      // A worker that has no job still has timers and connections of its own.
      atomics: "disabled",
      loadBalancer: (task, candidates) => {
        const sent = (task as unknown as { readonly [QUEUE_OPTIONS]: Sent })[QUEUE_OPTIONS];
        const to = candidates.find(({ id }) => id === sent.to.thread.threadId);
        if (to === undefined) sent.stray();
        return to ?? candidates[0] ?? null;
      },
      ...(resourceLimits !== undefined && { resourceLimits }),
      ...(execArgv !== undefined && { execArgv: [...execArgv] }),
      ...(env !== undefined && { env }),
    });
    const events = this.#piscina as unknown as EventEmitter;
    events.on("message", (message: unknown) => {
      if (isHello(message)) this.#hello(message);
    });
    events.on("error", () => {}); // that a thread has ended its own events tell, and which
    const look = (): void => {
      if (!this.#closed) for (const thread of this.#piscina.threads) this.#starting.add(thread);
    };
    look();
    events.on("workerDestroy", () => queueMicrotask(look)); // by then it has been replaced
  }

  /** Sends a job to a worker. @throws what the platform throws for what it cannot send */
  send(call: Call, to: PoolWorker, outcome: Outcome): Sent {
    const run = this.#free.pop()!;
    const sent = new Sent(run, call, to, outcome, this.#cells);
    this.#jobs[cellOf(run, this.#jobs)] = sent;
    const { transfer, title } = call;
    const options = transfer.length === 0 ? undefined : { transferList: transfer as never };
    const ended = this.#piscina.run(sent, options) as Promise<Envelope>;
    const over = (): void => {
      this.#jobs[cellOf(run, this.#jobs)] = undefined;
      this.#free.push(run + this.#jobs.length);
      outcome.gone();
    };
    ended.then(
      (envelope) => {
        if (sent.strayed) this.#lost(sent, title, undefined);
        over(); // first, so that the caller's next call finds this worker free, which is awake
        outcome.ended(envelope);
      },
      (error: unknown) => {
        this.#lost(sent, title, error);
        over();
      },
    );
    return sent;
  }

  /** Ends a worker, and whatever runs there. `why`: for those whose jobs are lost with it. */
  end(worker: PoolWorker, why: string): void {
    if (!this.#remove(worker)) return;
    worker.ending = why;
    void worker.thread.terminate();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#starting.close();
    const flushes = [...this.workers].map((worker) => worker.flush());
    this.workers.clear();
    await Promise.all([within(FLUSH_MS, Promise.all(flushes)), within(START_MS, this.#starting.quiet())]);
    await this.#piscina.destroy();
  }

  #hello({ thread: id, port }: Hello): void {
    const thread = this.#thread(id);
    if (thread !== undefined && !this.#closed) return this.#starting.hello(thread, port);
    port.close(); // it has ended already, or is to end now
    if (thread !== undefined) this.#starting.heard(thread);
  }

  #loaded(thread: Thread, port: Hello["port"], kinds: ReadonlyMap<string, JobKind>): void {
    this.broken = null;
    this.kinds = kinds;
    const worker = new PoolWorker(this.#freeNumber(), thread, port, this.#jobs, (report) =>
      this.#listener.report(report),
    );
    this.workers.add(worker);
    // Its jobs are told by the pool library, before or after this.
    const gone = (): void => {
      worker.close();
      this.#remove(worker);
    };
    thread.once("exit", gone).once("error", (error) => {
      gone();
      if (this.#closed || this.#jobs.some((sent) => sent?.to === worker)) return;
      process.emitWarning(`A worker ended while it had no job: ${error.message}`, "CedeWarning");
    });
    this.#listener.changed();
  }

  #failed(error: Error): void {
    if (this.workers.size > 0) return;
    this.broken = error;
    this.#listener.changed();
  }

  /** It takes no more jobs. Where it was the last one, whatever is to replace it does not wait, whoever failed before. */
  #remove(worker: PoolWorker): boolean {
    if (!this.workers.delete(worker)) return false;
    if (this.workers.size === 0) this.#starting.hurry();
    return true;
  }

  #thread(id: number): Thread | undefined {
    return this.#piscina.threads.find(({ threadId }) => threadId === id);
  }

  #freeNumber(): number {
    const taken = new Set([...this.workers].map(({ number }) => number));
    let number = 1;
    while (taken.has(number)) number++;
    return number;
  }

  /** The library has no result: the worker is gone, or the message could not be sent. */
  #lost(sent: Sent, title: string, error: unknown): void {
    // Where the worker is there no more, it is its own message that could not be sent.
    if (error instanceof Error && error.name === "DataCloneError" && this.workers.has(sent.to)) {
      return sent.outcome.ended({ ok: false, error: unsent(title, error) });
    }
    const worker = sent.to;
    this.#remove(worker);
    const begun = !sent.withdraw();
    const why = worker.ending ?? (sent.strayed ? "had ended before" : reasonOf(error));
    const lost = new WorkerLostError(
      `${title} was lost: ${worker.name}, where it ran, ${why}.`,
      title,
      worker.name,
      worker.ending === undefined ? { cause: error } : {},
    );
    sent.outcome.lost(lostHere(lost, { closed: this.#closed }), begun);
  }
}

/** How long threads have for what they have written, in milliseconds: one that is held up does not hold up the end. */
const FLUSH_MS = 1000;

/** How long threads have until they have read their own code, in milliseconds: no program of anybody's runs there yet. */
const START_MS = 10_000;

function unsent(title: string, error: Error): PlainError {
  return {
    class: "PayloadError",
    name: "PayloadError",
    message: `Cannot send the arguments of ${title}: ${error.message}`,
  };
}

/** Why a worker ended, as far as the platform says. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)}, and nobody caught it`;
  if ((error as { code?: unknown }).code === "ERR_WORKER_OUT_OF_MEMORY") return "ran out of memory";
  const [, code] = /^worker exited with code: (-?\d+)$/.exec(error.message) ?? [];
  if (code !== undefined) return `ended with exit code ${code}`;
  if (error.message === "Terminating worker thread") return "was ended with the pool";
  return `ended by an error that nobody caught: ${error.message || error.name}`;
}
