/** What runs on a worker thread: loads the module, serves its jobs, each in a run of its own, and unwinds what is cancelled. */
import { MessageChannel, parentPort, threadId, workerData } from "node:worker_threads";
import { CancelledError, currentTask, EventLoop, type Awaitable, type Task } from "../../index.ts";
import { printReport } from "../../lowlevel.ts";
import { plainError, type Envelope } from "../envelope.ts";
import { jobsOf, type JobKind, type JobModule } from "../module.ts";
import { checkPayload } from "../payload.ts";
import { Progress } from "../progress.ts";
import { serveSending, type Link } from "../sending.ts";
import { serve, type Served } from "../serve.ts";
import type { Movable } from "../transfer.ts";
import {
  BEGUN,
  cellOf,
  HOLDS,
  SENT,
  type Hello,
  type JobMessage,
  type JobNews,
  type Loaded,
  type News,
  type Order,
  type PlainReport,
  type WorkerData,
} from "./protocol.ts";

const { url, cells } = (workerData as WorkerData).cede;
const { port1: control, port2 } = new MessageChannel();
const where = url.slice(url.lastIndexOf("/") + 1);

/** A job that runs here, and its way to the caller's senders. */
class Running implements Link {
  /** Whether it is a function, which may hold its thread for as long as it likes. */
  readonly mayHold: boolean;
  /** The main task of its run, once that has begun. */
  task: Task<unknown> | null = null;
  /** Whether it hears of a cancellation: all but an async function that has not asked for its signal. */
  isTold = true;
  /** Whether it was told to stop. */
  cancelled = false;
  /** Who waits for an item to be taken, by the index of the argument. */
  readonly taken: ((taken: boolean) => void)[] = [];
  /** Waits for the caller to have heard all that was told. */
  heard: (() => void) | undefined = undefined;
  /** Whether anything was told of it. */
  told = false;
  progress: Progress | null = null;
  readonly run: number;

  constructor(run: number, mayHold: boolean) {
    this.run = run;
    this.mayHold = mayHold;
  }

  cancel(): void {
    this.cancelled = true;
    void this.task?.cancel("the call was cancelled");
  }

  tell(news: JobNews): void {
    this.told = true;
    control.postMessage(news);
  }

  send(at: number, item: unknown, answer: (taken: boolean) => void): Promise<void> {
    this.tell({ what: "item", run: this.run, at, item });
    return new Promise((resolve) => {
      this.taken[at] = (taken) => {
        answer(taken);
        resolve();
      };
    });
  }

  closed(at: number): void {
    this.tell({ what: "closed", run: this.run, at });
  }

  tellProgress(value: unknown): void {
    this.progress ??= new Progress((latest) => this.tell({ what: "progress", run: this.run, value: latest }));
    this.progress.tell(value);
  }

  /** Waits until the caller has heard what was told: the result comes by another way, and must not overtake it. */
  ended(): Promise<void> | undefined {
    this.progress?.end();
    if (!this.told) return undefined;
    return new Promise<void>((resolve) => {
      this.heard = resolve;
      this.tell({ what: "told", run: this.run });
    });
  }
}
const running: (Running | undefined)[] = Array.from({ length: cells.length }, () => undefined);

const loop = new EventLoop({
  onReport(report) {
    const meant = report.kind === "loop-held" && running.some((job) => job?.mayHold);
    if (meant) return;
    if (loaded === undefined) return printReport(report); // nobody knows this worker yet
    const { kind, message, task, error } = report;
    const plain: PlainReport = {
      kind,
      message,
      task,
      ...(error !== undefined && { error: plainError(error) }),
    };
    control.postMessage({ what: "report", report: plain } satisfies News);
  },
});

let kinds: ReadonlyMap<string, JobKind> = new Map();

/** What the module exports: no job comes before it has loaded. */
let loaded: JobModule | undefined;

async function load(): Promise<void> {
  try {
    const module = (await import(url)) as JobModule;
    kinds = jobsOf(module);
    control.postMessage({ jobs: [...kinds] } satisfies Loaded);
    loaded = module;
  } catch (error) {
    control.postMessage({ error: plainError(error) } satisfies Loaded);
  }
}

control.on("message", (order: Order) => {
  if (order.what === "load") return void load();
  if (order.what === "flush") return void flush();
  const job = running[cellOf(order.run, running)];
  if (job?.run !== order.run) return; // it has just ended
  switch (order.what) {
    case "taken":
      return job.taken[order.at]?.(order.taken);
    case "heard":
      return job.heard?.();
    case "cancel":
      if (job.isTold) control.postMessage({ what: "cancelling", run: order.run } satisfies JobNews);
      job.cancel();
  }
});
/** A thread that is ended loses what it has written and nobody has read. */
async function flush(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength === 0) continue;
    await new Promise((resolve) => {
      stream.write("", resolve);
    });
  }
  control.postMessage({ what: "flushed" } satisfies News);
}
control.unref(); // it is the pool that keeps a worker alive
parentPort!.postMessage({ cede: "hello", thread: threadId, port: port2 } satisfies Hello, [port2]);

/** Called by the pool library for each job. */
export async function serveJob(message: JobMessage): Promise<unknown> {
  const { run, name, id, attempt, worker, args, senders } = message;
  const cell = cellOf(run, cells);
  if (Atomics.compareExchange(cells, cell, SENT, BEGUN) !== SENT) return CANCELLED;
  const job = new Running(run, kinds.get(name) === "function");
  running[cell] = job;
  try {
    const request = {
      name,
      id,
      attempt,
      worker,
      args,
      grace: Infinity, // a promise that does not settle ends with its worker
      returned: (isTold: boolean) => {
        job.isTold = isTold;
        Atomics.store(cells, cell, BEGUN);
      },
      progress: (value: unknown) => {
        checkPayload(value, `the progress of job ${name}`);
        job.tellProgress(value);
      },
    };
    if (job.cancelled) return CANCELLED;
    const { envelope, buffers } = await loop.runUntilComplete(
      () => {
        // Told to stop since the thread took it: it was not in a task that could be cancelled.
        if (job.cancelled) return neverBegun();
        job.task = currentTask()!;
        if (job.mayHold) Atomics.store(cells, cell, HOLDS);
        // This run is the job's own already, unless something beside the job carries what it sends.
        if (senders.length === 0) return serve(loaded!, where, request);
        return serveSending(loaded!, where, request, senders, job);
      },
      { name },
    );
    return buffers.length === 0 ? envelope : await moved(envelope, buffers);
  } catch (error) {
    if (!job.cancelled) return { ok: false, error: plainError(error) } satisfies Envelope;
    if (error instanceof CancelledError && job.task?.cancelled) return CANCELLED;
    return { ok: "cancelled", error: plainError(error) } satisfies Envelope; // its cleanup failed
  } finally {
    const heard = job.ended();
    if (heard !== undefined) await heard;
    running[cell] = undefined;
  }
}

const CANCELLED: Envelope = { ok: "cancelled" };

function* neverBegun(): Awaitable<Served> {
  return { envelope: CANCELLED, buffers: [] };
}

/** A result whose buffers the pool library is to move. */
async function moved(envelope: Envelope, buffers: readonly Movable[]): Promise<unknown> {
  const { Piscina, move } = await import("piscina");
  return move({ [Piscina.transferableSymbol]: buffers, [Piscina.valueSymbol]: envelope } as never);
}
