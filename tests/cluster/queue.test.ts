/** Priorities, delays, repetitions and the rate of a queue, with a Redis of the tests' own. */
import { Queue } from "bullmq";
import { describe, expect, it } from "vitest";
import {
  all,
  allSettled,
  createTask,
  EventLoop,
  moveOnAfter,
  race,
  Schedule,
  sleep,
  until,
  type Awaitable,
} from "cede";
import {
  cluster,
  ClusterQueue,
  serveCluster,
  type Jobs,
  type Repeat,
  type ServeClusterOptions,
} from "cede/executors";
import { withoutRedis } from "../support/redis-server.ts";
import { warnings } from "../support/warnings.ts";
import * as module from "./jobs.ts";
import { ownRedis } from "./own-redis.ts";

type Module = typeof module;

describe.skipIf(withoutRedis())("the queue of a cluster", { timeout: 20_000 }, () => {
  const own = ownRedis();

  const serve = (options: Partial<ServeClusterOptions> = {}): void => {
    createTask(() => serveCluster(module, { ...own.where, concurrency: 1, ...options }));
  };
  const withJobs = (body: (jobs: Jobs<Module>) => Awaitable<unknown>): Promise<unknown> =>
    EventLoop.run(function* () {
      return yield* body(yield* cluster<Module>(own.where));
    });

  it("serves the higher priority first, among equals whoever came first", async () => {
    await withJobs(function* (jobs) {
      const calls = [0, 5, -5, 0, 5].map((priority, n) =>
        createTask(jobs.log.with({ priority })(own.file, `${priority}, call ${n}`)),
      );
      yield* sleep(200);
      serve();
      yield* all(calls);
      expect(module.linesOf(own.file)).toEqual([
        "5, call 1",
        "5, call 4",
        "0, call 0",
        "0, call 3",
        "-5, call 2",
      ]);
    });
  });

  it("keeps a delayed job back, and takes it out when it is cancelled", async () => {
    await withJobs(function* (jobs) {
      serve();
      const begun = performance.now();
      yield* all([jobs.log.with({ delay: 300 })(own.file, "late"), jobs.log(own.file, "early")]);
      expect(performance.now() - begun).toBeGreaterThan(295);
      expect(module.linesOf(own.file)).toEqual(["early", "late"]);
      const task = createTask(jobs.log.with({ delay: 60_000 })(own.file, "never"));
      yield* sleep(100);
      expect((yield* ClusterQueue.of(jobs).counts()).delayed).toBe(1);
      yield* task.cancel();
      expect((yield* ClusterQueue.of(jobs).counts()).delayed).toBe(0);
    });
  });

  it("repeats a job until it is told to stop", async () => {
    await withJobs(function* (jobs) {
      serve();
      const clock = ClusterQueue.of(jobs);
      yield* clock.repeat("tick", { every: 100 }, "log", own.file, "tick");
      expect(yield* clock.repeated()).toMatchObject([{ id: "tick", job: "log" }]);
      while (module.linesOf(own.file).length < 4) yield* sleep(20);
      yield* clock.stopRepeating("tick");
      expect(yield* clock.repeated()).toEqual([]);
      yield* sleep(200);
      const { length } = module.linesOf(own.file);
      yield* sleep(300);
      expect(module.linesOf(own.file)).toHaveLength(length);
    });
  });

  it("begins no more jobs in a time than it is told to", async () => {
    await withJobs(function* (jobs) {
      serve({ concurrency: 10 });
      const clock = ClusterQueue.of(jobs);
      yield* clock.limitRate({ jobs: 2, per: 300 });
      const begun = performance.now();
      yield* all(Array.from({ length: 5 }, () => jobs.nap(1)));
      expect(performance.now() - begun).toBeGreaterThan(500);
      yield* clock.limitRate(null);
    });
  });

  it("refuses what could not be repeated", async () => {
    await withJobs(function* (jobs) {
      const clock = ClusterQueue.of(jobs);
      expect(() => clock.repeat("tick", {}, "add", 1, 2)).toThrow(/give either `every`/);
      expect(() => clock.repeat("tick", { every: 0 }, "add", 1, 2)).toThrow(RangeError);
      expect(() => clock.repeat("tick", { every: NaN }, "add", 1, 2)).toThrow(RangeError);
      const refusal = function* (when: Repeat): Awaitable<string> {
        const [one] = yield* allSettled([clock.repeat("tick", when, "add", 1, 2)]);
        return String((one as PromiseRejectedResult).reason);
      };
      expect(yield* refusal({ cron: "soon" })).toMatch(
        /^RangeError: Cannot repeat job add by the pattern "soon": there is no time that it stands for \(/,
      );
      expect(() => clock.repeat("tick", { cron: "0 3 * * *", timezone: "Mars/X" }, "add", 1, 2)).toThrow(
        /^Cannot repeat job add by the time of "Mars\/X"/,
      );
      expect(() => clock.repeat("tick", { every: Infinity }, "add", 1, 2)).toThrow(
        /^Cannot repeat job add each Infinity ms/,
      );
      expect(() => clock.limitRate({ jobs: Infinity, per: 1000 })).toThrow(/^Cannot set jobs to Infinity/);
      expect(() => clock.limitRate({ jobs: 1, per: Infinity })).toThrow(/^Cannot set per to Infinity/);
      expect(yield* clock.repeated()).toEqual([]);
    });
  });

  it.for([Infinity, 2 ** 31, 3e9])("takes %d milliseconds for as long as a timer can wait", async (ms) => {
    const heard = warnings();
    await EventLoop.run(function* () {
      createTask(() => serveCluster(module, { ...own.where, connectTimeout: ms, stalledInterval: ms }));
      const options = { ...own.where, connectTimeout: ms, pollInterval: ms };
      const jobs = yield* cluster<Module>(options);
      expect(yield* jobs.add(1, 2)).toBe(3);
    });
    expect(heard.filter(({ name }) => name === "TimeoutOverflowWarning")).toEqual([]);
  });

  it("keeps what has ended without a limit, if it is told to", async () => {
    const redis = own.client();
    await EventLoop.run(function* () {
      serve();
      const keepCompleted = { count: Infinity, age: Infinity };
      const jobs = yield* cluster<Module>({ ...own.where, keepCompleted });
      yield* jobs.add.with({ id: "kept" })(1, 2);
      expect(yield* ClusterQueue.of(jobs).counts()).toMatchObject({ completed: 1 });
      const { removeOnComplete } = JSON.parse(
        (yield* until(redis.hget(`bull:${own.queue}:id.kept`, "opts")))!,
      );
      expect(removeOnComplete).toEqual({});
    });
  });

  it("uses a client that refuses what it cannot send at once, as any other", async () => {
    const redis = own.client({ enableOfflineQueue: false });
    await EventLoop.run(function* () {
      createTask(() => serveCluster(module, { queue: own.queue, redis }));
      const jobs = yield* cluster<Module>({ queue: own.queue, redis });
      expect(yield* jobs.add(1, 2)).toBe(3);
    });
  });

  it("calls a job with an id anew when it failed and is to be retried", async () => {
    const flaky = {
      *flaky(): Awaitable<number> {
        module.note(own.file, "called");
        if (module.linesOf(own.file).length < 3) throw new Error("not yet");
        return module.linesOf(own.file).length;
      },
    };
    await EventLoop.run(function* () {
      createTask(() => serveCluster(flaky, own.where));
      const jobs = yield* cluster<typeof flaky>(own.where);
      const call = jobs.flaky.with({ id: "one", retry: Schedule.fixed(5).limit(5) });
      expect(yield* call()).toBe(3);
      expect(yield* call()).toBe(3); // the first try is kept as failed, and so on: nothing is called again
      expect(module.linesOf(own.file)).toHaveLength(3);
    });
  });

  it("takes a client that the program has made, and leaves it alone", async () => {
    const redis = own.client();
    await EventLoop.run(function* () {
      createTask(() => serveCluster(module, { queue: own.queue, redis }));
      const jobs = yield* cluster<Module>({ queue: own.queue, redis });
      expect(yield* jobs.add(1, 2)).toBe(3);
    });
    expect(await redis.ping()).toBe("PONG");
  });

  it("leaves alone what another program puts into the queue, and goes on", async () => {
    await withJobs(function* (jobs) {
      serve();
      const foreign = new Queue(own.queue, { connection: { url: own.server.url } });
      yield* until(foreign.add("add", { hello: 1 }));
      yield* until(foreign.close());
      expect(yield* jobs.add(1, 2)).toBe(3);
      expect(yield* ClusterQueue.of(jobs).counts()).toMatchObject({ failed: 1, completed: 1 });
    });
  });

  it("lets go of Redis when it is cancelled while it is opened", async () => {
    const redis = own.client();
    const before = String(await redis.client("LIST")).split("\n").length;
    for (const ms of [0, 1, 3, 10]) {
      await EventLoop.run(() => moveOnAfter(ms, () => cluster<Module>(own.where)), {
        onReport: () => {},
      });
    }
    await expect.poll(async () => String(await redis.client("LIST")).split("\n").length).toBe(before);
  });

  // S12: errors are never lost.
  it("has of an error that is too large for it what it says", async () => {
    await withJobs(function* (jobs) {
      serve();
      const [{ status, reason }] = (yield* allSettled([jobs.failAtLength()])) as [PromiseRejectedResult];
      expect(status).toBe("rejected");
      expect(reason).toBeInstanceOf(RangeError);
      const message = "no room on the disk … (what else it carried was too large to send)";
      expect(reason).toMatchObject({ message });
      expect((reason as Error).stack).toMatch(/failAtLength[^]*at job failAtLength \(/);
    });
  });

  it("lets no more of its calls into the queue than it is told to", async () => {
    await EventLoop.run(function* () {
      const jobs = yield* cluster<Module>({ ...own.where, concurrency: 3 });
      const calls = () => all(Array.from({ length: 10 }, () => jobs.nap(1)));
      const looking = function* (): Awaitable<void> {
        yield* sleep(200);
        expect(yield* ClusterQueue.of(jobs).counts()).toMatchObject({ waiting: 3 });
      };
      yield* race([calls(), looking()]);
    });
  });

  it.for([
    [{ queue: "a:b" }, /Cannot use the queue "a:b"/],
    [{ queue: "" }, /Cannot use the queue ""/],
    [{ prefix: "{x}" }, /Cannot use the prefix/],
    [{ redis: "localhost" }, /Cannot reach Redis by "localhost"/],
    [{ concurrency: 0 }, /Cannot set concurrency to 0/],
    [{ pollInterval: -1 }, /Cannot set pollInterval to -1/],
    [{ connectTimeout: NaN }, /Cannot set connectTimeout to NaN/],
    [
      { redis: { duplicate: () => ({}) } },
      /Cannot reach Redis by an object that is no client of it: give its/,
    ],
    [{ redis: null as never }, /Cannot reach Redis by null: give its address/],
    [{ keepCompleted: { count: -1 } }, /Cannot set keepCompleted\.count to -1/],
    [{ keepCompleted: { count: 2.5 } }, /Cannot set keepCompleted\.count to 2\.5/],
    [{ keepFailed: { age: NaN } }, /Cannot set keepFailed\.age to NaN/],
    [{ keepFailed: { counts: 3 } as never }, /Cannot set keepFailed: there is no option counts/],
    [{ keepCompleted: true as never }, /Cannot set keepCompleted with true: give an object/],
    [{ maxPayload: 0.5 }, /Cannot set maxPayload/],
  ] as const)("refuses %o", ([options, message]) => {
    expect(() => cluster({ queue: "q", redis: "redis://x", ...options })).toThrow(message);
  });
  it.for([
    [{ concurrency: Infinity }, /Cannot set concurrency to Infinity: give a whole number, 1 or more\.$/],
    [{ stalledInterval: 5 }, /Cannot set stalledInterval to 5/],
    [{ maxStalledCount: -1 }, /Cannot set maxStalledCount/],
    [{ drainTimeout: NaN }, /Cannot set drainTimeout/],
    [{ connectTimeout: -1 }, /Cannot set connectTimeout/],
  ] as const)("refuses to serve with %o", ([options, message]) => {
    expect(() => serveCluster({}, { queue: "q", redis: "redis://x", ...options })).toThrow(message);
  });
});
