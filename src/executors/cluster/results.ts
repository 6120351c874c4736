/**
 * How the ends of jobs come back: from the queue's events, each of which is read once; and, for whatever did not come that
 * way, by looking at what the queue has. So no end is waited for that has come, or never will.
 *
 * An answer of Redis is about the job that was asked about, not about whatever has its id when the answer comes: so jobs are
 * told apart by what waits for them, never by their ids alone.
 */
import type { Redis } from "ioredis";
import { within } from "../within.ts";
import { LOOK } from "./incarnation.ts";
import { markOf } from "./wire.ts";

/** What has become of a job, as the queue has it. */
export type End =
  | { readonly how: "returned"; readonly text: string }
  | { readonly how: "failed"; readonly reason: string }
  /** Somebody took it out: a call that was cancelled, if there is a nonce, or another program. */
  | { readonly how: "removed"; readonly nonce: string | undefined }
  /** The queue does not know it: it was lost. */
  | { readonly how: "gone" };

/** A job that is waited for. */
export interface Awaited {
  readonly job: string;
  /** Whether its id may have been used before, or be used again. */
  readonly keyed: boolean;
  /** Of the call that put it into the queue; `undefined`: another program did. */
  readonly inQueue: string | undefined;
  /** What was told of its id before it was known which job has it: how this one ended if the queue does not have it. */
  readonly maybe: End | undefined;
}

export interface ResultsOptions<Job extends Awaited> {
  /** For the events alone: reading blocks it. */
  readonly reader: Redis;
  readonly redis: Redis;
  /** The name of a key of the queue. */
  key(of: string): string;
  /** How often is looked, in milliseconds. */
  readonly interval: number;
  /** An event says so, perhaps of another one that had this id. */
  told(id: string, end: End): void;
  /** The queue has it so. */
  ended(job: Job, end: End): void;
  /** Those that are waited for, and stand in the queue for certain. */
  outstanding(): Iterable<Job>;
  /** As often as is looked. */
  looked(): void;
}

const AT_ONCE = 1000;
const BLOCK_MS = 2000;
const ASK_AGAIN = 500;

/** The fields of a job that tell how it has ended. */
export const OUTCOME = ["finishedOn", "returnvalue", "failedReason"] as const;

/** `outcome`: what stands there; `undefined`: it has not ended. */
export function endIn([finished, returned, reason]: readonly (string | null | undefined)[]): End | undefined {
  if (finished === null || finished === undefined) return undefined;
  if (typeof returned === "string") return { how: "returned", text: returned };
  return { how: "failed", reason: reason ?? "" };
}

export class Results<Job extends Awaited> {
  readonly #options: ResultsOptions<Job>;
  readonly #known: ReadonlySet<string> = new Set(["completed", "failed", "removed"]);
  #last = "0-0";
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #looking = false;
  /** Jobs that the queue does not know, and up to which event their ends are to be looked for: the rest is about others. */
  readonly #gone = new Map<Job, string>();
  /** Who waits for more events to be read. */
  readonly #waits: (() => void)[] = [];

  constructor(options: ResultsOptions<Job>) {
    this.#options = options;
  }

  /** From now on. */
  async open(): Promise<void> {
    const { redis, reader, key } = this.#options;
    this.#last = idOf(await redis.xrevrange(key("events"), "+", "-", "COUNT", 1));
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
        for (const job of this.#gone.keys()) this.#goneFor(job);
        for (const wake of this.#waits.splice(0)) wake();
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
    let nonce: string | undefined;
    for (let i = 2; i < fields.length; i += 2) {
      if (fields[i] === "jobId") job = fields[i + 1]!;
      else if (fields[i] === "returnvalue" || fields[i] === "failedReason") text = fields[i + 1]!;
      else if (fields[i] === "nonce") nonce = fields[i + 1]!;
    }
    const { told } = this.#options;
    if (fields[1] === "completed") told(job, { how: "returned", text });
    else if (fields[1] === "failed") told(job, { how: "failed", reason: text });
    else told(job, { how: "removed", nonce });
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
    try {
      const jobs = [...this.#options.outstanding()];
      const all = new Set(jobs);
      for (const job of this.#gone.keys()) if (!all.has(job)) this.#gone.delete(job);
      await this.#ask(jobs);
      this.#options.looked();
    } catch {
      // Redis is away: it is looked again when it is back, and then and now
    } finally {
      this.#looking = false;
      this.#soon(this.#options.interval);
    }
  }

  /** What the queue has of these. */
  async #ask(jobs: readonly Job[]): Promise<void> {
    const { redis, key, ended } = this.#options;
    for (let from = 0; from < jobs.length; from += AT_ONCE) {
      const some = jobs.slice(from, from + AT_ONCE);
      const asked = redis.pipeline();
      for (const { job, keyed, inQueue } of some) {
        if (!keyed || inQueue === undefined) asked.hmget(key(job), "timestamp", ...OUTCOME);
        else asked.eval(LOOK, 1, key(job), markOf(inQueue));
      }
      asked.xrevrange(key("events"), "+", "-", "COUNT", 1);
      const answers = (await asked.exec()) ?? [];
      for (const [error] of answers) if (error !== null) throw error;
      const newest = idOf(answers.pop()![1] as Events);
      for (const [i, [, answer]] of answers.entries()) {
        const job = some[i]!;
        const [timestamp, ...outcome] = answer as (string | null)[];
        if (timestamp === null || timestamp === undefined) {
          // Its end may stand among the events that are still to be read, before it was removed.
          this.#gone.set(job, earlier(newest, this.#gone.get(job)));
          this.#goneFor(job);
          continue;
        }
        this.#gone.delete(job);
        const end = endIn(outcome);
        if (end !== undefined) ended(job, end);
      }
    }
  }

  /** The queue does not know it: how it ended may have been told, of its id, by what has been read by now. */
  #goneFor(job: Job): void {
    if (!isUpTo(this.#last, this.#gone.get(job)!)) return;
    this.#gone.delete(job);
    this.#options.ended(job, job.maybe ?? { how: "gone" });
  }

  /** Waits until what the queue has told by now was read. */
  async caughtUp(): Promise<void> {
    const { redis, key } = this.#options;
    for (let upTo: string | undefined; !this.#closed;) {
      upTo = earlier(idOf(await redis.xrevrange(key("events"), "+", "-", "COUNT", 1)), upTo);
      if (isUpTo(this.#last, upTo)) return;
      await within(
        ASK_AGAIN,
        new Promise<void>((resolve) => {
          this.#waits.push(resolve);
        }),
      );
    }
  }

  /** Looks soon at what is waited for: something was told of it that may not be true. */
  lookSoon(): void {
    if (!this.#looking) this.#soon(0);
  }
}

type Events = readonly (readonly [id: string, fields: unknown])[];

/** Of the newest event; there may be none. */
function idOf(events: Events): string {
  return events[0]?.[0] ?? "0-0";
}

/** The newest event may be one before that which was the newest: if Redis was restarted without what it had. */
function earlier(newest: string, before: string | undefined): string {
  return before === undefined || !isUpTo(newest, before) ? newest : before;
}

/** Whether an event is that one, or came after it: they are called after their time, and numbered within a millisecond. */
function isUpTo(event: string, other: string): boolean {
  const [ms, number] = event.split("-").map(Number) as [number, number];
  const [otherMs, otherNumber] = other.split("-").map(Number) as [number, number];
  return ms > otherMs || (ms === otherMs && number >= otherNumber);
}
