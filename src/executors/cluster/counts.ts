/** What is counted of a job, in fields of its own hash, by the worker that holds it: so that it goes when the job does. */
import type { Redis } from "ioredis";

const COUNT = `
if redis.call("GET", KEYS[2]) ~= ARGV[1] then return -1 end
return redis.call("HINCRBY", KEYS[1], ARGV[2], ARGV[3])`;

/** In which BullMQ counts how often it was taken from a worker that was silent. */
const LOST = "stc";
/** In which it counts how often it was handed to a worker. */
const ATTEMPTS = "ats";
/** How often, one time after the other, somebody did not answer who runs it. */
const SILENT = "cede:silent";

/**
 * Counts a job as taken from a worker that was lost, as the queue counts those that were silent. How often it was; -1: its
 * lock is not this worker's any more.
 */
export function countLost(redis: Redis, key: string, token: string): Promise<number> {
  return count(redis, key, token, LOST);
}

/** Has it count as not handed to this worker, which gives it back without having begun it. */
export async function countNotBegun(redis: Redis, key: string, token: string): Promise<void> {
  await count(redis, key, token, ATTEMPTS, -1);
}

/** Counts that somebody did not answer. How often in turn that was; -1: its lock is not this worker's any more. */
export function countSilent(redis: Redis, key: string, token: string): Promise<number> {
  return count(redis, key, token, SILENT);
}

/** Somebody has answered that it runs. */
export async function forgetSilent(redis: Redis, key: string): Promise<void> {
  await redis.hdel(key, SILENT);
}

async function count(redis: Redis, key: string, token: string, field: string, by = 1): Promise<number> {
  return Number(await redis.eval(COUNT, 2, key, `${key}:lock`, token, field, by));
}
