/** Calls by an id: what is alive together is one job, and nothing of a job that was cancelled comes to the next of its id. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  all,
  CancelledError,
  Channel,
  coroutine,
  createTask,
  EventLoop,
  moveOnAfter,
  sleep,
  until,
  type Awaitable,
  type Task,
} from "cede";
import { Executor, type ClusterOptions, type Jobs } from "cede/executors";
import { readLate, writeLate } from "../../src/executors/cluster/late.ts";
import { withoutRedis } from "../support/redis-server.ts";
import { linesOf } from "./jobs.ts";
import { ownRedis } from "./own-redis.ts";
import { endWorkers } from "./workers.ts";

type Module = typeof import("./jobs.ts");

/** What a call comes to, in a word: its value, or what it throws. `"hung"`: nothing. */
const outcomeOf = coroutine(function* outcomeOf(body: () => Awaitable<unknown>): Awaitable<string> {
  try {
    const { expired, value } = yield* moveOnAfter(15_000, body);
    return expired ? "hung" : String(value);
  } catch (error) {
    if (!(error instanceof CancelledError)) return String(error);
    return /whoever called it first cancelled it/.test(error.message) ? "cancelled with it" : error.message;
  }
});

describe.skipIf(withoutRedis())("calls of a cluster by an id", { timeout: 60_000 }, () => {
  const own = ownRedis();

  /** With one worker, and two programs that call it. */
  const withJobs = async (
    body: (jobs: Jobs<Module>, others: Jobs<Module>) => Awaitable<unknown>,
    options?: Partial<ClusterOptions>,
  ): Promise<void> => {
    const flags = ["--stalled", "1000", "--concurrency", "20", "--threads", "1"];
    await own.start(1, flags);
    await EventLoop.run(function* () {
      yield* body(yield* own.open(options), yield* own.open(options));
    });
  };
  const call = (jobs: Jobs<Module>, id: string, ms: number): Awaitable<string> =>
    outcomeOf(() => jobs.tidy.with({ id })(ms, 0, fileOf(id)));
  const fileOf = (id: string): string => join(own.folder, id);
  /** How often it was begun. */
  const beginnings = (id: string): number =>
    linesOf(fileOf(id)).filter((line) => line.startsWith("begun")).length;
  function* noted(line: string, id: string): Awaitable<void> {
    while (!linesOf(fileOf(id)).some((one) => one.startsWith(line))) yield* sleep(2);
  }
  /** A call of a job that runs until it is cancelled, and then cleans up for so long. */
  const endless = (jobs: Jobs<Module>, id: string, cleanup: number): Task<number> =>
    createTask(jobs.tidy.with({ id })(60_000, cleanup, fileOf(id)));
  /** Cancels it, in a task of its own. */
  const cancelling = (task: Task<unknown>): Task<void> =>
    createTask(function* () {
      yield* task.cancel();
    });
  const NOTHING_KEPT = { keepCompleted: { count: 0 }, keepFailed: { count: 0 } };
  const ROUNDS = Array.from({ length: 30 }, (_, round) => `round ${round}`);

  for (const [kept, options] of [
    ["", {}],
    [", where no outcome is kept", NOTHING_KEPT],
  ] as const) {
    it(`is a new job for a call that begins while that of its id is being cancelled here${kept}`, () =>
      withJobs(function* (jobs) {
        const outcomes: string[] = [];
        for (const [n, id] of ROUNDS.entries()) {
          const first = endless(jobs, id, n % 4);
          yield* noted("begun", id);
          const cancelled = cancelling(first);
          yield* noted("cleaning up", id);
          outcomes.push(yield* call(jobs, id, 1));
          yield* cancelled;
        }
        expect(outcomes).toEqual(ROUNDS.map(() => "1"));
        expect(Executor.of(jobs).statistics).toMatchObject({ cancelled: 30, completed: 30, running: 0 });
      }, options));

    it(`is a new job for whoever calls its id once it was cancelled${kept}`, () =>
      withJobs(function* (jobs, others) {
        const outcomes: string[] = [];
        for (const [n, id] of ROUNDS.entries()) {
          const first = endless(jobs, id, 1);
          yield* sleep(n % 10);
          yield* first.cancel();
          outcomes.push(yield* call(n % 2 === 0 ? jobs : others, id, 1));
        }
        expect(outcomes).toEqual(ROUNDS.map(() => "1"));
      }, options));

    it(`has an outcome of its own, or is cancelled with the one it joined, in another program${kept}`, () =>
      withJobs(function* (jobs, others) {
        const outcomes = new Set<string>();
        for (const [n, id] of ROUNDS.entries()) {
          const first = createTask(jobs.tidy.with({ id })(5, 5, fileOf(id)));
          yield* sleep(3);
          const cancelled = cancelling(first);
          yield* sleep((n % 6) * 2);
          outcomes.add(yield* call(others, id, 5));
          yield* cancelled;
        }
        outcomes.delete("cancelled with it");
        expect([...outcomes]).toEqual(["1"]);
      }, options));

    it(`has the outcome of one that ends just then, or is a new job${kept}`, () =>
      withJobs(function* (jobs, others) {
        for (const id of ROUNDS) {
          // What is called as soon as the outcome is known must not wait for that of a job that has ended.
          const outcomes = yield* all(
            [jobs, jobs, others].map((one) => {
              const twice = function* (): Awaitable<string[]> {
                return [yield* call(one, id, 0), yield* call(one, id, 0)];
              };
              return twice();
            }),
          );
          expect(outcomes.flat()).toEqual(Array(6).fill("1"));
        }
      }, options));
  }

  it("waits for its id when it begins while two of them are being cancelled", () =>
    withJobs(function* (jobs) {
      for (const [n, id] of ROUNDS.slice(0, 10).entries()) {
        const two = [1, 2].map(() => endless(jobs, id, n % 4));
        yield* noted("begun", id);
        const cancelled = two.map(cancelling);
        yield* noted("cleaning up", id);
        expect(yield* all([call(jobs, id, 1), call(jobs, id, 1)])).toEqual(["1", "1"]); // one job, again
        yield* all(cancelled);
        expect(beginnings(id)).toBe(2);
      }
    }));

  it("can be cancelled while it waits for its id", () =>
    withJobs(function* (jobs) {
      for (const [n, id] of ROUNDS.slice(0, 10).entries()) {
        const first = endless(jobs, id, 200);
        yield* noted("begun", id);
        const cancelled = cancelling(first);
        yield* noted("cleaning up", id);
        const second = endless(jobs, id, 200);
        yield* sleep(n);
        yield* second.cancel();
        expect(second.cancelled).toBe(true);
        expect(cancelled.done).toBe(false); // it did not wait for the first
        yield* cancelled;
        expect(beginnings(id)).toBe(1);
      }
      expect(Executor.of(jobs).statistics).toMatchObject({ cancelled: 20, running: 0, waiting: 0 });
    }));

  it("is never lost where the outcome that is kept of its id goes while it is asked for", () =>
    withJobs(
      function* (jobs, others) {
        const outcomes = new Set<string>();
        const caller = function* (one: Jobs<Module>, first: number): Awaitable<void> {
          for (let n = first; n < first + 100; n++) {
            const options = n % 4 === 0 ? {} : { id: `${n % 7}` };
            outcomes.add(yield* outcomeOf(() => one.add.with(options)(1, 2)));
          }
        };
        yield* all(Array.from({ length: 30 }, (_, n) => caller(n % 2 === 0 ? jobs : others, n)));
        expect([...outcomes]).toEqual(["3"]);
      },
      { keepCompleted: { count: 10 } },
    ));

  it("keeps an outcome that others were told of, though whoever called first was cancelled just then", () =>
    withJobs(function* (jobs, others) {
      const beganAgain: string[] = [];
      for (const [n, id] of ROUNDS.entries()) {
        const first = createTask(jobs.tidy.with({ id })(30, 0, fileOf(id)));
        yield* noted("begun", id);
        const second = createTask(call(others, id, 30));
        yield* noted("cleaning up", id);
        yield* sleep(n % 3);
        yield* first.cancel();
        const heard = yield* second;
        expect(["1", "cancelled with it"]).toContain(heard);
        if (heard !== "1") continue;
        expect(yield* call(others, id, 30)).toBe("1");
        if (beginnings(id) > 1) beganAgain.push(id);
      }
      expect(beganAgain).toEqual([]);
    }));

  it("is a new job once its id was cancelled by a program that died before it heard of that", () =>
    withJobs(function* (jobs, others) {
      const redis = own.client();
      const both = ["one", "two"].map((id) => [call(jobs, id, 60_000), call(others, id, 60_000)]);
      const joined = createTask(all(both.flat()));
      for (const id of ["one", "two"]) {
        yield* noted("begun", id);
        const [nonce] = /[\da-f-]{36}-\d+/.exec(
          (yield* until(redis.hget(`bull:${own.queue}:id.${id}`, "data")))!,
        )!;
        const message = { what: "cancel", job: `id.${id}`, nonce };
        yield* until(redis.publish(`bull:${own.queue}:cede:workers`, JSON.stringify(message)));
      }
      expect(yield* joined).toEqual(Array(4).fill("cancelled with it"));
      expect(yield* call(jobs, "one", 1)).toBe("1");
      expect(yield* call(others, "two", 1)).toBe("1");
    }));

  it("is a new job once one was cancelled whose cleanup failed", () =>
    withJobs(function* (jobs) {
      const first = createTask(jobs.untidy.with({ id: "one" })(60_000, fileOf("one")));
      yield* noted("begun", "one");
      yield* outcomeOf(() => first.cancel());
      expect(yield* outcomeOf(() => jobs.untidy.with({ id: "one" })(0, fileOf("one")))).toBe("1");
    }));

  it("is touched by nothing that comes late of another job of its id", () =>
    withJobs(function* (jobs, others) {
      const redis = own.client();
      const [id, job] = ["one", "id.one"];
      const first = createTask(call(jobs, id, 1000));
      yield* noted("begun", id);
      const second = createTask(call(others, id, 1000));
      yield* sleep(100);
      const base = `bull:${own.queue}`;
      const nonce = "of-the-job-before";
      const returned = { v: 1, nonce, worker: "w", e: [] };
      const event = (...fields: string[]): Awaitable<unknown> =>
        until(redis.xadd(`${base}:events`, "*", "event", ...fields));
      yield* event("completed", "jobId", job, "returnvalue", JSON.stringify(returned));
      yield* event("failed", "jobId", job, "failedReason", `cede: cancelled [${nonce}]`);
      yield* event("failed", "jobId", job, "failedReason", "cede: cancelled");
      yield* event("removed", "jobId", job, "nonce", nonce);
      yield* event("removed", "jobId", job);
      const toWorkers = [
        { what: "cancel", job, nonce },
        { what: "superseded", job, nonce, by: "another" },
      ];
      for (const message of toWorkers) {
        yield* until(redis.publish(`${base}:cede:workers`, JSON.stringify(message)));
      }
      const channels = (yield* until(redis.pubsub("CHANNELS", `${base}:cede:caller:*`))) as string[];
      expect(channels).toHaveLength(2);
      for (const channel of channels) {
        yield* until(redis.publish(channel, JSON.stringify({ what: "late", job, nonce, returned })));
        const begins = { what: "started", job, nonce, attempt: 7, worker: "another" };
        yield* until(redis.publish(channel, JSON.stringify(begins)));
      }
      const key = `${base}:${job}`;
      expect(yield* until(writeLate(redis, key, returned as never))).toBe("gone");
      const [current] = /[\da-f-]{36}-\d+/.exec((yield* until(redis.hget(key, "data")))!)!;
      const late = { ...returned, nonce: current };
      expect(yield* until(writeLate(redis, key, late as never))).toBe("written");
      expect(yield* until(readLate(redis, key, nonce))).toBeUndefined();
      expect(yield* until(readLate(redis, key, current))).toEqual(late);
      expect(yield* all([first, second])).toEqual(["1", "1"]);
      expect(Executor.of(jobs).statistics.restarted).toBe(0);
    }));

  it("is refused with a sender: of two calls only one could be given its items", () =>
    withJobs(function* (jobs) {
      const sender = new Channel<number>(5).sender();
      expect(() => jobs.count.with({ id: "one" })(5, 0, sender)).toThrow(
        /^Cannot call job count by an id and with a sender: of two calls of one id only one could be given its items\. Leave/,
      );
      expect(yield* jobs.count(5, 0, sender)).toBe(5);
    }));

  it("is cancelled where another program takes its job out of the queue", () =>
    withJobs(function* (jobs) {
      yield* until(endWorkers(own.workers));
      const task = createTask(call(jobs, "one", 1));
      yield* sleep(200);
      const { Queue } = yield* until(import("bullmq"));
      const tool = new Queue(own.queue, { connection: { url: own.server.url } });
      yield* until(tool.remove("id.one"));
      yield* until(tool.close());
      expect(yield* task).toMatch(/it was taken out of the queue/);
    }));
});
