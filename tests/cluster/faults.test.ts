/** What becomes of jobs when workers, callers and Redis fail. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  all,
  allSettled,
  CancelledError,
  Channel,
  coroutine,
  createTask,
  EventLoop,
  InvalidStateError,
  map,
  moveOnAfter,
  sleep,
  TimeoutError,
  until,
  type Awaitable,
} from "cede";
import {
  cluster,
  Executor,
  JobLostError,
  WorkerLostError,
  type ClusterOptions,
  type Jobs,
} from "cede/executors";
import { RedisServer, withoutRedis } from "../support/redis-server.ts";
import { linesOf } from "./jobs.ts";
import { endWorkers, startWorkers, WorkerProcess } from "./workers.ts";

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

const LIMIT = 40_000;
/** Short, so that the tests are: a worker counts as lost after a second. */
const FLAGS = ["--stalled", "1000", "--concurrency", "20", "--threads", "1"];

describe.skipIf(withoutRedis())("a cluster", { timeout: LIMIT }, () => {
  let server: RedisServer;
  let workers: WorkerProcess[] = [];
  let folder: string;
  let queues = 0;
  let queue: string;
  let file: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "cede-faults-"));
    server = await RedisServer.start();
  });
  beforeEach(() => {
    queue = `faults-${++queues}`;
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

  const start = async (count: number, flags: readonly string[] = []): Promise<void> => {
    workers.push(...(await startWorkers(count, { queue, redis: server.url, flags: [...FLAGS, ...flags] })));
  };
  const open = (options: Partial<ClusterOptions> = {}): Awaitable<Jobs<Module>> =>
    cluster<Module>({ queue, redis: server.url, pollInterval: 500, drainTimeout: 30_000, ...options });
  const withJobs = <T>(
    body: (jobs: Jobs<Module>) => Awaitable<T>,
    options?: Partial<ClusterOptions>,
  ): Promise<T> =>
    EventLoop.run(function* () {
      return yield* body(yield* open(options));
    });
  /** Waits until a file has so many lines that begin so. */
  function* noted(start: string, count = 1): Awaitable<string[]> {
    for (;;) {
      const lines = linesOf(file).filter((line) => line.startsWith(start));
      if (lines.length >= count) return lines;
      yield* sleep(10);
    }
  }
  const keys = async (): Promise<string[]> => {
    const redis = new Redis(server.url);
    const found = await redis.keys(`bull:${queue}:*`);
    redis.disconnect();
    return found.sort();
  };
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

  it("runs the job of a worker that was killed again, and counts the attempt", async () => {
    await start(2);
    await withJobs(function* (jobs) {
      expect(yield* jobs.poisonOnce(file)).toBe(2);
      expect(Executor.of(jobs).statistics).toMatchObject({ completed: 1, restarted: 1 });
      const pids = new Set(linesOf(file));
      expect(pids.size).toBe(2);
    });
    expect(await counts()).toEqual({ completed: 1, failed: 0, waiting: 0, active: 0 });
  });

  it("gives up a job that ends every worker, and says so", async () => {
    await start(3);
    await withJobs(function* (jobs) {
      const error = yield* failureOf(() => jobs.poison(file));
      expect(error).toBeInstanceOf(WorkerLostError);
      expect((error as Error).message).toMatch(
        /^job poison was lost: each worker that began it ended before it did/,
      );
      expect(linesOf(file)).toEqual(["begun", "begun"]);
      expect(yield* jobs.add(1, 2)).toBe(3); // the third one lives
    });
  });

  it("never records what has succeeded as failed, also where every worker was blocked for far too long", async () => {
    await start(3);
    await withJobs(function* (jobs) {
      const result = yield* jobs.block(10_000, file);
      expect(result).toBe("done");
    });
    // Run more than once: that is what at least once means.
    expect(linesOf(file).filter((line) => line === "begun").length).toBeGreaterThan(1);
    const redis = new Redis(server.url);
    try {
      await expect
        .poll(() => counts(), { timeout: 15_000 })
        .toEqual({ completed: 1, failed: 0, waiting: 0, active: 0 });
      expect(await redis.zcard(`bull:${queue}:delayed`)).toBe(0);
    } finally {
      redis.disconnect();
    }
  });

  it("takes a job that waits out of the queue when it is cancelled", async () => {
    await withJobs(function* (jobs) {
      const error = yield* failureOf(() => jobs.nap.with({ timeout: 50 })(1, file));
      expect(error).toBeInstanceOf(TimeoutError);
    });
    expect(await counts()).toEqual({ completed: 0, failed: 0, waiting: 0, active: 0 });
    await start(1);
    await withJobs(function* (jobs) {
      yield* jobs.add(1, 2);
    });
    expect(linesOf(file)).toEqual([]);
  });

  it("unwinds a running job on its machine, and waits for its cleanup", async () => {
    await start(1);
    await withJobs(function* (jobs) {
      const task = createTask(jobs.nap(60_000, file));
      yield* noted("begun");
      yield* task.cancel();
      expect(linesOf(file).at(-1)).toBe("cleaned up");
      expect(Executor.of(jobs).statistics).toMatchObject({ cancelled: 1, running: 0 });
    });
  });

  it("cancels a job whose worker has just been killed, before another can begin it", async () => {
    await start(2);
    await withJobs(function* (jobs) {
      const task = createTask(jobs.nap(60_000, file));
      const [begun] = yield* noted("begun");
      const worker = workers.find(({ pid }) => begun!.endsWith(` ${pid}`))!;
      yield* until(worker.kill());
      yield* task.cancel();
      yield* sleep(2500); // as long as it takes until a job is run again
      expect(linesOf(file)).toHaveLength(1);
      expect(yield* jobs.add(1, 2)).toBe(3);
    });
    expect((await counts())["active"]).toBe(0);
  });

  it("runs calls with one id once, and gives them all its outcome, also later", async () => {
    await start(2);
    await withJobs(function* (jobs) {
      const others = yield* open();
      const call = (of: Jobs<Module>): Awaitable<number> => of.nap.with({ id: "a:b/c" })(200, file);
      expect(yield* all([call(jobs), call(jobs), call(others)])).toEqual([1, 1, 1]);
      expect(yield* call(others)).toBe(1);
      expect(linesOf(file)).toHaveLength(2);
      const error = yield* failureOf(() => jobs.add.with({ id: "a:b/c" })(1, 2));
      expect((error as Error).message).toMatch(/that is the id of job nap/);
    });
  });

  it("gives a call no other job's outcome, though that has its id and runs still", async () => {
    await start(1);
    await withJobs(function* (jobs) {
      const [napped, error] = yield* all([
        jobs.nap.with({ id: "x" })(300),
        failureOf(() => jobs.add.with({ id: "x" })(1, 2)),
      ]);
      expect(napped).toBe(1);
      expect(error).toBeInstanceOf(InvalidStateError);
      expect((error as Error).message).toMatch(/that is the id of job nap/);
    });
  });

  it("keeps a job while anybody waits for it, and frees its id when it was cancelled", async () => {
    await start(1);
    await withJobs(function* (jobs) {
      const others = yield* open();
      const call = (of: Jobs<Module>, ms: number): Awaitable<number> => of.nap.with({ id: "one" })(ms, file);
      const first = createTask(call(jobs, 400));
      yield* noted("begun");
      const second = createTask(call(jobs, 400));
      const third = createTask(call(others, 400));
      yield* sleep(50);
      yield* first.cancel();
      expect(yield* second).toBe(1);
      expect(yield* third).toBe(1);
      const again = createTask(jobs.nap.with({ id: "two" })(60_000, file));
      yield* noted("begun", 2);
      const joined = createTask(failureOf(() => others.nap.with({ id: "two" })(60_000, file)));
      yield* sleep(100);
      yield* again.cancel();
      expect(yield* joined).toBeInstanceOf(CancelledError);
      expect(yield* jobs.nap.with({ id: "two" })(1, file)).toBe(1); // anew
    });
  });

  it("survives three seconds without Redis, and loses nothing that it keeps on disk", async () => {
    await start(3);
    await withJobs(function* (jobs) {
      const numbers = Array.from({ length: 60 }, (_, n) => n);
      const outcomes = createTask(() => all(numbers.map((n) => jobs.nap(n * 40))));
      const channel = new Channel<number>(1);
      const counted = createTask(jobs.count(60, 20, channel.sender()));
      const came: number[] = [];
      const taking = createTask(function* () {
        for (;;) {
          const item = yield* channel.receiveOrEnd();
          if (item.done) return;
          came.push(item.value);
        }
      });
      yield* sleep(300);
      yield* until(server.stop());
      yield* sleep(3000);
      yield* until(server.start());
      expect(yield* outcomes).toHaveLength(60);
      yield* counted;
      yield* taking;
      // A job that is run again, since its worker could not say that it was alive, sends anew what it sends.
      if (Executor.of(jobs).statistics.restarted === 0)
        expect(came).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
      else expect(came.slice(-60)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
      expect(yield* jobs.add(1, 2)).toBe(3);
    });
  });

  it("passes on every item once, in order, also while connections are cut", async () => {
    await start(1, ["--stalled", "10000"]);
    await withJobs(function* (jobs) {
      const channel = new Channel<number>(1);
      const counted = createTask(jobs.count(200, 5, channel.sender()));
      const came: number[] = [];
      const redis = new Redis(server.url);
      for (;;) {
        const item = yield* channel.receiveOrEnd();
        if (item.done) break;
        came.push(item.value);
        if (item.value % 50 === 0) yield* until(redis.call("CLIENT", "KILL", "TYPE", "pubsub"));
        if (item.value % 70 === 0)
          yield* until(redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
      }
      redis.disconnect();
      expect(yield* counted).toBe(200);
      expect(came).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    });
  });

  it("reports what Redis has lost, to everybody who waits for it", async () => {
    const forgetful = await RedisServer.start({ persistent: false });
    try {
      await withJobs(
        function* (jobs) {
          const waiting = Array.from({ length: 20 }, () => createTask(failureOf(() => jobs.nap(10))));
          yield* sleep(300);
          yield* until(forgetful.stop());
          yield* sleep(500);
          yield* until(forgetful.start());
          const { expired, value } = yield* moveOnAfter(20_000, () => all(waiting));
          expect(expired).toBe(false);
          for (const error of value!) expect(error).toBeInstanceOf(JobLostError);
          expect((value![0] as Error).message).toMatch(
            /^job nap was lost: Redis at redis:\/\/127.* does not know it/,
          );
        },
        { redis: forgetful.url },
      );
    } finally {
      await forgetful.close();
    }
  });

  it("waits no longer than ten seconds for a Redis that hangs, where a call is cancelled", async () => {
    const frozen = await RedisServer.start();
    try {
      await withJobs(
        function* (jobs) {
          const error = createTask(failureOf(() => jobs.nap.with({ timeout: 200 })(1)));
          yield* sleep(100);
          frozen.freeze();
          const { expired, value } = yield* moveOnAfter(16_000, () => error);
          frozen.thaw();
          expect(expired).toBe(false);
          expect(value).toBeInstanceOf(TimeoutError);
        },
        { redis: frozen.url },
      );
    } finally {
      frozen.thaw();
      await frozen.close();
    }
  });

  it("drains a worker on SIGTERM, and leaves to others what does not end in time", async () => {
    await start(2, ["--drain", "500"]);
    await withJobs(function* (jobs) {
      const long = createTask(jobs.nap(2500, file));
      const [begun] = yield* noted("begun");
      const worker = workers.find(({ pid }) => begun!.endsWith(` ${pid}`))!;
      const ended = worker.kill("SIGTERM");
      expect(yield* until(ended)).toBe(143);
      expect(worker.output).toMatch(/takes no more jobs: 1 still run/);
      expect(linesOf(file)).toContain("cleaned up");
      expect(yield* long).toBe(2);
    });
    const [other] = workers.filter(({ child }) => child.exitCode === null);
    expect(await other!.kill("SIGINT")).toBe(130);
  });

  it("lets a worker finish what it runs, and ends it at once on a second signal", async () => {
    await start(1);
    await withJobs(function* (jobs) {
      const task = createTask(jobs.nap(400, file));
      yield* noted("begun");
      const ended = workers[0]!.kill("SIGTERM");
      expect(yield* task).toBe(1);
      expect(yield* until(ended)).toBe(143);
      yield* until(start(1));
      const long = createTask(jobs.nap(60_000, file));
      yield* noted("begun", 2);
      workers[1]!.child.kill("SIGINT");
      yield* until(workers[1]!.printed(/takes no more jobs/));
      expect(yield* until(workers[1]!.kill("SIGINT"))).toBe(130);
      yield* long.cancel();
    });
  });

  it("leaves nothing of its own in Redis", async () => {
    await start(2);
    await withJobs(
      function* (jobs) {
        yield* map(Array.from({ length: 30 }), () => jobs.add(1, 2));
        yield* allSettled(Array.from({ length: 10 }, () => jobs.nap.with({ timeout: 30 })(60_000)));
        const channel = new Channel<number>(100);
        yield* jobs.count(10, 0, channel.sender());
      },
      { keepCompleted: { count: 0 }, keepFailed: { count: 0 } },
    );
    const left = (await keys()).map((key) => key.slice(`bull:${queue}:`.length));
    expect(
      left.filter((key) => !["events", "id", "meta", "pc", "marker", "stalled-check"].includes(key)),
    ).toEqual([]);
  });

  it("ends with its process where Redis does not answer, and shows no password", async () => {
    const program =
      'import { run } from "cede"; import { cluster } from "cede/executors";' +
      'const redis = "redis://127.0.0.1:1?password=secret";' +
      'let at; try { await run(() => cluster({ queue: "q", redis, connectTimeout: 200 })); }' +
      "catch (error) { console.log(error.message); at = performance.now(); }" +
      'process.on("exit", () => console.log("lived on for", performance.now() - at));';
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--conditions=@cede/source",
      "--input-type=module",
      "-e",
      program,
    ]);
    expect(stdout).toMatch(/^Cannot reach Redis at redis:\/\/127\.0\.0\.1:1: /);
    expect(stdout).not.toContain("secret");
    expect(Number(/lived on for (.*)/.exec(stdout)![1])).toBeLessThan(1500);
  });

  it("says so where Redis does not answer", async () => {
    const opening = EventLoop.run(function* () {
      yield* cluster({ queue, redis: "redis://:secret@127.0.0.1:1", connectTimeout: 300 });
    });
    await expect(opening).rejects.toThrow(
      /^Cannot reach Redis at redis:\/\/127\.0\.0\.1:1: there was no answer within 300 ms \(.*ECONNREFUSED/,
    );
  });
});
