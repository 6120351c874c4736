/** What becomes of what is too large for the queue: whoever gave it is told, and nothing else ends. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTask, EventLoop, sleep, type Awaitable } from "cede";
import { cluster, currentJob, serveCluster, type Jobs } from "cede/executors";
import { RedisServer, withoutRedis } from "../support/redis-server.ts";

const LARGE = "x".repeat(2000);

const module = {
  *tellTwice(second: number): Awaitable<string> {
    currentJob()!.progress("first");
    let heard = "nothing";
    try {
      currentJob()!.progress("x".repeat(second));
    } catch (error) {
      heard = String(error);
    }
    yield* sleep(20);
    return heard;
  },
};

describe.skipIf(withoutRedis())("too large for a queue", { timeout: 20_000 }, () => {
  let server: RedisServer;
  let queues = 0;
  let queue: string;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(() => {
    queue = `large-${++queues}`;
  });
  afterAll(() => server.close());

  const withJobs = (body: (jobs: Jobs<typeof module>) => Awaitable<void>, maxPayload = 1000): Promise<void> =>
    EventLoop.run(function* () {
      const options = { queue, redis: server.url, maxPayload };
      createTask(() => serveCluster(module, options));
      yield* body(yield* cluster<typeof module>(options));
    });

  it("is told to a job whose progress is, also where that is held back", async () => {
    await withJobs(function* (jobs) {
      expect(yield* jobs.tellTwice(LARGE.length)).toMatch(
        /^PayloadError: Cannot send the progress of job tellTwice: it is larger than 1000 bytes/,
      );
      expect(yield* jobs.tellTwice(10)).toBe("nothing");
    });
  });
});
