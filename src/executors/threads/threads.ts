import { coroutine, taskGroup, until, type Awaitable, type TaskGroup } from "../../index.ts";
import { jobObserver, park, type JobObserver, type ParkedWait } from "../../lowlevel.ts";
import type { Call } from "../call.ts";
import { errorAgain, type Envelope } from "../envelope.ts";
import { WorkerLostError } from "../errors.ts";
import { opened, type Engine, type Tell } from "../executor.ts";
import { Gate } from "../gate.ts";
import type { Jobs } from "../jobs.ts";
import { unknownJob, type JobKind } from "../module.ts";
import { checkNames, type Names } from "../option-names.ts";
import { checkCount, checkFinite, checkTime, EXECUTOR, GRACE, type ExecutorOptions } from "../options.ts";
import { pass } from "../senders.ts";
import { Grace } from "./grace.ts";
import { loadLibrary, Pool, type Library, type Outcome, type PoolWorker, type Sent } from "./pool.ts";
import type { JobNews } from "./protocol.ts";

/** What a thread may use, in megabytes. One that would need more memory is ended, and its jobs are lost. */
export interface ResourceLimits {
  /** Of its heap. */
  maxOldGenerationSizeMb?: number;
  /** Of the part of its heap for what was made lately. */
  maxYoungGenerationSizeMb?: number;
  /** Of what is generated code. */
  codeRangeSizeMb?: number;
  /** Of its stack: 4 unless given. */
  stackSizeMb?: number;
}

/** How jobs are run on worker threads. */
export interface ThreadsOptions extends ExecutorOptions {
  /** How many threads: as many as the machine runs at once, unless given. */
  workers?: number;
  /** How many coroutines run at once on each; functions run one at a time. 100 unless given. */
  concurrency?: number;
  /** The limits of each thread, as Node's Worker takes them: `{ maxOldGenerationSizeMb: 256 }`. */
  resourceLimits?: ResourceLimits;
  /** Node's own options for the threads: those of this process unless given. */
  execArgv?: readonly string[];
  /** The environment of the threads: a copy of this process's unless given. */
  env?: Readonly<Record<string, string>>;
}

/**
 * Runs the jobs of a module on worker threads: as many coroutines at once as there is room for, each on its worker's own
 * loop, and one function at a time on each worker. A job that is cancelled is unwound there, and its cleanup awaited; a
 * function that does not stop within `grace` is stopped by ending its worker, which is replaced. It belongs to the coroutine
 * that calls it: when that is left, it takes no more calls, waits for those that run, and ends the threads.
 *
 * A job whose worker ends is run again on another if it had not begun there; if it had, it fails with a WorkerLostError. Needs
 * the package `piscina`.
 *
 * A thread that cannot load the module is replaced, too, after a pause that grows. While there is none that could, calls fail
 * with what the last one said.
 *
 * @throws Error if the module cannot be loaded, with the cause; TypeError for what is no address of a module; RangeError for
 * options that are no numbers they could be; InvalidStateError where `piscina` is not installed.
 * @example
 * ```ts
 * import { all, run } from "cede";
 * import { threads } from "cede/executors";
 *
 * const sum = `export const sum = (to) => {
 *   let n = 0;
 *   for (let i = 1; i <= to; i++) n += i;
 *   return n;
 * }`;
 * const module = new URL(`data:text/javascript,${encodeURIComponent(sum)}`); // or new URL("./jobs.ts", import.meta.url)
 * await run(function* () {
 *   const jobs = yield* threads<{ sum(to: number): number }>(module, { workers: 2 });
 *   console.log(yield* all([jobs.sum(1000), jobs.sum(10)])); // prints: [ 500500, 55 ]
 * });
 * ```
 */
export function threads<M extends object>(
  module: URL | string,
  options: ThreadsOptions = {},
): Awaitable<Jobs<M>> {
  const url = addressOf(module);
  return opened<M>(new Threads(url, options), options);
}

/** @throws TypeError */
function addressOf(module: URL | string): string {
  if (module instanceof URL) return module.href;
  if (typeof module === "string" && /^[a-z][a-z0-9+.-]+:/i.test(module)) return module;
  throw new TypeError(
    `Cannot load the jobs of ${typeof module === "string" ? `"${module}"` : String(module)} on threads: give the module's ` +
      'address, `new URL("./jobs.ts", import.meta.url)`.',
  );
}

const LIMITS: Names<ResourceLimits> = {
  maxOldGenerationSizeMb: true,
  maxYoungGenerationSizeMb: true,
  codeRangeSizeMb: true,
  stackSizeMb: true,
};

const NAMES: Names<ThreadsOptions> = {
  ...EXECUTOR,
  workers: true,
  concurrency: true,
  resourceLimits: true,
  execArgv: true,
  env: true,
};

/** The platform leaves out, without a word, what is no number. @throws RangeError and TypeError */
function checkLimits(limits: ResourceLimits): void {
  checkNames("set resourceLimits", limits, LIMITS);
  for (const [name, value] of Object.entries(limits) as [string, unknown][]) {
    if (value === undefined || (typeof value === "number" && value > 0 && value < Infinity)) continue;
    throw new RangeError(`Cannot set ${name} to ${String(value)}: give megabytes, more than 0.`);
  }
}

class Threads implements Engine {
  readonly kind = "threads";
  readonly grace: number;
  readonly #url: string;
  readonly #options: Required<Pick<ThreadsOptions, "workers" | "concurrency">> & ThreadsOptions;
  readonly #gates: Readonly<Record<JobKind, Gate<PoolWorker>>>;
  readonly #opening = new Set<ParkedWait<void>>();
  #pool: Pool | null = null;

  constructor(url: string, options: ThreadsOptions) {
    const {
      workers = navigator.hardwareConcurrency,
      concurrency = 100,
      maxWaiting = Infinity,
      grace = GRACE,
    } = options;
    checkNames("run jobs on threads", options, NAMES);
    checkFinite("workers", workers);
    checkFinite("concurrency", concurrency);
    checkCount("maxWaiting", maxWaiting, 0);
    checkTime("grace", grace);
    if (options.resourceLimits !== undefined) checkLimits(options.resourceLimits);
    this.#url = url;
    this.#options = { ...options, workers, concurrency };
    this.grace = grace;
    const gate = (kind: JobKind): Gate<PoolWorker> =>
      new Gate(
        () => this.#take(kind),
        (worker) => this.#free(kind, worker),
        maxWaiting,
        true, // a worker runs something, or is being started
      );
    this.#gates = { function: gate("function"), coroutine: gate("coroutine") };
  }

  get workers(): number {
    return this.#pool?.workers.size ?? 0;
  }
  get waiting(): number {
    return this.#gates.function.waiting + this.#gates.coroutine.waiting;
  }
  get pool(): Pool {
    return this.#pool!;
  }

  /** Starts the threads, and waits until one of them has loaded the module. @throws what that throws */
  open(): Awaitable<void> {
    return opening(this);
  }

  /** Waits until a worker has loaded the module. @throws why none could */
  *loaded(): Awaitable<void> {
    while (this.workers === 0) {
      this.#refuseIfBroken();
      yield* park<void>({ label: "a worker thread", kind: "job", hostWork: true }, (wait) => {
        this.#opening.add(wait);
        return () => this.#opening.delete(wait);
      });
      this.#opening.clear();
    }
  }

  /** @internal */
  start(library: Library, observer: JobObserver): void {
    const { workers, concurrency, resourceLimits, execArgv, env } = this.#options;
    const options = { workers, resourceLimits, execArgv, env };
    this.#pool = new Pool(library, this.#url, options, workers * (concurrency + 1), {
      changed: () => this.#changed(),
      report: (report) => observer.report(report),
    });
  }

  *close(): Awaitable<void> {
    if (this.#pool !== null) yield* until(this.#pool.close());
  }

  run(call: Call, tell: Tell): Awaitable<Envelope> {
    this.#refuseIfBroken();
    const kind = this.pool.kinds.get(call.name);
    if (kind === undefined) {
      const file = this.#url.slice(this.#url.lastIndexOf("/") + 1);
      throw unknownJob(call.name, file, [...this.pool.kinds.keys()]);
    }
    if (call.senders.length === 0) return running(this, kind, call, tell, null);
    return taskGroup((group) => running(this, kind, call, tell, group));
  }

  /** Waits for a worker. */
  enter(kind: JobKind, call: Call): Awaitable<PoolWorker> {
    return this.#gates[kind].enter(
      () => call.label,
      call.priority,
      () => call.keepArguments(),
    );
  }

  leave(kind: JobKind, worker: PoolWorker): void {
    this.#free(kind, worker);
    this.#open(kind);
  }

  #free(kind: JobKind, worker: PoolWorker): void {
    worker.taken--;
    if (kind === "function") worker.busy = false;
  }

  /** The worker with the fewest jobs. None where a function runs: it may keep its thread from everything else. */
  #take(kind: JobKind): PoolWorker | undefined {
    let best: PoolWorker | undefined;
    for (const worker of this.pool.workers) {
      if (worker.busy || (kind === "coroutine" && worker.taken >= this.#options.concurrency)) continue;
      if (best === undefined || worker.taken < best.taken) best = worker;
    }
    if (best === undefined) return undefined;
    best.taken++;
    if (kind === "function") best.busy = true;
    return best;
  }

  #changed(): void {
    const { broken } = this.pool;
    if (broken === null) this.#open();
    else for (const gate of Object.values(this.#gates)) gate.close(broken);
    for (const wait of this.#opening) wait.complete();
  }

  #refuseIfBroken(): void {
    const { broken } = this.pool;
    if (broken !== null) throw broken;
  }

  /** There is room. Whoever is not of the kind that made it comes first, so that neither kind waits for ever. */
  #open(kind: JobKind = "coroutine"): void {
    const { function: functions, coroutine: coroutines } = this.#gates;
    for (const gate of kind === "function" ? [coroutines, functions] : [functions, coroutines]) gate.open();
  }
}

const opening = coroutine(function* threads(engine: Threads): Awaitable<void> {
  engine.start(yield* until(loadLibrary()), jobObserver());
  yield* engine.loaded();
});

/** One call, on one worker after another until one has begun it; if this is cancelled, it is stopped there. */
const running = coroutine(function* threads(
  engine: Threads,
  kind: JobKind,
  call: Call,
  tell: Tell,
  group: TaskGroup | null,
): Awaitable<Envelope> {
  for (;;) {
    const worker = yield* engine.enter(kind, call);
    if (!engine.pool.workers.has(worker)) {
      engine.leave(kind, worker); // it ended while this waited for its turn
      continue;
    }
    const flight = new Flight(engine, kind, worker, call, tell, group);
    flight.send();
    try {
      const result = yield* flight.end();
      if (result instanceof WorkerLostError) throw result;
      if (result !== null) return result;
    } finally {
      if (!flight.done) yield* flight.stop();
    }
    call.notBegun(); // its worker was lost before that
  }
});

/** A call that was sent to a worker. */
class Flight implements Outcome {
  readonly #engine: Threads;
  readonly #kind: JobKind;
  readonly #worker: PoolWorker;
  readonly #call: Call;
  readonly #tell: Tell;
  readonly #group: TaskGroup | null;
  #sent: Sent | null = null;
  #result: Envelope | WorkerLostError | null | undefined = undefined;
  #wait: ParkedWait<Envelope | WorkerLostError | null> | null = null;
  #answered = false;
  readonly #grace = new Grace();

  constructor(
    engine: Threads,
    kind: JobKind,
    worker: PoolWorker,
    call: Call,
    tell: Tell,
    group: TaskGroup | null,
  ) {
    this.#engine = engine;
    this.#kind = kind;
    this.#worker = worker;
    this.#call = call;
    this.#tell = tell;
    this.#group = group;
  }

  get done(): boolean {
    return this.#result !== undefined;
  }

  send(): void {
    this.#tell.started(this.#worker.name);
    this.#sent = this.#engine.pool.send(this.#call, this.#worker, this);
  }

  /** Waits for its end. */
  end(): Awaitable<Envelope | WorkerLostError | null> {
    return park({ label: () => this.#call.label, kind: "job", hostWork: true }, (wait) => {
      if (this.#result !== undefined) return void wait.complete(this.#result);
      this.#wait = wait;
      return () => (this.#wait = null);
    });
  }

  /** Has it stopped, and waits until it has: for its cleanup, or for the end of its worker. */
  *stop(): Awaitable<void> {
    this.#call.state = "cancelling";
    if (this.#sent!.withdraw()) return;
    this.#cancel();
    this.#grace.begin(this.#engine.grace, () => this.#look()); // until it has stopped, though nobody may wait for that
    const result = yield* this.end();
    const { title, worker } = this.#call;
    // As on this loop: whoever cancels a job whose cleanup throws is told.
    if (result !== null && "ok" in result && result.ok === "cancelled" && result.error !== undefined)
      throw errorAgain(result.error, `${title} (${worker})`);
  }

  /** It has not stopped in time. */
  #look(): void {
    const { grace, pool } = this.#engine;
    // Cleanup may take as long as it takes, but not keep the thread from answering. A function of somebody else's may
    // keep it from that, and is not to be lost for it.
    if (this.#answered || (this.#kind === "coroutine" && this.#worker.runsFunction)) {
      this.#answered = false;
      this.#cancel();
      this.#grace.begin(Math.max(grace, GRACE), () => this.#look()); // it has shown good will: no haste
    } else {
      pool.end(this.#worker, `was ended, since it did not stop ${this.#call.title} within ${grace} ms`);
    }
  }

  #cancel(): void {
    this.#worker.order({ what: "cancel", run: this.#sent!.run });
  }

  ended(envelope: Envelope): void {
    this.#settle(envelope);
  }

  gone(): void {
    this.#engine.leave(this.#kind, this.#worker);
  }

  lost(why: WorkerLostError, begun: boolean): void {
    if (this.#call.state === "cancelling") this.#settle({ ok: "cancelled" });
    else this.#settle(begun || this.#call.transfer.length > 0 ? why : null);
  }

  news(news: JobNews): void {
    if (this.done) return;
    switch (news.what) {
      case "cancelling":
        this.#answered = true;
        break;
      case "progress":
        this.#tell.progress(news.value);
        break;
      case "item":
        this.#pass(news.at, news.item);
        break;
      case "closed":
        this.#call.senderAt(news.at).close();
        break;
      case "told":
        this.#worker.order({ what: "heard", run: news.run });
    }
  }

  /** Sends an item on, and has the job send the next one. */
  #pass(at: number, item: unknown): void {
    const answer = (taken: boolean): void =>
      this.#worker.order({ what: "taken", run: this.#sent!.run, at, taken });
    this.#group!.createTask(() => pass(this.#call.senderAt(at), item, answer), {
      name: `item of ${this.#call.title}`,
      start: "always", // the job waits for the answer, also if it is cancelled by now
    });
  }

  #settle(result: Envelope | WorkerLostError | null): void {
    if (this.done) return;
    this.#grace.end();
    this.#result = result;
    this.#wait?.complete(result);
  }
}
