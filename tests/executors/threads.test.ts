/**
 * What threads alone can do, and what can be done to them: whatever ends a worker, its jobs end, and the pool is whole again.
 * It stays whole, since all of its cases are of one module of faults, opened and looked at in one way.
 */
import { describe, expect, test, vi } from "vitest";
import {
  all,
  CancelledError,
  Channel,
  createTask,
  EventLoop,
  sleep,
  timeout,
  TimeoutError,
  type Awaitable,
  type Task,
} from "cede";
import {
  Executor,
  ExecutorClosedError,
  PayloadError,
  WorkerLostError,
  type Jobs,
  type ThreadsOptions,
} from "cede/executors";
import type { Report } from "cede/lowlevel";
import { failureOf, thrown } from "../support/failure.ts";
import { warnings } from "../support/warnings.ts";
import { begun } from "./begun.ts";
import { onThreads } from "./on-threads.ts";

type Faults = typeof import("./faults.ts");

const LIMIT = 30_000;

/** The body of a test with a pool that is whole. */
const on =
  (options: ThreadsOptions, body: (jobs: Jobs<Faults>) => Awaitable<unknown>): (() => Promise<void>) =>
  () =>
    EventLoop.run(function* () {
      const jobs = yield* onThreads<Faults>("./faults.ts", options);
      yield* whole(jobs, options.workers); // it is open as soon as one is there
      yield* body(jobs);
    });

/** Until all workers are there, and that they work. */
function* whole(jobs: Jobs<Faults>, workers = 2): Awaitable<void> {
  while (Executor.of(jobs).statistics.workers < workers) yield* sleep(2);
  expect(Executor.of(jobs).statistics).toMatchObject({ workers, running: 0, waiting: 0 });
  expect(yield* jobs.add(1, 2)).toBe(3);
}

/** Until none of two jobs at once is in that thread. The calls meanwhile may be with it when it ends. */
function* noneIn(jobs: Jobs<Faults>, thread: number): Awaitable<void> {
  for (;;) {
    try {
      const both = yield* all([jobs.where(), jobs.where()]);
      if (both.every((one) => one.thread !== thread)) return;
    } catch (error) {
      expect(error).toBeInstanceOf(WorkerLostError);
    }
    yield* sleep(2);
  }
}

describe("a job whose thread ends", () => {
  const ways: [title: string, (jobs: Jobs<Faults>) => Awaitable<unknown>, says: RegExp, cause: object][] = [
    [
      "by process.exit",
      (jobs) => jobs.exit(3),
      /^job exit was lost: worker \d, where it ran, ended with exit code 3\.$/,
      {},
    ],
    [
      "for lack of memory",
      (jobs) => jobs.exhaust(),
      /^job exhaust was lost: worker \d, where it ran, ran out of memory\.$/,
      { code: "ERR_WORKER_OUT_OF_MEMORY" },
    ],
    [
      "by an error that is thrown later",
      (jobs) => jobs.throwLater(),
      /^job throwLater was lost: .* ended by an error that nobody caught: nobody catches this\.$/,
      { name: "RangeError", message: "nobody catches this" },
    ],
    [
      "by a rejection that nobody handles",
      (jobs) => jobs.rejectLater(),
      /^job rejectLater was lost: .* ended by an error that nobody caught: nobody handles this\.$/,
      { name: "RangeError", message: "nobody handles this" },
    ],
    [
      "by a result that cannot be sent, which no look at it shows",
      (jobs) => jobs.slyResult(),
      /^job slyResult was lost: .* ended by an error that nobody caught: \w+\.$/,
      {},
    ],
  ];
  for (const [title, call, says, cause] of ways) {
    test(
      `${title} fails, and the others go on`,
      { timeout: LIMIT },
      on({ resourceLimits: { maxOldGenerationSizeMb: 32 } }, function* (jobs) {
        const { task: other } = yield* begun((options) => jobs.nap.with(options)(50));
        const error = (yield* thrown(() => call(jobs))) as WorkerLostError;
        expect(error).toBeInstanceOf(WorkerLostError);
        expect(error.message).toMatch(says);
        expect(error.cause).toBeInstanceOf(Error);
        expect(error.cause).toMatchObject(cause);
        expect(error).toMatchObject({
          job: expect.stringMatching(/^job /),
          worker: expect.stringMatching(/^worker \d$/),
        });
        expect(yield* other).toBe(50);
        yield* whole(jobs);
        expect(Executor.of(jobs).statistics).toMatchObject({ failed: 1, completed: 3, cancelled: 0 });
      }),
    );
  }
  test(
    "and what goes on beside it there: all of them fail",
    { timeout: LIMIT },
    on({ workers: 1 }, function* (jobs) {
      const { task: a } = yield* begun((options) => jobs.nap.with(options)(LIMIT));
      const { task: b } = yield* begun((options) => jobs.forever.with(options)());
      const errors = [thrown(() => a), thrown(() => b), thrown(() => jobs.exit(5))];
      for (const error of yield* all(errors)) {
        expect(error).toBeInstanceOf(WorkerLostError);
        expect(error.message).toContain("worker 1, where it ran, ended with exit code 5.");
      }
      yield* whole(jobs, 1);
    }),
  );
  test(
    "while it has nothing to do is replaced, silently",
    { timeout: LIMIT },
    on({}, function* (jobs) {
      const heard = warnings();
      yield* noneIn(jobs, yield* jobs.exitWhenIdle());
      yield* whole(jobs);
      expect(heard).toEqual([]);
    }),
  );
  test(
    "while it has nothing to do, by an error: a warning says so",
    { timeout: LIMIT },
    on({}, function* (jobs) {
      const heard = warnings();
      yield* noneIn(jobs, yield* jobs.throwWhenIdle());
      yield* whole(jobs);
      expect(heard.every(({ name }) => name === "CedeWarning")).toBe(true);
    }),
  );
});

describe("a stream whose thread ends", () => {
  test(
    "ends with its job, though the caller's channel be full",
    { timeout: LIMIT },
    on({ workers: 1 }, function* (jobs) {
      const channel = new Channel<number>(1);
      const sending = createTask(() => thrown(() => jobs.produce(channel.sender())));
      expect(yield* channel.receive()).toBe(1);
      while (channel.statistics.waitingSenders === 0) yield* sleep(1);
      expect(yield* thrown(() => jobs.exit(6))).toBeInstanceOf(WorkerLostError);
      expect(yield* sending).toBeInstanceOf(WorkerLostError);
      expect(channel.statistics).toMatchObject({ waitingSenders: 0, closed: false });
      yield* whole(jobs, 1);
    }),
  );
});

describe("a pool that is left", () => {
  test("while it opens: nothing goes on", { timeout: LIMIT }, async () => {
    const error = await failureOf(EventLoop.run(() => timeout(0, () => onThreads<Faults>("./faults.ts"))));
    expect(error).toBeInstanceOf(TimeoutError);
  });
  test("with threads that are blocked: they are ended", { timeout: LIMIT }, () =>
    EventLoop.run(function* () {
      const opened = createTask(function* () {
        const jobs = yield* onThreads<Faults>("./faults.ts", { drainTimeout: 10, grace: 10 });
        yield* whole(jobs);
        const outcomes: Task<Error>[] = [];
        for (const job of [jobs.block, jobs.blockInCoroutine] as const) {
          const { task } = yield* begun((options) => job.with(options)());
          outcomes.push(createTask(() => thrown(() => task)));
        }
        return outcomes;
      });
      const outcomes = yield* all(yield* opened);
      expect(outcomes.map(({ name }) => name)).toEqual(["ExecutorClosedError", "ExecutorClosedError"]);
    }),
  );
  test(
    "and called again: it says so",
    { timeout: LIMIT },
    on({}, function* (jobs) {
      yield* Executor.of(jobs).close();
      expect(yield* thrown(() => jobs.add(1, 2))).toBeInstanceOf(ExecutorClosedError);
    }),
  );
});

describe("a job that does not stop", () => {
  test(
    "an endless loop: its thread is ended after the grace period, and replaced",
    { timeout: LIMIT },
    on({ grace: 30 }, function* (jobs) {
      const { task: other } = yield* begun((options) => jobs.nap.with(options)(100));
      const { task } = yield* begun((options) => jobs.block.with(options)(), "looper");
      expect(task.waitingFor).toMatch(/^job block, worker \d, \d+\.\d s$/);
      const labels = new Set<string | undefined>();
      const stopping = createTask(() => task.cancel());
      while (!stopping.done) {
        labels.add(task.waitingFor?.replace(/\d+\.\d s$/, "… s"));
        yield* sleep(1);
      }
      expect([...labels].some((label) => /^job block, told to stop, worker \d, … s$/.test(label ?? ""))).toBe(
        true,
      );
      expect(yield* thrown(() => task)).toBeInstanceOf(CancelledError);
      expect(yield* other).toBe(100);
      yield* whole(jobs);
      expect(Executor.of(jobs).statistics).toMatchObject({ cancelled: 1, failed: 0 });
    }),
  );
  test(
    "an endless loop with a timeout",
    { timeout: LIMIT },
    on({ grace: 30 }, function* (jobs) {
      expect(yield* thrown(() => jobs.block.with({ timeout: 30 })())).toBeInstanceOf(TimeoutError);
      yield* whole(jobs);
    }),
  );
  test(
    "an endless loop in cleanup",
    { timeout: LIMIT },
    on({ grace: 30 }, function* (jobs) {
      const { task } = yield* begun((options) => jobs.blockInCleanup.with(options)());
      yield* task.cancel();
      yield* whole(jobs);
    }),
  );
  test(
    "an endless loop beside an async function that waits",
    { timeout: LIMIT },
    on({ workers: 1, grace: 30 }, function* (jobs) {
      const blocks = new Int32Array(new SharedArrayBuffer(4));
      const { task } = yield* begun((options) => jobs.blockInCoroutine.with(options)(blocks));
      let begins = 0;
      const onProgress = (): void => void begins++;
      const beside = createTask(() => thrown(() => jobs.waitAsync.with({ onProgress })()));
      while (Atomics.load(blocks, 0) === 0) yield* sleep(2);
      yield* sleep(20); // what was told before comes now
      const early = begins > 0;
      yield* task.cancel();
      // Where it had not begun by then it runs anew, and is stopped by hand.
      if (early) expect(yield* beside).toBeInstanceOf(WorkerLostError);
      else yield* beside.cancel();
      yield* whole(jobs, 1);
    }),
  );
  test(
    "a function of somebody else's is not lost because a coroutine beside it is cancelled",
    { timeout: LIMIT },
    on({ workers: 1, grace: 30 }, function* (jobs) {
      const { task } = yield* begun((options) => jobs.forever.with(options)());
      const { task: beside } = yield* begun((options) => jobs.blockFor.with(options)(200));
      yield* task.cancel();
      expect(yield* beside).toBe(200);
      expect(Executor.of(jobs).statistics).toMatchObject({ failed: 0, cancelled: 1 });
    }),
  );
  test(
    "a thread that ends in its cleanup",
    { timeout: LIMIT },
    on({ grace: LIMIT }, function* (jobs) {
      const { task } = yield* begun((options) => jobs.exitInCleanup.with(options)());
      yield* task.cancel();
      yield* whole(jobs);
      expect(Executor.of(jobs).statistics).toMatchObject({ cancelled: 1, failed: 0 });
    }),
  );
  test(
    "cleanup that waits is left its time, far beyond the grace period",
    { timeout: LIMIT },
    on({ grace: 200 }, function* (jobs) {
      const { task } = yield* begun((options) => jobs.slowCleanup.with(options)(1500));
      const error = yield* thrown(() => task.cancel());
      expect(error.message).toBe("cleaned up to the end");
      yield* whole(jobs);
    }),
  );
  test(
    "of the others there, those begun fail, those not begun run elsewhere",
    { timeout: LIMIT },
    on({ workers: 1, grace: 30 }, function* (jobs) {
      const { task: begunThere } = yield* begun((options) => jobs.forever.with(options)());
      const failure = createTask(() => thrown(() => begunThere));
      const { task: looping } = yield* begun((options) => jobs.blockInCoroutine.with(options)());
      yield* sleep(100); // it loops by now, or what follows is begun before: then it is not what is to be shown
      const notBegun = createTask(() => jobs.where());
      yield* sleep(5);
      yield* looping.cancel();
      const error = yield* failure;
      expect(error).toBeInstanceOf(WorkerLostError);
      expect(error.message).toMatch(
        /worker 1, where it ran, was ended, since it did not stop job blockInCoroutine within 30 ms\.$/,
      );
      expect(error.cause).toBeUndefined();
      expect(yield* notBegun).toMatchObject({ attempt: 1 }); // there it was none
      expect(Executor.of(jobs).statistics).toMatchObject({
        restarted: 0,
        failed: 1,
        cancelled: 1,
        completed: 2,
      });
      yield* whole(jobs, 1);
    }),
  );
  test(
    "but what has moved something there is not run again",
    { timeout: LIMIT },
    on({ workers: 1, grace: 30 }, function* (jobs) {
      const { task: looping } = yield* begun((options) => jobs.blockInCoroutine.with(options)());
      yield* sleep(100);
      const bytes = new Uint8Array(8);
      const notBegun = createTask(() => thrown(() => jobs.size.with({ transfer: [bytes.buffer] })(bytes)));
      yield* sleep(5);
      yield* looping.cancel();
      expect(yield* notBegun).toBeInstanceOf(WorkerLostError);
      expect(bytes.length).toBe(0);
      yield* whole(jobs, 1);
    }),
  );
  test(
    "calls that give up, one after another, behind a thread that is blocked",
    { timeout: LIMIT },
    on({ workers: 1, concurrency: 2, grace: 30 }, function* (jobs) {
      const { task } = yield* begun((options) => jobs.blockInCoroutine.with(options)());
      yield* sleep(100);
      for (let n = 0; n < 30; n++) {
        expect(yield* thrown(() => timeout(1, () => jobs.add(n, n)))).toBeInstanceOf(TimeoutError);
        expect(yield* thrown(() => timeout(1, () => jobs.nap(n)))).toBeInstanceOf(TimeoutError);
      }
      expect(Executor.of(jobs).statistics).toMatchObject({ running: 1, waiting: 0 });
      yield* task.cancel();
      yield* whole(jobs, 1);
    }),
  );
});

describe("what goes where", () => {
  test(
    "many coroutines at once on one thread",
    { timeout: LIMIT },
    on({ workers: 1 }, function* (jobs) {
      const tasks = [];
      for (let n = 0; n < 20; n++) tasks.push((yield* begun((options) => jobs.forever.with(options)())).task);
      expect(Executor.of(jobs).statistics).toMatchObject({ running: 20, waiting: 0 });
      for (const task of tasks) void task.cancel();
      for (const task of tasks) expect(yield* thrown(() => task)).toBeInstanceOf(CancelledError);
    }),
  );
  test(
    "functions one at a time on each",
    { timeout: LIMIT },
    on({ workers: 2, grace: 10 }, function* (jobs) {
      const tasks = [1, 2, 3].map(() => createTask(() => jobs.block()));
      yield* sleep(5);
      expect(Executor.of(jobs).statistics).toMatchObject({ running: 2, waiting: 1 });
      for (const task of tasks) void task.cancel();
      for (const task of tasks) expect(yield* thrown(() => task)).toBeInstanceOf(CancelledError);
      yield* whole(jobs);
    }),
  );
  test(
    "functions where no coroutine would have to wait for them, if there is such a thread",
    { timeout: LIMIT },
    on({ workers: 2, grace: 10 }, function* (jobs) {
      const { task } = yield* begun((options) => jobs.forever.with(options)());
      const { task: blocking } = yield* begun((options) => jobs.blockFor.with(options)(100));
      void task.cancel(); // it is unwound at once, and its thread is not ended for it
      expect(yield* blocking).toBe(100);
      expect(Executor.of(jobs).statistics).toMatchObject({ workers: 2, failed: 0, cancelled: 1 });
    }),
  );
  test(
    "buffers are moved there, and back",
    { timeout: LIMIT },
    on({ workers: 1 }, function* (jobs) {
      const bytes = new Uint8Array(1000);
      expect(yield* jobs.size.with({ transfer: [bytes.buffer] })(bytes)).toBe(1000);
      expect(bytes.length).toBe(0);
      const made = yield* jobs.make(500);
      expect(made).toEqual(new Uint8Array(500).fill(7));
      expect(yield* jobs.sizeOfKept()).toBe(0);
    }),
  );
  test(
    "and copied unless they are to be moved",
    { timeout: LIMIT },
    on({ workers: 1 }, function* (jobs) {
      const bytes = new Uint8Array(1000);
      expect(yield* jobs.size(bytes)).toBe(1000);
      expect(bytes.length).toBe(1000);
    }),
  );
  test(
    "what cannot be moved is refused, and harms nobody",
    { timeout: LIMIT },
    on({}, function* (jobs) {
      const error = yield* thrown(() => jobs.add.with({ transfer: [{} as ArrayBuffer] })(1, 2));
      expect(String(error)).toMatch(/^(PayloadError|TypeError): /);
      const moved = new ArrayBuffer(8);
      structuredClone(moved, { transfer: [moved] });
      const again = yield* thrown(() => jobs.add.with({ transfer: [moved] })(1, 2));
      expect(again).toBeInstanceOf(PayloadError);
      expect(yield* thrown(() => jobs.port())).toBeInstanceOf(PayloadError);
      yield* whole(jobs);
    }),
  );
  test(
    "shared memory is shared",
    { timeout: LIMIT },
    on({}, function* (jobs) {
      const shared = new Int32Array(new SharedArrayBuffer(4));
      yield* all(Array.from({ length: 20 }, () => jobs.counter(shared)));
      expect(shared[0]).toBe(20);
    }),
  );
});

describe("what goes wrong on a thread where no caller can be told", () => {
  test(
    "is reported to the run that opened the executor, with the worker and the error",
    { timeout: LIMIT },
    async () => {
      const reports: Report[] = [];
      await EventLoop.run(
        function* () {
          const jobs = yield* onThreads<Faults>("./faults.ts", { workers: 1 });
          yield* jobs.failsBehind("lost");
        },
        { onReport: (report) => reports.push(report) },
      );
      expect(reports).toEqual([
        {
          kind: "task-failed",
          message: expect.stringMatching(/^On worker 1: .*behind#\d+.*RangeError: lost$/),
          task: expect.stringMatching(/^behind#\d+$/),
          error: expect.any(RangeError),
        },
      ]);
      expect((reports[0]!.error as Error).cause).toEqual(new Error("the disk is full"));
    },
  );
  test("is printed unless somebody listens", { timeout: LIMIT }, async () => {
    const print = vi.spyOn(console, "warn").mockImplementation(() => {});
    await EventLoop.run(function* () {
      const jobs = yield* onThreads<Faults>("./faults.ts", { workers: 1 });
      yield* jobs.failsBehind("lost");
    });
    expect(print.mock.calls).toEqual([
      [expect.stringMatching(/^cede: On worker 1: .*behind#\d+/), expect.any(RangeError)],
    ]);
    print.mockRestore();
  });
});
