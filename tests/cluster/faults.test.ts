/** What becomes of jobs when workers, callers and Redis fail. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import {
  all,
  allSettled,
  CancelledError,
  Channel,
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
import { cluster, Executor, JobLostError, WorkerLostError, type Jobs } from "cede/executors";
import { thrown } from "../support/failure.ts";
import { RedisServer, withoutRedis } from "../support/redis-server.ts";
import { linesOf } from "./jobs.ts";
import { ownRedis } from "./own-redis.ts";

type Module = typeof import("./jobs.ts");

const LIMIT = 40_000;
/** Short, so that the tests are: a worker counts as lost after a second. */
const FLAGS = ["--stalled", "1000", "--concurrency", "20", "--threads", "1"];

describe.skipIf(withoutRedis())("a cluster", { timeout: LIMIT }, () => {
  const own = ownRedis();

  const start = (count: number, flags: readonly string[] = []): Promise<void> =>
    own.start(count, [...FLAGS, ...flags]);
  /** Waits until a file has so many lines that begin so. */
  function* noted(start: string, count = 1): Awaitable<string[]> {
    for (;;) {
      const lines = linesOf(own.file).filter((line) => line.startsWith(start));
      if (lines.length >= count) return lines;
      yield* sleep(10);
    }
  }

  it("runs the job of a worker that was killed again, and counts the attempt", async () => {
    await start(2);
    await own.withJobs(function* (jobs) {
      expect(yield* jobs.poisonOnce(own.file)).toBe(2);
      expect(Executor.of(jobs).statistics).toMatchObject({ completed: 1, restarted: 1 });
      const pids = new Set(linesOf(own.file));
      expect(pids.size).toBe(2);
    });
    expect(await own.counts()).toEqual({ completed: 1, failed: 0, waiting: 0, active: 0 });
  });

  it("gives up a job that ends every worker, and says so", async () => {
    await start(3);
    await own.withJobs(function* (jobs) {
      const error = yield* thrown(() => jobs.poison(own.file));
      expect(error).toBeInstanceOf(WorkerLostError);
      expect(error.message).toMatch(/^job poison was lost: each worker that began it ended before it did/);
      expect(linesOf(own.file)).toEqual(["begun", "begun"]);
      expect(yield* jobs.add(1, 2)).toBe(3); // the third one lives
    });
  });

  it("never records what has succeeded as failed, also where every worker was blocked for far too long", async () => {
    await start(3);
    await own.withJobs(function* (jobs) {
      const result = yield* jobs.block(10_000, own.file);
      expect(result).toBe("done");
    });
    // Run more than once: that is what at least once means.
    expect(linesOf(own.file).filter((line) => line === "begun").length).toBeGreaterThan(1);
    await expect
      .poll(() => own.counts(), { timeout: 15_000 })
      .toEqual({ completed: 1, failed: 0, waiting: 0, active: 0 });
    expect(await own.client().zcard(`bull:${own.queue}:delayed`)).toBe(0);
  });

  it("takes a job that waits out of the queue when it is cancelled", async () => {
    await own.withJobs(function* (jobs) {
      const error = yield* thrown(() => jobs.nap.with({ timeout: 50 })(1, own.file));
      expect(error).toBeInstanceOf(TimeoutError);
    });
    expect(await own.counts()).toEqual({ completed: 0, failed: 0, waiting: 0, active: 0 });
    await start(1);
    await own.withJobs(function* (jobs) {
      yield* jobs.add(1, 2);
    });
    expect(linesOf(own.file)).toEqual([]);
  });

  it("unwinds a running job on its machine, and waits for its cleanup", async () => {
    await start(1);
    await own.withJobs(function* (jobs) {
      const task = createTask(jobs.nap(60_000, own.file));
      yield* noted("begun");
      yield* task.cancel();
      expect(linesOf(own.file).at(-1)).toBe("cleaned up");
      expect(Executor.of(jobs).statistics).toMatchObject({ cancelled: 1, running: 0 });
    });
  });

  it("cancels a job whose worker has just been killed, before another can begin it", async () => {
    await start(2);
    await own.withJobs(function* (jobs) {
      const task = createTask(jobs.nap(60_000, own.file));
      const [begun] = yield* noted("begun");
      const worker = own.workers.find(({ pid }) => begun!.endsWith(` ${pid}`))!;
      yield* until(worker.kill());
      yield* task.cancel();
      yield* sleep(2500); // as long as it takes until a job is run again
      expect(linesOf(own.file)).toHaveLength(1);
      expect(yield* jobs.add(1, 2)).toBe(3);
    });
    expect((await own.counts())["active"]).toBe(0);
  });

  it("runs calls with one id once, and gives them all its outcome, also later", async () => {
    await start(2);
    await own.withJobs(function* (jobs) {
      const others = yield* own.open();
      const call = (of: Jobs<Module>): Awaitable<number> => of.nap.with({ id: "a:b/c" })(200, own.file);
      expect(yield* all([call(jobs), call(jobs), call(others)])).toEqual([1, 1, 1]);
      expect(yield* call(others)).toBe(1);
      expect(linesOf(own.file)).toHaveLength(2);
      const error = yield* thrown(() => jobs.add.with({ id: "a:b/c" })(1, 2));
      expect(error.message).toMatch(/that is the id of job nap/);
    });
  });

  it("gives a call no other job's outcome, though that has its id and runs still", async () => {
    await start(1);
    await own.withJobs(function* (jobs) {
      const [napped, error] = yield* all([
        jobs.nap.with({ id: "x" })(300),
        thrown(() => jobs.add.with({ id: "x" })(1, 2)),
      ]);
      expect(napped).toBe(1);
      expect(error).toBeInstanceOf(InvalidStateError);
      expect(error.message).toMatch(/that is the id of job nap/);
    });
  });

  it("keeps a job while anybody waits for it, and frees its id when it was cancelled", async () => {
    await start(1);
    await own.withJobs(function* (jobs) {
      const others = yield* own.open();
      const call = (of: Jobs<Module>, ms: number): Awaitable<number> =>
        of.nap.with({ id: "one" })(ms, own.file);
      const first = createTask(call(jobs, 400));
      yield* noted("begun");
      const second = createTask(call(jobs, 400));
      const third = createTask(call(others, 400));
      yield* sleep(50);
      yield* first.cancel();
      expect(yield* second).toBe(1);
      expect(yield* third).toBe(1);
      const again = createTask(jobs.nap.with({ id: "two" })(60_000, own.file));
      yield* noted("begun", 2);
      const joined = createTask(thrown(() => others.nap.with({ id: "two" })(60_000, own.file)));
      yield* sleep(100);
      yield* again.cancel();
      expect(yield* joined).toBeInstanceOf(CancelledError);
      expect(yield* jobs.nap.with({ id: "two" })(1, own.file)).toBe(1); // anew
    });
  });

  it("survives three seconds without Redis, and loses nothing that it keeps on disk", async () => {
    await start(3);
    await own.withJobs(function* (jobs) {
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
      yield* until(own.server.stop());
      yield* sleep(3000);
      yield* until(own.server.start());
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
    await own.withJobs(function* (jobs) {
      const channel = new Channel<number>(1);
      const counted = createTask(jobs.count(200, 5, channel.sender()));
      const came: number[] = [];
      const redis = own.client();
      for (;;) {
        const item = yield* channel.receiveOrEnd();
        if (item.done) break;
        came.push(item.value);
        if (item.value % 50 === 0) yield* until(redis.call("CLIENT", "KILL", "TYPE", "pubsub"));
        if (item.value % 70 === 0)
          yield* until(redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
      }
      expect(yield* counted).toBe(200);
      expect(came).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    });
  });

  it("reports what Redis has lost, to everybody who waits for it", async () => {
    const forgetful = await RedisServer.start({ persistent: false });
    try {
      await own.withJobs(
        function* (jobs) {
          const waiting = Array.from({ length: 20 }, () => createTask(thrown(() => jobs.nap(10))));
          yield* sleep(300);
          yield* until(forgetful.stop());
          yield* sleep(500);
          yield* until(forgetful.start());
          const { expired, value } = yield* moveOnAfter(20_000, () => all(waiting));
          expect(expired).toBe(false);
          for (const error of value!) expect(error).toBeInstanceOf(JobLostError);
          expect(value![0]!.message).toMatch(/^job nap was lost: Redis at redis:\/\/127.* does not know it/);
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
      await own.withJobs(
        function* (jobs) {
          const error = createTask(thrown(() => jobs.nap.with({ timeout: 200 })(1)));
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
    await own.withJobs(function* (jobs) {
      const long = createTask(jobs.nap(2500, own.file));
      const [begun] = yield* noted("begun");
      const worker = own.workers.find(({ pid }) => begun!.endsWith(` ${pid}`))!;
      const ended = worker.kill("SIGTERM");
      expect(yield* until(ended)).toBe(143);
      expect(worker.output).toMatch(/takes no more jobs: 1 still run/);
      expect(linesOf(own.file)).toContain("cleaned up");
      expect(yield* long).toBe(2);
    });
    const [other] = own.workers.filter(({ child }) => child.exitCode === null);
    expect(await other!.kill("SIGINT")).toBe(130);
  });

  it("lets a worker finish what it runs, and ends it at once on a second signal", async () => {
    await start(1);
    await own.withJobs(function* (jobs) {
      const task = createTask(jobs.nap(400, own.file));
      yield* noted("begun");
      const ended = own.workers[0]!.kill("SIGTERM");
      expect(yield* task).toBe(1);
      expect(yield* until(ended)).toBe(143);
      yield* until(start(1));
      const long = createTask(jobs.nap(60_000, own.file));
      yield* noted("begun", 2);
      own.workers[1]!.child.kill("SIGINT");
      yield* until(own.workers[1]!.printed(/takes no more jobs/));
      expect(yield* until(own.workers[1]!.kill("SIGINT"))).toBe(130);
      yield* long.cancel();
    });
  });

  it("leaves nothing of its own in Redis", async () => {
    await start(2);
    await own.withJobs(
      function* (jobs) {
        yield* map(Array.from({ length: 30 }), () => jobs.add(1, 2));
        yield* allSettled(Array.from({ length: 10 }, () => jobs.nap.with({ timeout: 30 })(60_000)));
        const channel = new Channel<number>(100);
        yield* jobs.count(10, 0, channel.sender());
      },
      { keepCompleted: { count: 0 }, keepFailed: { count: 0 } },
    );
    const keys = await own.client().keys(`bull:${own.queue}:*`);
    const left = keys.sort().map((key) => key.slice(`bull:${own.queue}:`.length));
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
      yield* cluster({ queue: own.queue, redis: "redis://:secret@127.0.0.1:1", connectTimeout: 300 });
    });
    await expect(opening).rejects.toThrow(
      /^Cannot reach Redis at redis:\/\/127\.0\.0\.1:1: there was no answer within 300 ms \(.*ECONNREFUSED/,
    );
  });
});
