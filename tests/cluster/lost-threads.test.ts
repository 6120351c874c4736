/** What becomes of functions, which run on threads of a worker, when their thread ends, or their worker. */
import { describe, expect, it } from "vitest";
import { all, createTask, EventLoop, map, moveOnAfter, sleep, until, type Awaitable } from "cede";
import { cluster, Executor, serveCluster, WorkerLostError } from "cede/executors";
import { thrown } from "../support/failure.ts";
import { withoutRedis } from "../support/redis-server.ts";
import { linesOf } from "./jobs.ts";
import { ownRedis } from "./own-redis.ts";

type Module = typeof import("./jobs.ts");

describe.skipIf(withoutRedis())("a function on a thread of a cluster's worker", { timeout: 40_000 }, () => {
  const own = ownRedis();

  const start = (count: number, threads: number, flags: readonly string[] = []): Promise<void> =>
    own.start(count, ["--stalled", "1000", "--concurrency", "20", "--threads", String(threads), ...flags]);
  const begun = (): string[] => linesOf(own.file).filter((line) => line.startsWith("begun"));
  function* areBegun(count: number): Awaitable<void> {
    while (begun().length < count) yield* sleep(10);
  }

  it("is run again when it lost its thread, and counts the attempt", async () => {
    await start(1, 1);
    await own.withJobs(function* (jobs) {
      expect(yield* jobs.endThread(own.file, 1)).toBe(2);
      expect(begun()).toEqual(["begun 1", "begun 2"]);
      expect(Executor.of(jobs).statistics).toMatchObject({ completed: 1, restarted: 1 });
    });
    expect(await own.counts()).toEqual({ completed: 1, failed: 0, waiting: 0, active: 0 });
  });

  it("is given up when it loses every thread, as one that ends every worker, and others live on", async () => {
    await start(1, 1);
    await own.withJobs(function* (jobs) {
      const error = yield* thrown(() => jobs.endThread(own.file));
      expect(error).toBeInstanceOf(WorkerLostError);
      expect(error.message).toMatch(/^job endThread was lost: each worker that began it ended before it did/);
      expect(begun()).toEqual(["begun 1", "begun 2"]);
      expect(yield* jobs.add(1, 2)).toBe(3);
    });
    expect(await own.counts()).toEqual({ completed: 1, failed: 1, waiting: 0, active: 0 });
  });

  it("may lose its thread as often as a worker may be lost", async () => {
    await EventLoop.run(function* () {
      const module = new URL("./jobs.ts", import.meta.url);
      const options = { ...own.where, concurrency: 1 };
      createTask(() => serveCluster(module, { ...options, threads: { workers: 1 }, maxStalledCount: 3 }));
      const jobs = yield* cluster<Module>(options);
      expect(yield* jobs.endThread(own.file, 3)).toBe(4);
      expect(yield* thrown(() => jobs.endThread(own.file))).toBeInstanceOf(WorkerLostError);
      expect(begun()).toHaveLength(8);
    });
  });

  it("is not run again when it is cancelled, and loses its thread for that", async () => {
    await start(1, 1);
    await own.withJobs(function* (jobs) {
      const task = createTask(jobs.compute(5000, own.file));
      yield* areBegun(1);
      yield* task.cancel();
      expect(yield* jobs.add(1, 2)).toBe(3);
      expect(linesOf(own.file)).toHaveLength(1);
    });
    expect(await own.counts()).toEqual({ completed: 1, failed: 0, waiting: 0, active: 0 }); // nothing is kept of it
  });

  it("fails with what an executor of its own has lost, and is not run again", async () => {
    await start(1, 1);
    await own.withJobs(function* (jobs) {
      const error = yield* thrown(() => jobs.loseThreadOfOwn(own.file));
      expect(error).toBeInstanceOf(WorkerLostError);
      expect(error.message).toMatch(/^job endThread was lost: worker 1, where it ran/);
      expect(begun()).toHaveLength(1);
      expect(Executor.of(jobs).statistics).toMatchObject({ failed: 1, restarted: 0 });
    });
  });

  it("fails so whatever it is called: what was lost is not read from texts", async () => {
    await start(1, 1);
    await own.withJobs(function* (jobs) {
      const error = yield* thrown(() => jobs["lose a thread"](own.file));
      expect(error).toBeInstanceOf(WorkerLostError);
      expect(error.message).toMatch(/^job endThread was lost: worker 1, where it ran/);
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
      await own.withJobs(function* (jobs) {
        const numbers = Array.from({ length: 12 }, (_, n) => n);
        const calls = createTask(() =>
          map(numbers, (n) => (n % 3 === 0 ? jobs.rest(900, own.file) : jobs.compute(300, own.file)), {
            concurrency: 12,
          }),
        );
        yield* areBegun(4);
        expect(yield* until(own.workers[0]!.kill("SIGTERM"))).toBe(143);
        const outcomes = yield* calls;
        expect(outcomes).toHaveLength(12);
        for (const attempt of outcomes) expect(attempt).toBeLessThanOrEqual(2);
      });
      expect(await own.counts()).toEqual({ completed: 12, failed: 0, waiting: 0, active: 0 });
    });
  }

  it("has one outcome when the program that serves it is left, however often", async () => {
    await EventLoop.run(function* () {
      const module = new URL("./jobs.ts", import.meta.url);
      const options = { ...own.where, threads: { workers: 2 }, concurrency: 6 };
      const jobs = yield* cluster<Module>({ ...own.where, pollInterval: 500 });
      const calls = createTask(() =>
        all(
          Array.from({ length: 8 }, (_, n) =>
            n % 2 === 0 ? jobs.rest(700, own.file) : jobs.compute(200, own.file),
          ),
        ),
      );
      for (const drainTimeout of [0, 50, 300]) {
        yield* moveOnAfter(600, () => serveCluster(module, { ...options, drainTimeout, grace: 100 }));
      }
      createTask(() => serveCluster(module, options));
      for (const attempt of yield* calls) expect(attempt).toBeLessThanOrEqual(4);
    });
    expect(await own.counts()).toEqual({ completed: 8, failed: 0, waiting: 0, active: 0 });
  });
});
