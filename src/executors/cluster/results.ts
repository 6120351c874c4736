/**
 * How the ends of jobs come back: from the queue's events, each of which is read once; and, for whatever did not come that
 * way, by looking at what the queue has. So no end is waited for that has come, or never will.
 */
import type { Redis } from "ioredis";

/** What has become of a job, as the queue has it. */
export type End =
  | { readonly how: "returned"; readonly text: string }
  | { readonly how: "failed"; readonly reason: string }
  /** Somebody took it out. */
  | { readonly how: "removed" }
  /** The queue does not know it: it was lost. */
  | { readonly how: "gone" };

export interface ResultsOptions {
  /** For the events alone: reading blocks it. */
  readonly reader: Redis;
  readonly redis: Redis;
  /** The name of a key of the queue. */
  key(of: string): string;
  /** How often is looked, in milliseconds. */
  readonly interval: number;
  /** An event says so. */
  told(job: string, end: End): void;
  /** The queue has it so. */
  ended(job: string, end: End): void;
  /** Those that are waited for, and stand in the queue for certain. */
  outstanding(): Iterable<string>;
  /** As often as is looked. */
  looked(): void;
}

const AT_ONCE = 1000;
const BLOCK_MS = 2000;

export class Results {
  readonly #options: ResultsOptions;
  readonly #known: ReadonlySet<string> = new Set(["completed", "failed", "removed"]);
  #last = "0-0";
  /** When the events were last read to their end. */
  #readAt = 0;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #looking = false;
  /** Since when a job is not known to the queue. */
  readonly #gone = new Map<string, number>();

  constructor(options: ResultsOptions) {
    this.#options = options;
  }

  /** From now on. */
  async open(): Promise<void> {
    const { redis, reader, key } = this.#options;
    const newest = await redis.xrevrange(key("events"), "+", "-", "COUNT", 1);
    this.#last = newest[0]?.[0] ?? "0-0";
    void this.#read();
    reader.on("ready", () => this.#soon(0)); // it was away: whatever it was not told is looked for
    this.#soon(this.#options.interval);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    const { reader, key } = this.#options;
    while (!this.#closed) {
      try {
        const started = Date.now();
        const answer = await reader.xread(
          "COUNT",
          AT_ONCE,
          "BLOCK",
          BLOCK_MS,
          "STREAMS",
          key("events"),
          this.#last,
        );
        const events = answer?.[0]?.[1] ?? [];
        for (const [id, fields] of events) {
          this.#last = id;
          this.#event(fields);
        }
        if (events.length < AT_ONCE) this.#readAt = started;
      } catch {
        if (this.#closed) return;
        await new Promise((resolve) => {
          setTimeout(resolve, 200);
        });
      }
    }
  }

  /** Names and values in turn; the first is the event's own. */
  #event(fields: readonly string[]): void {
    if (fields[0] !== "event" || !this.#known.has(fields[1]!)) return;
    let job = "";
    let text = "";
    for (let i = 2; i < fields.length; i += 2) {
      if (fields[i] === "jobId") job = fields[i + 1]!;
      else if (fields[i] === "returnvalue" || fields[i] === "failedReason") text = fields[i + 1]!;
    }
    const { told } = this.#options;
    if (fields[1] === "completed") told(job, { how: "returned", text });
    else if (fields[1] === "failed") told(job, { how: "failed", reason: text });
    else told(job, { how: "removed" });
  }

  #soon(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#look(), ms);
    this.#timer.unref?.();
  }

  async #look(): Promise<void> {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    let next = this.#options.interval;
    try {
      const jobs = [...this.#options.outstanding()];
      for (const job of this.#gone.keys()) if (!jobs.includes(job)) this.#gone.delete(job);
      await this.look(jobs);
      if (this.#gone.size > 0) next = Math.min(next, 500);
      this.#options.looked();
    } catch {
      // Redis is away: it is looked again when it is back, and then and now
    } finally {
      this.#looking = false;
      this.#soon(next);
    }
  }

  /**
   * For a job whose id may have been used before: whether what was told is about the one that the queue has now. What the
   * queue does not have any more has ended as it was told.
   */
  async confirm(job: string, told: End): Promise<void> {
    const { redis, key, ended } = this.#options;
    const [timestamp] = await redis.hmget(key(job), "timestamp");
    if (timestamp === null) ended(job, told);
    else await this.look([job]);
  }

  /** Looks at what the queue has of these. */
  async look(jobs: readonly string[]): Promise<void> {
    const { redis, key, ended } = this.#options;
    for (let from = 0; from < jobs.length; from += AT_ONCE) {
      const some = jobs.slice(from, from + AT_ONCE);
      const asked = redis.pipeline();
      for (const job of some) asked.hmget(key(job), "timestamp", "finishedOn", "returnvalue", "failedReason");
      const at = Date.now();
      const answers = (await asked.exec()) ?? [];
      for (const [i, [error, answer]] of answers.entries()) {
        if (error !== null) throw error;
        const job = some[i]!;
        const [timestamp, finished, returned, reason] = answer as (string | null)[];
        if (timestamp === null || timestamp === undefined) {
          // Its end may stand among the events that are still to be read, before it was removed.
          const since = this.#gone.get(job);
          if (since === undefined) this.#gone.set(job, at);
          else if (this.#readAt > since) ended(job, { how: "gone" });
          continue;
        }
        this.#gone.delete(job);
        if (finished === null || finished === undefined) continue;
        if (typeof returned === "string") ended(job, { how: "returned", text: returned });
        else ended(job, { how: "failed", reason: reason ?? "" });
      }
    }
  }
}
