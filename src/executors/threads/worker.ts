/** What runs on a worker thread: loads the module, serves its jobs, each in a run of its own, and unwinds what is cancelled. */
import { MessageChannel, parentPort, threadId, workerData } from "node:worker_threads";
import { EventLoop } from "../../index.ts";
import { printReport } from "../../lowlevel.ts";
import { plainError, type Envelope } from "../envelope.ts";
import { jobsOf, type JobKind, type JobModule } from "../module.ts";
import { checkPayload } from "../payload.ts";
import { Progress } from "../progress.ts";
import { serveSending, type Link } from "../sending.ts";
import type { Movable } from "../transfer.ts";
import {
  BEGUN,
  RETURNED,
  SENT,
  type Hello,
  type JobMessage,
  type JobNews,
  type News,
  type Order,
  type WorkerData,
} from "./protocol.ts";

const { url, cells } = (workerData as WorkerData).cede;
const { port1: control, port2 } = new MessageChannel();
const where = url.slice(url.lastIndexOf("/") + 1);

interface Running {
  /** Whether it is a function, which may hold its thread for as long as it likes. */
  readonly mayHold: boolean;
  readonly controller: AbortController;
  /** Who waits for an item of this argument to be taken. */
  readonly taken: Map<number, (taken: boolean) => void>;
  /** Waits for the caller to have heard all that was told. */
  heard: (() => void) | undefined;
}
const running = new Map<number, Running>();

const loop = new EventLoop({
  onReport(report) {
    const meant = report.kind === "loop-held" && [...running.values()].some(({ mayHold }) => mayHold);
    if (!meant) printReport(report);
  },
});

let kinds: ReadonlyMap<string, JobKind> = new Map();

const loading: Promise<JobModule> = import(url) as Promise<JobModule>;
loading.then(
  (module) => {
    kinds = jobsOf(module);
    hello({ jobs: [...kinds] });
  },
  (error: unknown) => hello({ jobs: [], error: plainError(error) }),
);

function hello(said: Pick<Hello, "jobs" | "error">): void {
  parentPort!.postMessage({ cede: "hello", thread: threadId, port: port2, ...said } satisfies Hello, [port2]);
}

control.on("message", (order: Order) => {
  if (order.what === "flush") return void flush();
  const job = running.get(order.run);
  if (job === undefined) return; // it has just ended
  switch (order.what) {
    case "taken":
      return job.taken.get(order.at)?.(order.taken);
    case "heard":
      return job.heard?.();
    case "cancel":
      control.postMessage({ what: "cancelling", run: order.run } satisfies JobNews);
      job.controller.abort(order.reason);
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

/** Called by the pool library for each job. */
export async function serveJob(message: JobMessage): Promise<unknown> {
  if (Atomics.compareExchange(cells, message.cell, SENT, BEGUN) !== SENT) return { ok: "cancelled" };
  const { run: number, args, senders, ...request } = message;
  const module = await loading;
  const controller = new AbortController();
  const mayHold = kinds.get(request.name) === "function";
  const job: Running = { mayHold, controller, taken: new Map(), heard: undefined };
  running.set(number, job);
  let told = false;
  const tell = (news: JobNews): void => {
    told = true;
    control.postMessage(news);
  };
  const progress = new Progress((value) => tell({ what: "progress", run: number, value }));
  const link: Link = {
    send(at, item) {
      tell({ what: "item", run: number, at, item });
      return new Promise((resolve) => {
        job.taken.set(at, resolve);
      });
    },
    closed: (at) => tell({ what: "closed", run: number, at }),
  };
  try {
    const { envelope, buffers } = await loop.runUntilComplete(
      () =>
        serveSending(
          module,
          where,
          {
            ...request,
            args,
            returned: () => void Atomics.compareExchange(cells, message.cell, BEGUN, RETURNED),
            grace: Infinity, // a promise that does not settle ends with its worker
            progress: (value) => {
              checkPayload(value, `the progress of job ${request.name}`);
              progress.tell(value);
            },
          },
          senders,
          link,
        ),
      { signal: controller.signal, name: request.name },
    );
    return buffers.length === 0 ? envelope : await moved(envelope, buffers);
  } catch (error) {
    if (!controller.signal.aborted) return { ok: false, error: plainError(error) } satisfies Envelope;
    if (error === controller.signal.reason) return { ok: "cancelled" } satisfies Envelope;
    return { ok: "cancelled", error: plainError(error) } satisfies Envelope; // its cleanup failed
  } finally {
    progress.end();
    // The result comes by another way, and must not overtake what was told by this one.
    if (told) {
      await new Promise<void>((resolve) => {
        job.heard = resolve;
        tell({ what: "told", run: number });
      });
    }
    running.delete(number);
  }
}

/** A result whose buffers the pool library is to move. */
async function moved(envelope: Envelope, buffers: readonly Movable[]): Promise<unknown> {
  const { Piscina, move } = await import("piscina");
  return move({ [Piscina.transferableSymbol]: buffers, [Piscina.valueSymbol]: envelope } as never);
}
