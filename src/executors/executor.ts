/**
 * What inline, threads and cluster have in common: calls are counted, timed, retried and told to observers here, and closing
 * drains them; an engine does nothing but run one.
 */
import {
  cancelScope,
  coroutine,
  moveOnAfter,
  resource,
  retry,
  Schedule,
  sleep,
  timeout,
  use,
  type Awaitable,
  type CancelScope,
  type RetryPolicy,
  type Sender,
} from "../index.ts";
import { callOutside, jobObserver, park, type JobEvent, type ParkedWait } from "../lowlevel.ts";
import { AS, Call } from "./call.ts";
import { timeToDrain } from "./drain.ts";
import { errorAgain, type Envelope } from "./envelope.ts";
import { ExecutorClosedError, PayloadError, UnknownJobError, WorkerLostError } from "./errors.ts";
import { proxyOf, type Jobs } from "./jobs.ts";
import {
  checkJobOptions,
  checkTime,
  DRAIN_TIMEOUT,
  type ExecutorOptions,
  type JobOptions,
} from "./options.ts";
import { checkPayload } from "./payload.ts";
import { isSender } from "./senders.ts";
import { checkMoved } from "./transfer.ts";

/** How jobs are run: on this loop, on threads, on other machines. */
export interface Engine {
  readonly kind: "inline" | "threads" | "cluster";
  /** How many workers there are now. */
  readonly workers: number;
  /** How many calls wait for a worker. */
  readonly waiting: number;
  /**
   * Runs a call: waits for a worker, begins it, waits for its end. Whoever is cancelled in it has the job stopped, and waits
   * until it has.
   *
   * @throws WorkerLostError; whatever keeps a call from being run
   */
  run(call: Call, tell: Tell): Awaitable<Envelope>;
  /** Before the first call. */
  open?(): Awaitable<void>;
  /** After the last one, also where it could not be opened. */
  close?(): Awaitable<void>;
}

/** What an engine tells of a call. */
export interface Tell {
  /** It begins, perhaps anew. */
  started(worker: string): void;
  progress(value: unknown): void;
}

/** What is known of an executor at this moment. */
export interface ExecutorStatistics {
  readonly kind: Engine["kind"];
  /**
   * How many workers there are; on this loop, one. On a cluster, those that were counted last, at most `pollInterval` ago, or
   * were heard of since: one that has gone may be among them.
   */
  readonly workers: number;
  /** How many calls wait for a worker, or for their `delay` to pass. */
  readonly waiting: number;
  /** How many run, or are told to stop. */
  readonly running: number;
  /** How many gave a result. */
  readonly completed: number;
  /** How many failed, those included whose worker was lost. */
  readonly failed: number;
  /** How many were cancelled. */
  readonly cancelled: number;
  /** How often a job was begun again, since its worker was lost. */
  readonly restarted: number;
}

/** What a proxy is asked by for its executor. */
const EXECUTOR: unique symbol = Symbol("executor");

/**
 * What runs the jobs behind a proxy: `Executor.of(jobs)`.
 *
 * @example
 * ```ts
 * import { run } from "cede";
 * import { Executor, inline } from "cede/executors";
 *
 * await run(function* () {
 *   const jobs = yield* inline({ add: (a: number, b: number) => a + b });
 *   yield* jobs.add(1, 2);
 *   console.log(Executor.of(jobs).statistics.completed); // prints: 1
 * });
 * ```
 */
export class Executor {
  /** What messages call it. */
  readonly name: string;
  /** @internal */
  readonly engine: Engine;
  readonly #drainTimeout: number;
  readonly #calls = new Set<CancelScope>();
  readonly #drains = new Set<ParkedWait<void>>();
  /** How many calls wait for their time to come. */
  #delayed = 0;
  readonly #counts = { result: 0, error: 0, cancelled: 0, lost: 0, restarted: 0 };
  /** How many calls were given an id here. */
  #created = 0;
  /** Why nothing more can be called; `null`: it is open. */
  #closed: ExecutorClosedError | null = null;

  /** @internal */
  constructor(engine: Engine, { name = engine.kind, drainTimeout = DRAIN_TIMEOUT }: ExecutorOptions) {
    checkTime("drainTimeout", drainTimeout);
    this.name = name;
    this.engine = engine;
    this.#drainTimeout = drainTimeout;
  }

  /**
   * The executor behind a proxy.
   *
   * @throws TypeError for anything else.
   */
  static of(jobs: object): Executor {
    const executor = (jobs as { [EXECUTOR]?: unknown } | null)?.[EXECUTOR];
    if (executor instanceof Executor) return executor;
    throw new TypeError(
      "Cannot tell the executor: give the jobs that `inline`, `threads` or `cluster` gave.",
    );
  }

  /** What runs and waits, and what became of the rest: at this moment. */
  get statistics(): ExecutorStatistics {
    const { kind, workers } = this.engine;
    const waiting = this.engine.waiting + this.#delayed;
    const { result, error, lost, cancelled, restarted } = this.#counts;
    return {
      kind,
      workers,
      waiting,
      running: this.#calls.size - waiting,
      completed: result,
      failed: error + lost,
      cancelled,
      restarted,
    };
  }

  /** @internal */
  jobs<M>(): Jobs<M> {
    const submit = (name: string, args: readonly unknown[], options: JobOptions): Awaitable<unknown> =>
      this.submit(name, args, options);
    return proxyOf(submit, this.name, { [EXECUTOR]: this }) as Jobs<M>;
  }

  /**
   * Calls a job by its name, as `jobs.name(...args)` does.
   *
   * @throws what the job throws; UnknownJobError, PayloadError, WorkerLostError, ExecutorFullError, ExecutorClosedError;
   * RangeError and TypeError for options that are none.
   */
  submit(name: string, args: readonly unknown[], options: JobOptions = {}): Awaitable<unknown> {
    checkJobOptions(name, options);
    // A worker that has a function of its job run on a thread gives the job's own id, for that one call.
    if (options.id !== undefined && !(AS in options) && args.some(isSender)) {
      throw new TypeError(
        `Cannot call job ${name} by an id and with a sender: of two calls of one id only one could be given its items. Leave ` +
          "out the id, or have the job return what it would send.",
      );
    }
    const { timeout: ms, retry: policy, id = String(++this.#created) } = options;
    if (ms === undefined && policy === undefined) return attempt(this, id, name, args, options, 1);
    let tries = 0;
    const once = (): Awaitable<unknown> => attempt(this, id, name, args, options, ++tries);
    const tried = policy === undefined ? once : (): Awaitable<unknown> => retry(once, worthwhile(policy));
    return ms === undefined ? tried() : timeout(ms, tried);
  }

  /**
   * Takes no more calls, waits until those that were made have ended, and cancels what has not after `drainTimeout`
   * milliseconds, or after half of the time that cleanup has, if it is closed in some: whoever awaits it gets an
   * ExecutorClosedError. Closing it again waits for the same.
   *
   * @throws RangeError if `drainTimeout` is negative or not a number.
   */
  close({ drainTimeout = this.#drainTimeout }: { drainTimeout?: number } = {}): Awaitable<void> {
    checkTime("drainTimeout", drainTimeout);
    return closing(this, drainTimeout);
  }

  /** @internal */
  refuseCalls(): void {
    this.#closed ??= new ExecutorClosedError(
      `Cannot call a job of ${this.name}: it is closed. Keep the coroutine that opened it running for as long as anybody ` +
        "calls its jobs.",
    );
  }

  /** @internal */
  cancelCalls(): void {
    const reason = new ExecutorClosedError(`${this.name} was closed while a job was still running.`);
    for (const scope of this.#calls) scope.cancel(reason);
  }

  /** Waits until no call is left. @internal */
  drained(): Awaitable<void> {
    return park<void>(
      { label: () => `${this.#calls.size} calls of ${this.name}`, external: false },
      (wait) => {
        if (this.#calls.size === 0) return void wait.complete();
        this.#drains.add(wait);
        return () => this.#drains.delete(wait);
      },
    );
  }

  /** @internal */
  newCall(id: string, name: string, args: readonly unknown[], options: JobOptions, tries: number): Call {
    if (this.#closed !== null) throw this.#closed;
    const senders: { at: number; sender: Sender<unknown> }[] = [];
    const plain = [...args];
    if (options.transfer !== undefined) checkMoved(options.transfer, `the arguments of job ${name}`);
    for (const [at, value] of args.entries()) {
      if (isSender(value)) {
        senders.push({ at, sender: value });
        plain[at] = null;
      } else {
        checkPayload(value, `argument ${at + 1} of job ${name}`, options.transfer);
      }
    }
    // What is called again since it failed is another job than the one that did.
    const key = options.id === undefined || tries === 1 ? options.id : `${options.id} (try ${tries})`;
    return new Call(id, name, plain, senders, key, options, jobObserver());
  }

  /** Runs a call, and tells how it went. @internal */
  *serve(call: Call, scope: CancelScope): Awaitable<Envelope> {
    let outcome: NonNullable<JobEvent["outcome"]> = "cancelled";
    this.#calls.add(scope);
    this.#tell(call, "queued");
    try {
      if (call.delay > 0 && this.engine.kind !== "cluster") {
        call.keepArguments();
        yield* this.#delay(call.delay);
      }
      const envelope = yield* this.engine.run(call, new Telling(this, call, scope));
      if (envelope.ok !== "cancelled") outcome = envelope.ok ? "result" : "error";
      return envelope;
    } catch (error) {
      outcome = error instanceof WorkerLostError ? "lost" : "error";
      throw error;
    } finally {
      call.state = "ended";
      this.#counts[outcome]++;
      this.#calls.delete(scope);
      this.#tell(call, "ended", { outcome });
      if (this.#calls.size === 0) for (const wait of this.#drains) wait.complete();
    }
  }

  /** @internal */
  started(call: Call): void {
    if (call.attempt > 1) this.#counts.restarted++;
    this.#tell(call, call.attempt > 1 ? "restarted" : "started");
  }

  /** @internal */
  progressed(call: Call, value: unknown): void {
    this.#tell(call, "progress", { value });
  }

  *#delay(ms: number): Awaitable<void> {
    this.#delayed++;
    try {
      yield* sleep(ms);
    } finally {
      this.#delayed--;
    }
  }

  #tell(call: Call, what: JobEvent["what"], more?: Pick<JobEvent, "outcome" | "value">): void {
    const { id, name, worker, observer } = call;
    if (observer.heard) observer.tell({ id, job: name, executor: this.name, worker, what, ...more });
  }
}

/** How an engine tells of a call. */
class Telling implements Tell {
  readonly #executor: Executor;
  readonly #call: Call;
  readonly #scope: CancelScope;

  constructor(executor: Executor, call: Call, scope: CancelScope) {
    this.#executor = executor;
    this.#call = call;
    this.#scope = scope;
  }

  started(worker: string): void {
    this.#call.begin(worker);
    this.#executor.started(this.#call);
  }

  progress(value: unknown): void {
    this.#executor.progressed(this.#call, value);
    const { onProgress } = this.#call;
    if (onProgress === undefined) return;
    try {
      callOutside(() => onProgress(value)); // on this loop too, where a task of the job's runs
    } catch (error) {
      this.#call.failed ??= { error };
      this.#scope.cancel(error);
    }
  }
}

/** What would fail again however often it is tried is not: a closed executor, an unknown job, data that cannot be sent. */
function worthwhile(policy: RetryPolicy | Schedule): RetryPolicy {
  if (typeof policy !== "object" || policy === null) return policy; // which `retry` refuses
  const given: RetryPolicy = policy instanceof Schedule ? { schedule: policy } : policy;
  return {
    ...given,
    when: (error, tries) =>
      !HOPELESS.some((Class) => error instanceof Class) && (given.when?.(error, tries) ?? true),
  };
}

const HOPELESS = [ExecutorClosedError, UnknownJobError, PayloadError];

/** One call of a job, to its end. */
const attempt = coroutine(function* job(
  executor: Executor,
  id: string,
  name: string,
  args: readonly unknown[],
  options: JobOptions,
  tries: number,
): Awaitable<unknown> {
  const call = executor.newCall(id, name, args, options, tries);
  const { cancelled, value } = yield* cancelScope((scope) => executor.serve(call, scope));
  if (call.failed !== null) throw call.failed.error;
  if (cancelled || value.ok === "cancelled") {
    const when = call.attempt === 0 ? "before it began" : "while it ran";
    throw new ExecutorClosedError(
      `Cannot wait for ${call.title} any longer: ${executor.name} was closed ${when}.`,
    );
  }
  if (value.ok) return value.value;
  throw errorAgain(value.error, `${call.title} (${call.worker})`);
});

/** The jobs of an executor that belongs to whoever awaits this: it is opened there, and closed when that is left. */
export function opened<M>(engine: Engine, options: ExecutorOptions): Awaitable<Jobs<M>> {
  const executor = new Executor(engine, options);
  return use(
    resource(function* (provide) {
      try {
        if (engine.open) yield* engine.open();
        yield* provide(executor.jobs<M>());
      } finally {
        try {
          yield* executor.close();
        } finally {
          if (engine.close) yield* engine.close();
        }
      }
    }),
  );
}

const closing = coroutine(function* close(executor: Executor, drainTimeout: number): Awaitable<void> {
  executor.refuseCalls();
  const { expired } = yield* moveOnAfter(timeToDrain(drainTimeout), () => executor.drained());
  if (!expired) return;
  executor.cancelCalls();
  yield* executor.drained();
});
