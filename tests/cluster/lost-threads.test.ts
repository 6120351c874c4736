/** What becomes of functions, which run on threads of a worker, when their thread ends, or their worker. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { all, coroutine, createTask, EventLoop, map, moveOnAfter, sleep, until, type Awaitable } from "cede";
import { cluster, Executor, serveCluster, WorkerLostError, type Jobs } from "cede/executors";
import { RedisServer, withoutRedis } from "../support/redis-server.ts";
import { linesOf } from "./jobs.ts";
import { endWorkers, startWorkers, type WorkerProcess } from "./workers.ts";

type Module = typeof import("./jobs.ts");

/** What a call throws. */
const failureOf = coroutine(function* failureOf(body: () => Awaitable<unknown>): Awaitable<unknown> {
  try {
    yield* body();
  } catch (error) {
    return error;
  }
  throw new Error("It did not fail.");
});

describe.skipIf(withoutRedis())("a function on a thread of a cluster's worker", { timeout: 40_000 }, () => {
  let server: RedisServer;
  let workers: WorkerProcess[] = [];
  let folder: string;
  let queues = 0;
  let queue: string;
  let file: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "cede-threads-"));
    server = await RedisServer.start();
  });
  beforeEach(() => {
    queue = `threads-${++queues}`;
    file = join(folder, queue);
  });
  afterEach(async () => {
    await endWorkers(workers);
    workers = [];
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const start = async (count: number, threads: number, flags: readonly string[] = []): Promise<void> => {
    const all = ["--stalled", "1000", "--concurrency", "20", "--threads", String(threads), ...flags];
    workers.push(...(await startWorkers(count, { queue, redis: server.url, flags: all })));
  };
  const withJobs = (body: (jobs: Jobs<Module>) => Awaitable<unknown>): Promise<unknown> =>
    EventLoop.run(function* () {
      const options = { queue, redis: server.url, pollInterval: 500, drainTimeout: 30_000 };
      return yield* body(yield* cluster<Module>(options));
    });
  const begun = (): string[] => linesOf(file).filter((line) => line.startsWith("begun"));
  function* areBegun(count: number): Awaitable<void> {
    while (begun().length < count) yield* sleep(10);
  }
  const counts = async (): Promise<Record<string, number>> => {
    const redis = new Redis(server.url);
    const [completed, failed, waiting, active] = await Promise.all([
      redis.zcard(`bull:${queue}:completed`),
      redis.zcard(`bull:${queue}:failed`),
      redis.zcard(`bull:${queue}:prioritized`),
      redis.llen(`bull:${queue}:active`),
    ]);
    redis.disconnect();
    return { completed, failed, waiting, active };
  };

  it("is run again when it lost its thread, and counts the attempt", async () => {
    await start(1, 1);
    await withJobs(function* (jobs) {
      expect(yield* jobs.endThread(file, 1)).toBe(2);
      expect(begun()).toEqual(["begun 1", "begun 2"]);
      expect(Executor.of(jobs).statistics).toMatchObject({ completed: 1, restarted: 1 });
    });
    expect(await counts()).toEqual({ completed: 1, failed: 0, waiting: 0, active: 0 });
  });

  it("is given up when it loses every thread, as one that ends every worker, and others live on", async () => {
    await start(1, 1);
    await withJobs(function* (jobs) {
      const error = yield* failureOf(() => jobs.endThread(file));
      expect(error).toBeInstanceOf(WorkerLostError);
      expect((error as Error).message).toMatch(
        /^job endThread was lost: each worker that began it ended before it did/,
      );
      expect(begun()).toEqual(["begun 1", "begun 2"]);
      expect(yield* jobs.add(1, 2)).toBe(3);
    });
    expect(await counts()).toEqual({ completed: 1, failed: 1, waiting: 0, active: 0 });
  });

  it("may lose its thread as often as a worker may be lost", async () => {
    await EventLoop.run(function* () {
      const module = new URL("./jobs.ts", import.meta.url);
      const options = { queue, redis: server.url, concurrency: 1 };
      createTask(() => serveCluster(module, { ...options, threads: { workers: 1 }, maxStalledCount: 3 }));
      const jobs = yield* cluster<Module>(options);
      expect(yield* jobs.endThread(file, 3)).toBe(4);
      expect(yield* failureOf(() => jobs.endThread(file))).toBeInstanceOf(WorkerLostError);
      expect(begun()).toHaveLength(8);
    });
  });

  it("is not run again when it is cancelled, and loses its thread for that", async () => {
    await start(1, 1);
    await withJobs(function* (jobs) {
      const task = createTask(jobs.compute(5000, file));
      yield* areBegun(1);
      yield* task.cancel();
      expect(yield* jobs.add(1, 2)).toBe(3);
      expect(linesOf(file)).toHaveLength(1);
    });
    expect(await counts()).toEqual({ completed: 1, failed: 0, waiting: 0, active: 0 }); // nothing is kept of it
  });

  it("fails with what an executor of its own has lost, and is not run again", async () => {
    await start(1, 1);
    await withJobs(function* (jobs) {
      const error = yield* failureOf(() => jobs.loseThreadOfOwn(file));
      expect(error).toBeInstanceOf(WorkerLostError);
      expect((error as Error).message).toMatch(/^job endThread was lost: worker 1, where it ran/);
      expect(begun()).toHaveLength(1);
      expect(Executor.of(jobs).statistics).toMatchObject({ failed: 1, restarted: 0 });
    });
  });

  it("fails so whatever it is called: what was lost is not read from texts", async () => {
    await start(1, 1);
    await withJobs(function* (jobs) {
      const error = yield* failureOf(() => jobs["lose a thread"](file));
      expect(error).toBeInstanceOf(WorkerLostError);
      expect((error as Error).message).toMatch(/^job endThread was lost: worker 1, where it ran/);
      expect(begun()).toHaveLength(1);
    });
  });

  for (const [how, flags] of [
    ["has time to end it", []],
    ["has no time", ["--drain", "0"]],
    ["has too little time", ["--drain", "300"]],
  ] as const) {
    it(`has one outcome when its worker is told to stop, and ${how}`, async () => {
      await start(2, 2, flags);
      await withJobs(function* (jobs) {
        const numbers = Array.from({ length: 12 }, (_, n) => n);
        const calls = createTask(() =>
          map(numbers, (n) => (n % 3 === 0 ? jobs.rest(900, file) : jobs.compute(300, file)), {
            concurrency: 12,
          }),
        );
        yield* areBegun(4);
        expect(yield* until(workers[0]!.kill("SIGTERM"))).toBe(143);
        const outcomes = yield* calls;
        expect(outcomes).toHaveLength(12);
        for (const attempt of outcomes) expect(attempt).toBeLessThanOrEqual(2);
      });
      expect(await counts()).toEqual({ completed: 12, failed: 0, waiting: 0, active: 0 });
    });
  }

  it("has one outcome when the program that serves it is left, however often", async () => {
    await EventLoop.run(function* () {
      const module = new URL("./jobs.ts", import.meta.url);
      const where = { queue, redis: server.url };
      const options = { ...where, threads: { workers: 2 }, concurrency: 6 };
      const jobs = yield* cluster<Module>({ ...where, pollInterval: 500 });
      const calls = createTask(() =>
        all(
          Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? jobs.rest(700, file) : jobs.compute(200, file))),
        ),
      );
      for (const drainTimeout of [0, 50, 300]) {
        yield* moveOnAfter(600, () => serveCluster(module, { ...options, drainTimeout, grace: 100 }));
      }
      createTask(() => serveCluster(module, options));
      for (const attempt of yield* calls) expect(attempt).toBeLessThanOrEqual(4);
    });
    expect(await counts()).toEqual({ completed: 8, failed: 0, waiting: 0, active: 0 });
  });
});
