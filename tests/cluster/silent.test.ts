/** Who listens to the workers of a queue, and is none of them, keeps nobody waiting for ever. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EventLoop } from "cede";
import { cluster, WorkerLostError } from "cede/executors";
import { RedisServer, withoutRedis } from "../support/redis-server.ts";
import { linesOf } from "./jobs.ts";
import { endWorkers, startWorkers, type WorkerProcess } from "./workers.ts";

type Module = typeof import("./jobs.ts");

describe.skipIf(withoutRedis())("a job that ends every worker", { timeout: 60_000 }, () => {
  let server: RedisServer;
  let watcher: Redis;
  let workers: WorkerProcess[] = [];
  let folder: string;
  let queues = 0;
  let queue: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "cede-silent-"));
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    queue = `silent-${++queues}`;
    watcher = new Redis(server.url);
    const flags = ["--stalled", "200", "--threads", "1"];
    workers = await startWorkers(3, { queue, redis: server.url, flags });
  });
  afterEach(async () => {
    watcher.disconnect();
    await endWorkers(workers);
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const isGivenUp = (): Promise<void> =>
    EventLoop.run(function* () {
      const file = join(folder, queue);
      const jobs = yield* cluster<Module>({ queue, redis: server.url, pollInterval: 500 });
      let thrown: unknown;
      try {
        yield* jobs.poison(file);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(WorkerLostError);
      expect(linesOf(file)).toEqual(["begun", "begun"]);
    });

  it("is given up while somebody watches all channels", async () => {
    await watcher.psubscribe("*");
    await isGivenUp();
  });

  it("is given up while somebody listens who never answers, after some rounds", async () => {
    await watcher.subscribe(`bull:${queue}:cede:workers`);
    await isGivenUp();
  });
});
