/**
 * A job in the queue, and the calls here that wait for it: more than one where they have the same id. An id may be that of
 * another job a moment later: which end is that of this one is decided here, by the nonce of the call that put it there.
 */
import type { ParkedWait } from "../../lowlevel.ts";
import type { Awaited, End } from "./results.ts";
import { nonceOfReason, type Returned } from "./wire.ts";

/** `Flight`: a call that waits for it. */
export class Entry<Flight = unknown> implements Awaited {
  readonly job: string;
  /** What it runs. */
  readonly name: string;
  /** Whether its id is the caller's, and may have been used before. */
  readonly keyed: boolean;
  /** Of the call here that put it there, or would have, had there not been one of its id. */
  readonly nonce: string;
  readonly flights: Set<Flight> = new Set();
  /** Settled once Redis has said that it has the job. */
  sent: Promise<void> = Promise.resolve();
  /** Whether it is being stopped: who calls its id now waits until that is free, and puts it there anew. */
  stopping = false;
  /** Who waits for that. */
  readonly freed: Set<ParkedWait<void>> = new Set();
  /** Whether it stands in the queue for certain. */
  added = false;
  /** Whether it has ended. */
  over = false;
  /** Whether a call of this executor put it there. Who did stops it; others only stop waiting. */
  own = true;
  /** Of the call that put it there, as far as is known; `undefined`: another program did. */
  inQueue: string | undefined;
  /** The latest attempt that is known of. */
  attempt = 0;
  /** By the index of the sender: the last item that came. */
  readonly items: Map<number, { attempt: number; number: number; taken: boolean | null }> = new Map();
  /** Whether the queue was seen to have it. */
  #seen = false;
  /** How jobs of its id ended of which it is not known whether they were this one. */
  #heard: End[] = [];

  constructor(job: string, name: string, keyed: boolean, nonce: string) {
    this.job = job;
    this.name = name;
    this.keyed = keyed;
    this.nonce = nonce;
    this.inQueue = nonce;
  }

  /** Whether an end is that of this job. If that cannot be told, it is kept. */
  isOf(end: End): boolean {
    if (!this.keyed) return true;
    const nonce = nonceOf(end);
    if (nonce === this.nonce || (nonce !== undefined && nonce === this.inQueue)) return true;
    if (!this.#seen || nonce === undefined) this.#heard.push(end);
    return false;
  }

  /** The queue has this one by its id. How it has ended, if that was told before it was known that it is this one. */
  seen(nonce: string | undefined): End | undefined {
    const end = nonce === undefined ? undefined : this.#heard.find((one) => nonceOf(one) === nonce);
    this.#seen = true;
    this.#heard = nonce === undefined ? this.#heard.filter((one) => nonceOf(one) === undefined) : [];
    this.inQueue = nonce;
    this.own = nonce === this.nonce;
    return end;
  }

  /** Its end, if the queue does not have it: the last one of its id, of which the first news counts. */
  get maybe(): End | undefined {
    const last = this.#heard.at(-1);
    return last && this.#heard.find((end) => nonceOf(end) === nonceOf(last));
  }
}

/** Of the call whose job has ended so; none if another program had a hand in it. */
function nonceOf(end: End): string | undefined {
  switch (end.how) {
    case "returned":
      return (JSON.parse(end.text) as Partial<Returned> | null)?.nonce;
    case "failed":
      return nonceOfReason(end.reason);
    case "removed":
      return end.nonce;
    case "gone":
      return undefined;
  }
}
