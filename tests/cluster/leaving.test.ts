/** What becomes of jobs, and of a worker, when it is told to stop at a bad moment. */
import { describe, expect, it } from "vitest";
import { createTask, EventLoop, moveOnAfter, sleep, supervise, until } from "cede";
import { cluster, ClusterQueue, serveCluster } from "cede/executors";
import { JobServer } from "../../src/executors/cluster/job-server.ts";
import { loadBullmq } from "../../src/executors/cluster/peers.ts";
import { Connections } from "../../src/executors/cluster/redis.ts";
import { withoutRedis } from "../support/redis-server.ts";
import * as module from "./jobs.ts";
import { ownRedis } from "./own-redis.ts";

type Module = typeof module;

describe.skipIf(withoutRedis())("a worker that is told to stop", { timeout: 40_000 }, () => {
  const own = ownRedis();

  it("gives back what the queue hands it while it leaves", async () => {
    await EventLoop.run(function* () {
      const jobs = yield* cluster<Module>(own.where);
      const connections = new Connections(own.server.url);
      yield* supervise(function* (group) {
        const leaving = new JobServer({
          bullmq: yield* until(loadBullmq()),
          connections,
          redis: yield* until(connections.make()),
          group,
          module,
          where: "the module",
          queue: own.queue,
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
        const call = createTask(jobs.nap(60_000, own.file));
        while (leaving.served === 0) yield* sleep(5);
        yield* until(leaving.pause());
        yield* until(leaving.close());
        expect(module.linesOf(own.file)).toEqual([]);
        expect(yield* ClusterQueue.of(jobs).counts()).toMatchObject({ waiting: 1, running: 0 });
        createTask(() => serveCluster(module, own.where));
        while (module.linesOf(own.file).length === 0) yield* sleep(10);
        expect(module.linesOf(own.file)[0]).toMatch(/^begun 1 /); // it was not begun before
        yield* call.cancel();
      });
      connections.close();
    });
  });

  it("ends, though Redis is away, and does not hear what it gives back", async () => {
    await own.start(1, ["--drain", "0", "--threads", "1"]);
    await EventLoop.run(function* () {
      const jobs = yield* cluster<Module>({ ...own.where, drainTimeout: 0 });
      const call = createTask(jobs.nap(60_000, own.file));
      while (module.linesOf(own.file).length === 0) yield* sleep(10);
      yield* until(own.server.stop());
      expect(yield* until(own.workers[0]!.kill("SIGTERM"))).toBe(143);
      expect(module.linesOf(own.file)).toContain("cleaned up");
      yield* until(own.server.start());
      yield* moveOnAfter(20_000, () => call.cancel());
    });
  });
});
