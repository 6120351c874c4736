/** What is counted of a job, in fields of its own hash, by the worker that holds it: so that it goes when the job does. */
import type { Redis } from "ioredis";

const COUNT = `
if redis.call("GET", KEYS[2]) ~= ARGV[1] then return -1 end
return redis.call("HINCRBY", KEYS[1], ARGV[2], 1)`;

/** In which BullMQ counts how often it was taken from a worker that was silent. */
const LOST = "stc";
/** How often, one time after the other, somebody did not answer who runs it. */
const SILENT = "cede:silent";

/**
 * Counts a job as taken from a worker that was lost, as the queue counts those that were silent. How often it was; -1: its
 * lock is not this worker's any more.
 */
export function countLost(redis: Redis, key: string, token: string): Promise<number> {
  return count(redis, key, token, LOST);
}

/** Counts that somebody did not answer. How often in turn that was; -1: its lock is not this worker's any more. */
export function countSilent(redis: Redis, key: string, token: string): Promise<number> {
  return count(redis, key, token, SILENT);
}

/** Somebody has answered that it runs. */
export async function forgetSilent(redis: Redis, key: string): Promise<void> {
  await redis.hdel(key, SILENT);
}

async function count(redis: Redis, key: string, token: string, field: string): Promise<number> {
  return Number(await redis.eval(COUNT, 2, key, `${key}:lock`, token, field));
}
