/** What becomes of jobs, and of a worker, when it is told to stop at a bad moment. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTask, EventLoop, moveOnAfter, sleep, supervise, until } from "cede";
import { cluster, ClusterQueue, serveCluster } from "cede/executors";
import { JobServer } from "../../src/executors/cluster/job-server.ts";
import { loadBullmq } from "../../src/executors/cluster/peers.ts";
import { Connections } from "../../src/executors/cluster/redis.ts";
import { RedisServer, withoutRedis } from "../support/redis-server.ts";
import * as module from "./jobs.ts";
import { endWorkers, startWorkers, type WorkerProcess } from "./workers.ts";

type Module = typeof module;

describe.skipIf(withoutRedis())("a worker that is told to stop", { timeout: 40_000 }, () => {
  let server: RedisServer;
  let workers: WorkerProcess[] = [];
  let folder: string;
  let queues = 0;
  let queue: string;
  let file: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "cede-leaving-"));
  });
  beforeEach(async () => {
    server = await RedisServer.start();
    queue = `leaving-${++queues}`;
    file = join(folder, queue);
  });
  afterEach(async () => {
    await endWorkers(workers);
    workers = [];
    await server.close();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("gives back what the queue hands it while it leaves", async () => {
    await EventLoop.run(function* () {
      const jobs = yield* cluster<Module>({ queue, redis: server.url });
      const connections = new Connections(server.url);
      yield* supervise(function* (group) {
        const leaving = new JobServer({
          bullmq: yield* until(loadBullmq()),
          connections,
          redis: yield* until(connections.make()),
          group,
          module,
          where: "the module",
          queue,
          prefix: "bull",
          name: "leaving",
          grace: 500,
          maxPayload: 1000,
          maxStalledCount: 1,
          stalledInterval: 1000,
          concurrency: 1,
        });
        yield* until(leaving.open());
        yield* leaving.leaveAll();
        const call = createTask(jobs.nap(60_000, file));
        while (leaving.served === 0) yield* sleep(5);
        yield* until(leaving.pause());
        yield* until(leaving.close());
        expect(module.linesOf(file)).toEqual([]);
        expect(yield* ClusterQueue.of(jobs).counts()).toMatchObject({ waiting: 1, running: 0 });
        createTask(() => serveCluster(module, { queue, redis: server.url }));
        while (module.linesOf(file).length === 0) yield* sleep(10);
        expect(module.linesOf(file)[0]).toMatch(/^begun 1 /); // it was not begun before
        yield* call.cancel();
      });
      connections.close();
    });
  });

  it("ends, though Redis is away, and does not hear what it gives back", async () => {
    workers = await startWorkers(1, { queue, redis: server.url, flags: ["--drain", "0", "--threads", "1"] });
    await EventLoop.run(function* () {
      const jobs = yield* cluster<Module>({ queue, redis: server.url, drainTimeout: 0 });
      const call = createTask(jobs.nap(60_000, file));
      while (module.linesOf(file).length === 0) yield* sleep(10);
      yield* until(server.stop());
      expect(yield* until(workers[0]!.kill("SIGTERM"))).toBe(143);
      expect(module.linesOf(file)).toContain("cleaned up");
      yield* until(server.start());
      yield* moveOnAfter(20_000, () => call.cancel());
    });
  });
});
