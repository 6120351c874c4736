/** What every executor keeps, on three worker processes with a Redis of the tests' own. */
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { cluster } from "cede/executors";
import { suite, type OpenOptions } from "../executors/suite.ts";
import { RedisServer, withoutRedis } from "../support/redis-server.ts";
import { endWorkers, startWorkers, type WorkerProcess } from "./workers.ts";

describe.skipIf(withoutRedis())("", () => {
  let server: RedisServer;
  let workers: WorkerProcess[] = [];
  beforeAll(async () => {
    server = await RedisServer.start();
    workers = await startWorkers(3, {
      queue: "suite",
      redis: server.url,
      module: join(import.meta.dirname, "../executors/jobs.ts"),
      flags: ["--concurrency", "100", "--threads", "1"],
    });
  }, 60_000);
  afterAll(async () => {
    await endWorkers(workers);
    await server.close();
  });

  // How long a job may go on once it is cancelled is told to the workers.
  suite("cluster", <M extends object>({ places, grace: _, ...options }: OpenOptions = {}) =>
    cluster<M>({
      queue: "suite",
      redis: server.url,
      ...options,
      ...(places !== undefined && { concurrency: places }),
    }),
  );
});
