/**
 * What is done to a job only if it is the one that is meant: an id is free once its job was removed, and may be that of the
 * next one between any two questions. So looking whose it is and what follows from that is one step in Redis.
 */
import type { Redis } from "ioredis";
import { markOf } from "./wire.ts";

/** A job in the queue: its id there, and the nonce of the call that put it there. */
export interface Incarnation {
  readonly job: string;
  readonly nonce: string;
}

/**
 * As BullMQ removes a job, of those that have neither parents nor children, and the event tells which one it was. One
 * that is over stays: how it ended is that of its id. ARGV: the prefix of the queue's keys, the job's id, its nonce, and what
 * its data has in it.
 */
const REMOVE = `
local prefix, id = ARGV[1], ARGV[2]
local key = prefix .. id
local found = redis.call("HMGET", key, "data", "finishedOn")
if not found[1] or not string.find(found[1], ARGV[4], 1, true) then return 1 end
if found[2] then return 1 end
if redis.call("EXISTS", key .. ":lock") == 1 then return 0 end
local function takeOut()
  for _, set in ipairs({"delayed", "prioritized"}) do
    if redis.call("ZREM", prefix .. set, id) == 1 then return set end
  end
  for _, list in ipairs({"wait", "paused", "active"}) do
    if redis.call("LREM", prefix .. list, 1, id) == 1 then return list end
  end
  return "unknown"
end
local prev = takeOut()
redis.call("DEL", key, key .. ":logs")
local kept = redis.call("HGET", prefix .. "meta", "opts.maxLenEvents") or 10000
redis.call("XADD", prefix .. "events", "MAXLEN", "~", kept, "*",
  "event", "removed", "jobId", id, "prev", prev, "nonce", ARGV[3])
return 1`;

/** Takes it out if no worker has it in hand. Whether it is over, or gone. */
export async function remove(redis: Redis, prefix: string, { job, nonce }: Incarnation): Promise<boolean> {
  return (await redis.eval(REMOVE, 0, prefix, job, nonce, markOf(nonce))) === 1;
}

/** What the queue has of it, as `HMGET` tells it: nothing if the queue has another one by that id. */
export const LOOK = `
local found = redis.call("HMGET", KEYS[1], "timestamp", "finishedOn", "returnvalue", "failedReason", "data")
if not found[5] or not string.find(found[5], ARGV[1], 1, true) then return {} end
return {found[1], found[2], found[3], found[4]}`;
