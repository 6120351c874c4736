/**
 * The fence around the end of a job. A worker that was silent for too long, since its thread was blocked or its network gone,
 * has lost the job: the queue has given it to another, or will. If it finishes all the same, its result is not thrown away:
 * it is written beside the job, once, unless the job has ended; the other finds it there and ends with it. So what has
 * succeeded is never recorded as failed. What fails late is not written: the other may succeed.
 */
import type { Job } from "bullmq";
import type { Redis } from "ioredis";
import { markOf, type Returned } from "./wire.ts";

/** A field of the job's own hash, so that it goes when the job does. */
const FIELD = "cede:late";

const WRITE = `
local data = redis.call("HGET", KEYS[1], "data")
if not data or not string.find(data, ARGV[2], 1, true) then return -1 end
if redis.call("HEXISTS", KEYS[1], "finishedOn") == 1 then return 0 end
return redis.call("HSETNX", KEYS[1], "${FIELD}", ARGV[1])`;

/**
 * Whether it was written: not if the job has ended, or another was as late, nor if the queue does not know it any more, though
 * it may know another one of its id.
 */
export async function writeLate(
  redis: Redis,
  key: string,
  returned: Returned,
): Promise<"written" | "ended" | "gone"> {
  const answer = await redis.eval(WRITE, 1, key, JSON.stringify(returned), markOf(returned.nonce));
  return answer === 1 ? "written" : answer === -1 ? "gone" : "ended";
}

/** `nonce`: of the job, whose id may be that of another one by now. */
export async function readLate(redis: Redis, key: string, nonce: string): Promise<Returned | undefined> {
  const text = await redis.hget(key, FIELD);
  if (text === null) return undefined;
  const late = JSON.parse(text) as Returned;
  return late.nonce === nonce ? late : undefined;
}

// What BullMQ says of a job that this worker does not hold any more: it is gone, its lock is, it is in no worker's hands, or
// its lock is another's.
const NOT_HELD = new Set([-1, -2, -3, -6]);

/**
 * Has the queue told of the end of a job that this worker may hold no more: then `late` is called, and BullMQ, which would
 * go on to record the job as failed, hears that all is well.
 */
export function fence(job: Job, late: () => Promise<void>): void {
  const completed = job.moveToCompleted.bind(job);
  const failed = job.moveToFailed.bind(job);
  job.moveToCompleted = async (...args) => {
    try {
      return await completed(...args);
    } catch (error) {
      if (!notHeld(error)) throw error;
      await late();
      return undefined as never;
    }
  };
  job.moveToFailed = async (...args) => {
    try {
      return await failed(...args);
    } catch (error) {
      if (!notHeld(error)) throw error;
      return undefined as never;
    }
  };
}

function notHeld(error: unknown): boolean {
  return NOT_HELD.has((error as { code?: unknown } | null)?.code as number);
}
