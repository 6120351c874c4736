/**
 * What callers and workers tell each other beside the queue, over Redis's channels: nothing of it is kept anywhere. Whatever
 * must arrive is sent again until it is answered; the rest may be lost.
 */
import type { Plain } from "./codec.ts";

export interface Names {
  /** What every worker of the queue hears. */
  readonly workers: string;
  /** What one worker hears. */
  worker(id: string): string;
  /** What one caller hears. */
  caller(id: string): string;
}

export function namesOf(prefix: string, queue: string): Names {
  const base = `${prefix}:${queue}:cede`;
  return {
    workers: `${base}:workers`,
    worker: (id) => `${base}:worker:${id}`,
    caller: (id) => `${base}:caller:${id}`,
  };
}

/** Which attempt of which job. */
export interface Attempt {
  readonly job: string;
  /** Of the call that put it into the queue: another one may have its id by the time a message comes. */
  readonly nonce: string;
  readonly attempt: number;
}

/** To a caller. */
export type ToCaller =
  | (Attempt & { readonly what: "started"; readonly worker: string })
  | (Attempt & {
      readonly what: "progress";
      readonly number: number;
      readonly value: Plain;
    })
  /** The job sends an item, or, without one, has closed its sender. It comes again until it is answered. */
  | (Attempt & {
      readonly what: "item";
      readonly at: number;
      readonly number: number;
      readonly item?: Plain;
      readonly from: string;
    })
  /** A worker that the queue had given up has finished after all. */
  | { readonly what: "late"; readonly job: string; readonly nonce: string; readonly returned: Returned };

/** To workers. */
export type ToWorkers =
  | { readonly what: "cancel"; readonly job: string; readonly nonce: string }
  /** Another has finished it. */
  | { readonly what: "superseded"; readonly job: string; readonly nonce: string; readonly by: string }
  | {
      readonly what: "whoRuns";
      readonly job: string;
      readonly nonce: string;
      readonly question: string;
      readonly from: string;
    };

/** To one worker. */
export type ToWorker =
  | (Attempt & {
      readonly what: "taken";
      readonly at: number;
      readonly number: number;
      readonly taken: boolean;
    })
  | { readonly what: "answer"; readonly question: string; readonly from: string; readonly runs: boolean };

/** A job, as it stands in the queue. */
export interface JobData {
  readonly v: 1;
  /** What the caller calls it: `currentJob().id`. */
  readonly id: string;
  /** Whom to tell; empty: nobody waits. */
  readonly caller: string;
  /**
   * Of this call alone. An id is used again, by calls that join a job and by those that come after it: whatever is told of a
   * job carries its nonce, so that nothing that comes late is taken for what is told of the next one.
   */
  readonly nonce: string;
  readonly args: Plain;
  readonly senders: readonly number[];
}

/** What the queue keeps of its end. */
export interface Returned {
  readonly v: 1;
  /** Of the call that put it into the queue. */
  readonly nonce: string;
  readonly worker: string;
  /** The envelope. */
  readonly e: Plain;
  /** What it told last of how far it had come: the message may be late, or have been lost. */
  readonly progress?: { readonly number: number; readonly value: Plain };
  /** It was cancelled, and its cleanup failed. */
  readonly cleanup?: true;
}

/** Why the queue has it as failed: jobs that failed are results for it. The nonce of the job follows: see `reasonOf`. */
export const CANCELLED = "cede: cancelled";
export const LOST = "cede: every worker that began it was lost";

/** What a job told last that has no result to go with. */
export type LastTold = Required<Pick<Returned, "worker" | "progress">>;

/** For the queue: why it has failed, which one of its id, and what it told last, if anything. */
export function reasonOf(why: string, nonce: string, told?: LastTold): string {
  return `${why} [${nonce}]${told === undefined ? "" : ` ${JSON.stringify(told)}`}`;
}

const REASON = /^cede: [^[]* \[(?<nonce>[^\]]*)\](?: (?<told>[^]*))?$/;

/** The nonce in a reason; none in those of others. */
export function nonceOfReason(reason: string): string | undefined {
  return REASON.exec(reason)?.groups!["nonce"];
}

/** What the job told last, if it stands in the reason. */
export function toldInReason(reason: string): LastTold | undefined {
  const told = REASON.exec(reason)?.groups!["told"];
  if (told === undefined) return undefined;
  try {
    const { worker, progress } = JSON.parse(told) as LastTold;
    return typeof worker === "string" && typeof progress?.number === "number"
      ? { worker, progress }
      : undefined;
  } catch {
    return undefined;
  }
}

/** What the text of a job's data in Redis has in it, and that of no other job: for scripts that must not parse it. */
export function markOf(nonce: string): string {
  return `"nonce":${JSON.stringify(nonce)}`;
}

/** A message; `undefined` for what is none: anybody may write to a channel. */
export function parse<T extends { readonly what: string }>(text: string): T | undefined {
  try {
    const message = JSON.parse(text) as T | null;
    return typeof message === "object" && typeof message?.what === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is a job of a cluster: another program may put its own into the queue. */
export function isJobData(data: unknown): data is JobData {
  const { v, id, caller, nonce, args, senders } = (data ?? {}) as Partial<Record<keyof JobData, unknown>>;
  return (
    v === 1 &&
    typeof id === "string" &&
    typeof caller === "string" &&
    typeof nonce === "string" &&
    Array.isArray(args) &&
    Array.isArray(senders) &&
    senders.every((at) => Number.isInteger(at) && at >= 0 && at < args.length)
  );
}

/** BullMQ serves the lowest number first, and whoever has none before all. */
const NORMAL = 2 ** 20;

export function priorityInQueue(priority: number): number {
  return Math.min(
    2 ** 21 - 1,
    Math.max(1, NORMAL - Math.round(Math.max(-NORMAL, Math.min(NORMAL, priority)))),
  );
}

/** An id that BullMQ takes, whatever the user's is. @throws RangeError */
export function idInQueue(id: string): string {
  try {
    const encoded = `id.${encodeURIComponent(id).replaceAll("*", "%2A")}`;
    if (encoded.length <= 1000) return encoded;
  } catch {
    // half of a pair of surrogates
  }
  throw new RangeError(
    `Cannot call a job by the id ${JSON.stringify(id.slice(0, 40))}: give a text of at most about 300 characters.`,
  );
}
