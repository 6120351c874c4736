/** Who listens to the workers of a queue, and is none of them, keeps nobody waiting for ever. */
import type { Redis } from "ioredis";
import { beforeEach, describe, expect, it } from "vitest";
import { EventLoop } from "cede";
import { cluster, WorkerLostError } from "cede/executors";
import { thrown } from "../support/failure.ts";
import { withoutRedis } from "../support/redis-server.ts";
import { linesOf } from "./jobs.ts";
import { ownRedis } from "./own-redis.ts";

type Module = typeof import("./jobs.ts");

describe.skipIf(withoutRedis())("a job that ends every worker", { timeout: 60_000 }, () => {
  const own = ownRedis();
  let watcher: Redis;
  beforeEach(async () => {
    watcher = own.client();
    await own.start(3, ["--stalled", "200", "--threads", "1"]);
  });

  const isGivenUp = (): Promise<void> =>
    EventLoop.run(function* () {
      const jobs = yield* cluster<Module>({ ...own.where, pollInterval: 500 });
      expect(yield* thrown(() => jobs.poison(own.file))).toBeInstanceOf(WorkerLostError);
      expect(linesOf(own.file)).toEqual(["begun", "begun"]);
    });

  it("is given up while somebody watches all channels", async () => {
    await watcher.psubscribe("*");
    await isGivenUp();
  });

  it("is given up while somebody listens who never answers, after some rounds", async () => {
    await watcher.subscribe(`bull:${own.queue}:cede:workers`);
    await isGivenUp();
  });
});
