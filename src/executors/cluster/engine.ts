/** The engine of `cluster`: what it calls stands in the queue, and whatever comes back of it is told to who called. */
import type { Job, Queue } from "bullmq";
import type { Redis } from "ioredis";
import {
  coroutine,
  InvalidStateError,
  taskGroup,
  until,
  type Awaitable,
  type TaskGroup,
} from "../../index.ts";
import { park } from "../../lowlevel.ts";
import type { Call } from "../call.ts";
import type { Envelope } from "../envelope.ts";
import { Executor, type Engine, type Tell } from "../executor.ts";
import { Places } from "../places.ts";
import { within } from "../within.ts";
import { warnOf } from "./check-redis.ts";
import { encode, LARGEST } from "./codec.ts";
import { Entry } from "./entry.ts";
import { Flight, refuse, type Tower } from "./flight.ts";
import { remove, type Incarnation } from "./incarnation.ts";
import { loadBullmq } from "./peers.ts";
import { checkCluster, forTimer, kept, type ClusterOptions, type Keep } from "./options.ts";
import { Connections } from "./redis.ts";
import { endIn, OUTCOME, Results, type End } from "./results.ts";
import {
  idInQueue,
  namesOf,
  parse,
  priorityInQueue,
  type JobData,
  type Names,
  type ToCaller,
  type ToWorker,
  type ToWorkers,
} from "./wire.ts";

const CONCURRENCY = 1000;
const POLL_INTERVAL = 5000;
const CONNECT_TIMEOUT = 10_000;
const CLOSE_MS = 1000;
/** How often a call by an id is put into the queue if that has nothing of it, and has told nothing. */
const PUT_TIMES = 10;
const KEEP_COMPLETED: Required<Keep> = { age: 3600, count: 1000 };
const KEEP_FAILED: Required<Keep> = { age: 86_400, count: 1000 };

/** The engine behind a proxy of `cluster`. @throws TypeError */
export function engineOf(jobs: object): Cluster {
  const { engine } = Executor.of(jobs);
  if (engine instanceof Cluster) return engine;
  throw new TypeError(
    "Cannot tell the queue of these jobs: they have none. Give the jobs that `cluster` gave.",
  );
}

export class Cluster implements Engine, Tower {
  readonly kind = "cluster";
  readonly maxPayload: number;
  /** How many there were when they were counted last. */
  #counted = 0;
  /** By name: those that were heard of since. */
  readonly #met = new Set<string>();
  readonly #options: ClusterOptions;
  readonly #connections: Connections;
  readonly #names: Names;
  readonly #places: Places;
  /** What its jobs and its channel are called after. */
  readonly #me: string = crypto.randomUUID();
  readonly #entries = new Map<string, Entry<Flight>>();
  #called = 0;
  /** Whether it needs its connections only while it waits for something. */
  #opened = false;
  #queue: Queue | null = null;
  #redis: Redis | null = null;
  #results: Results<Entry<Flight>> | null = null;

  constructor(options: ClusterOptions) {
    checkCluster(options);
    const { concurrency = CONCURRENCY, maxWaiting = Infinity, maxPayload = LARGEST } = options;
    const { queue, redis, prefix = "bull" } = options;
    this.#options = options;
    this.#connections = new Connections(redis);
    this.#names = namesOf(prefix, queue);
    this.maxPayload = maxPayload;
    this.#places = new Places(concurrency, maxWaiting);
  }

  get workers(): number {
    return Math.max(this.#counted, this.#met.size);
  }
  /** For room in the queue; whoever stands there may be in a worker's hands at any moment, and counts as running. */
  get waiting(): number {
    return this.#places.waiting;
  }
  get where(): string {
    return this.#connections.where;
  }
  /** @throws InvalidStateError */
  get queue(): Queue {
    if (this.#queue !== null) return this.#queue;
    throw new InvalidStateError(
      "Cannot use the queue of a cluster that is closed: keep what opened it running.",
    );
  }
  get redis(): Redis {
    return this.#redis!;
  }

  *open(): Awaitable<void> {
    yield* until(this.#connections.whileOpen(this.#connect()));
    this.#connections.letGo();
    this.#opened = true;
  }
  *close(): Awaitable<void> {
    yield* until(this.#disconnect());
  }

  async #connect(): Promise<void> {
    const { Queue } = await loadBullmq();
    const {
      queue,
      prefix = "bull",
      pollInterval = POLL_INTERVAL,
      connectTimeout = CONNECT_TIMEOUT,
    } = this.#options;
    const redis = (this.#redis = await this.#connections.make());
    await this.#connections.answered(redis, connectTimeout);
    this.#connections.checkOpen();
    this.#queue = new Queue(queue, { connection: redis, prefix, skipVersionCheck: true });
    this.#queue.on("error", () => {}); // told by the connection
    const [reader, subscriber] = await Promise.all([
      this.#connections.make({ protocol: 2 }),
      this.#connections.make(),
    ]);
    subscriber.on("message", (_: string, text: string) => this.#heard(text));
    await subscriber.subscribe(this.#names.caller(this.#me));
    this.#results = new Results({
      reader,
      redis,
      key: (of) => this.#queue!.toKey(of),
      interval: forTimer(pollInterval),
      told: (job, end) => this.#told(job, end),
      ended: (entry, end) => this.#ended(entry, end),
      outstanding: () => this.#added(),
      looked: () => void this.#countWorkers().catch(() => {}), // then it is counted when Redis is back
    });
    await this.#results.open();
    await this.#countWorkers();
    await warnOf(redis, this.where);
  }

  async #disconnect(): Promise<void> {
    if (this.#opened) this.#connections.hold();
    this.#results?.close();
    const queue = this.#queue;
    this.#queue = null;
    const closing = queue?.close().catch(() => {});
    if (closing !== undefined) await within(CLOSE_MS, closing); // without Redis it would wait for it
    this.#connections.close();
  }

  run(call: Call, tell: Tell): Awaitable<Envelope> {
    const body = (group: TaskGroup | null): Awaitable<Envelope> => flying(this, call, tell, group);
    return this.#places.hold(
      call,
      () => (call.senders.length === 0 ? body(null) : taskGroup(body)),
      () => `room in the queue for ${call.title}`,
    );
  }

  /** Has what its end is told to before anybody can tell it. @throws PayloadError, RangeError */
  send(call: Call, tell: Tell, group: TaskGroup | null): Flight {
    const nonce = `${this.#me}-${++this.#called}`;
    const job = call.key === undefined ? nonce : idInQueue(call.key);
    const data: JobData = {
      v: 1,
      id: call.id,
      caller: this.#me,
      nonce,
      args: encode(call.args, `the arguments of ${call.title}`, this.maxPayload),
      senders: call.senders.map(({ at }) => at),
    };
    const joined = this.#entries.get(job);
    if (joined !== undefined) {
      checkName(call, joined.name);
      return new Flight(this, joined, call, tell, group);
    }
    const entry = new Entry<Flight>(job, call.name, call.key !== undefined, nonce);
    this.#entries.set(job, entry);
    const flight = new Flight(this, entry, call, tell, group);
    entry.sent = this.#put(entry, call, data);
    entry.sent.catch((error: unknown) => {
      this.#close(entry);
      for (const one of entry.flights) one.unsent(error as Error);
    });
    return flight;
  }

  /** @internal */
  add(
    name: string,
    data: JobData,
    job: string,
    { priority, delay }: Pick<Call, "priority" | "delay">,
  ): Promise<Job> {
    return this.queue.add(name, data, {
      jobId: job,
      priority: priorityInQueue(priority),
      ...(delay > 0 && { delay: Math.min(delay, 2 ** 40) }),
      ...this.keeping,
    });
  }

  /** @internal */
  get keeping(): { removeOnComplete: never; removeOnFail: never } {
    const { keepCompleted, keepFailed } = this.#options;
    return {
      removeOnComplete: kept(keepCompleted, KEEP_COMPLETED) as never,
      removeOnFail: kept(keepFailed, KEEP_FAILED) as never,
    };
  }

  /** Settled once Redis has it. */
  async #put(entry: Entry<Flight>, call: Call, data: JobData): Promise<void> {
    for (let times = 1; ; times++) {
      await this.add(call.name, data, entry.job, call);
      if (!entry.keyed || (await this.#found(entry, call))) break;
      if (entry.over || entry.stopping || entry.flights.size === 0) return; // nobody waits for it any more
      if (times === PUT_TIMES) return this.#ended(entry, { how: "gone" });
    }
    entry.added = true;
  }

  /**
   * If the id was the caller's, the queue may have had it before, and what it keeps of an outcome goes without a word. So
   * one answer tells whose it is and how that has ended; and if there is none, either it ended in between, which the events
   * tell, or it was never put there for this call: then it has to be, again.
   */
  async #found(entry: Entry<Flight>, call: Call): Promise<boolean> {
    const [name, text, ...outcome] = await this.redis.hmget(
      this.queue.toKey(entry.job),
      "name",
      "data",
      ...OUTCOME,
    );
    let end: End | undefined;
    if (typeof name === "string" && typeof text === "string") {
      checkName(call, name);
      end = entry.seen((JSON.parse(text) as Partial<JobData> | null)?.nonce) ?? endIn(outcome);
      if (end === undefined && entry.inQueue === undefined) this.#results!.lookSoon(); // its end may have been told
    } else {
      await this.#results!.caughtUp();
      end = entry.maybe;
      if (end === undefined) return false;
    }
    if (end !== undefined) this.#ended(entry, end);
    return true;
  }

  forgetFlight(flight: Flight): void {
    flight.leave();
    const { entry } = flight;
    if (entry.flights.size > 0) return;
    entry.stopping = false;
    this.#close(entry);
    for (const wait of entry.freed) wait.complete();
  }

  /** Whoever calls its id from now on calls another job, or asks the queue how this one ended. */
  #close(entry: Entry<Flight>): void {
    if (!entry.stopping && this.#entries.get(entry.job) === entry) this.#entries.delete(entry.job);
  }

  /** Waits while the id of a call is that of a job which is being stopped here: its end is not for this call. */
  *freed({ key, title }: Call): Awaitable<void> {
    if (key === undefined) return;
    const job = idInQueue(key);
    for (let entry = this.#entries.get(job); entry?.stopping; entry = this.#entries.get(job)) {
      const { freed } = entry;
      yield* park<void>({ label: `the id of ${title}, which is being cancelled`, kind: "job" }, (wait) => {
        freed.add(wait);
        return () => freed.delete(wait);
      });
    }
  }

  async withdraw({ job, nonce }: Incarnation): Promise<boolean> {
    this.#toWorkers({ what: "cancel", job, nonce });
    return remove(this.redis, this.queue.toKey(""), { job, nonce });
  }

  met(worker: string): void {
    this.#met.add(worker);
  }

  /** Has something asked of the queue; the program goes on at least until that is answered. */
  async asking<T>(ask: (queue: Queue) => Promise<T>): Promise<T> {
    const { queue } = this;
    this.hold();
    try {
      return await ask(queue);
    } finally {
      this.letGo();
    }
  }

  /** A call waits for its end, and until it is told the connections keep the process. */
  hold(): void {
    this.#connections.hold();
  }
  letGo(): void {
    this.#connections.letGo();
  }

  answer(worker: string, message: ToWorker): void {
    this.#redis?.publish(this.#names.worker(worker), JSON.stringify(message)).catch(() => {});
  }

  #toWorkers(message: ToWorkers): void {
    this.#redis?.publish(this.#names.workers, JSON.stringify(message)).catch(() => {});
  }

  *#added(): Iterable<Entry<Flight>> {
    for (const entry of this.#entries.values()) if (entry.added) yield entry;
  }

  #ended(entry: Entry<Flight>, end: End): void {
    entry.over = true;
    this.#close(entry);
    for (const flight of entry.flights) flight.ended(end);
  }

  /** An event of the queue: it may be about one before, of the same id. */
  #told(job: string, end: End): void {
    const entry = this.#entries.get(job);
    if (entry === undefined) return;
    if (entry.isOf(end)) this.#ended(entry, end);
    else if (entry.added && entry.maybe !== undefined) this.#results!.lookSoon();
  }

  #heard(text: string): void {
    const message = parse<ToCaller>(text);
    if (message === undefined) return;
    const entry = this.#entries.get(message.job);
    if (entry === undefined || entry.inQueue !== message.nonce) {
      if (message.what === "item") refuse(this, message);
      return;
    }
    if (message.what === "late") {
      return this.#ended(entry, { how: "returned", text: JSON.stringify(message.returned) });
    }
    try {
      if (message.what === "item") firstOf(entry.flights)?.heard(message);
      else for (const flight of entry.flights) flight.heard(message);
    } catch (error) {
      for (const flight of entry.flights) flight.fail(error as Error); // an `onProgress` of its own may have thrown
    }
  }

  async #countWorkers(): Promise<void> {
    const met = [...this.#met];
    const [, count] = (await this.redis.pubsub("NUMSUB", this.#names.workers)) as [string, number];
    this.#counted = Number(count);
    for (const worker of met) this.#met.delete(worker); // it is among them, unless it has gone
  }
}

function firstOf<T>(set: Iterable<T>): T | undefined {
  for (const one of set) return one;
  return undefined;
}

/** `name`: of the job that has its id. @throws InvalidStateError */
function checkName(call: Call, name: string): void {
  if (name === call.name) return;
  throw new InvalidStateError(
    `Cannot call ${call.title} by the id ${JSON.stringify(call.key)}: that is the id of job ${name}, which the queue ` +
      "still has. Let the id name the job too.",
  );
}

/** Waits for the end of what was sent, and stops it if this is cancelled. */
const flying = coroutine(function* job(
  engine: Cluster,
  call: Call,
  tell: Tell,
  group: TaskGroup | null,
): Awaitable<Envelope> {
  yield* engine.freed(call);
  const flight = engine.send(call, tell, group);
  engine.hold();
  try {
    return yield* flight.result();
  } finally {
    try {
      if (!flight.over) yield* flight.stop();
    } finally {
      engine.forgetFlight(flight);
      engine.letGo();
    }
  }
});
