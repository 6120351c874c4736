/** The packages that the cluster is built on: optional peers, loaded when the first one is opened. */
import { InvalidStateError } from "../../index.ts";

export type Bullmq = typeof import("bullmq");
export type RedisClass = typeof import("ioredis").Redis;

export async function loadBullmq(): Promise<Bullmq> {
  return import("bullmq").catch((cause: unknown) => missing("bullmq, the queue", cause));
}

export async function loadRedis(): Promise<RedisClass> {
  const { Redis } = await import("ioredis").catch((cause: unknown) =>
    missing("ioredis, the client of Redis", cause),
  );
  return Redis;
}

function missing(what: string, cause: unknown): never {
  const error = new InvalidStateError(
    `Cannot use a cluster: the package ${what}, is not installed, or cannot be loaded. Install both that it needs: ` +
      "npm install bullmq ioredis",
  );
  (error as Error).cause = cause;
  throw error;
}
