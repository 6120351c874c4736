/** When a job on a thread is told to stop: whatever moment that is, it stops, and its thread is ended only if it must be. */
import { expect, test } from "vitest";
import { all, allSettled, createTask, EventLoop, moveOnAfter, sleep, until, type Awaitable } from "cede";
import { Executor, type Jobs, type ThreadsOptions } from "cede/executors";
import { begun } from "./begun.ts";
import { onThreads } from "./on-threads.ts";
import { LAST } from "./stopping.ts";

type Stopping = typeof import("./stopping.ts");

const LIMIT = 30_000;

/** The body of a test with one thread, unless told otherwise. */
const on =
  (options: ThreadsOptions, body: (jobs: Jobs<Stopping>) => Awaitable<unknown>): (() => Promise<void>) =>
  () =>
    EventLoop.run(function* () {
      yield* body(yield* onThreads<Stopping>("./stopping.ts", { workers: 1, ...options }));
    });

function holdFor(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;) {
    // computes
  }
}

const shared = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

for (const job of ["runsFor", "runsOnce"] as const) {
  test(
    `S4: a job that is told to stop after its thread took it, before its first step, is never begun (${job})`,
    { timeout: LIMIT },
    on({ grace: 2 * LIMIT }, function* (jobs) {
      const [turn, allowed, ran] = [shared(), shared(), shared()];
      const allow = (until: number): void => {
        Atomics.store(allowed, 0, until);
        Atomics.notify(allowed, 0);
      };
      const others = createTask(() => jobs.turns(turn, allowed));
      while (turn[0]! < 1) yield* sleep(1);
      // The thread takes it between two turns, and it is ready behind the second.
      const task = createTask(() => jobs[job](ran));
      yield* sleep(5);
      allow(1);
      while (turn[0]! < 2) yield* sleep(1);
      const stopped = task.cancel();
      yield* sleep(20); // the order is on its way
      allow(LAST);
      yield* stopped;
      yield* others;
      expect(ran[0]).toBe(0);
      expect(Executor.of(jobs).statistics).toMatchObject({ completed: 1, cancelled: 1, failed: 0 });
    }),
  );
}

test(
  "a call that was given a place on a thread which ends before the call is sent there waits for another place",
  { timeout: LIMIT },
  on({ workers: 2, concurrency: 1 }, function* (jobs) {
    while (Executor.of(jobs).statistics.workers < 2) yield* sleep(2);
    const { task: elsewhere } = yield* begun((options) => jobs.forever.with(options)());
    const allowed = shared();
    const ending = createTask(() => jobs.exitLater(allowed));
    while (Executor.of(jobs).statistics.running < 2) yield* sleep(1);
    const waiting = createTask(() => begun((options) => jobs.forever.with(options)()));
    while (Executor.of(jobs).statistics.waiting < 1) yield* sleep(1);
    // So many take their turns here that whoever was given a place has to wait for its own until the thread is gone.
    let [busy, gone] = [true, false];
    const others = Array.from({ length: 2000 }, () =>
      createTask(function* () {
        for (; busy; yield) {
          if (gone) continue;
          if (Executor.of(jobs).statistics.waiting === 0) allowed[0] = 2;
          holdFor(2);
          gone = Executor.of(jobs).statistics.workers < 2;
        }
      }),
    );
    allowed[0] = 1;
    yield* ending;
    const { task } = yield* waiting;
    busy = false;
    yield* all(others);
    expect(Executor.of(jobs).statistics).toMatchObject({ running: 2, waiting: 0, workers: 2 });
    yield* all([task.cancel(), elsewhere.cancel()]);
    expect(Executor.of(jobs).statistics).toMatchObject({ running: 0, cancelled: 2, failed: 0 });
  }),
);

for (const grace of [Infinity, 2 ** 31 + 5]) {
  test(
    `a thread has the time it was given, though the platform's timers do not go so far: ${grace} ms`,
    { timeout: LIMIT },
    on({ grace }, function* (jobs) {
      const [cleaning, allowed] = [shared(), shared()];
      const { task: other } = yield* begun((options) => jobs.forever.with(options)());
      const { task } = yield* begun((options) => jobs.cleansUp.with(options)(cleaning, allowed));
      const stopped = task.cancel();
      yield* sleep(100);
      allowed[0] = 1;
      yield* stopped;
      yield* other.cancel();
      expect(Executor.of(jobs).statistics).toMatchObject({ cancelled: 2, failed: 0 });
    }),
  );
}

test(
  "a thread that answered in time is not ended because its caller was held up, and read the answer late",
  { timeout: LIMIT },
  on({ grace: 100 }, function* (jobs) {
    const [cleaning, allowed] = [shared(), shared()];
    const { task: other } = yield* begun((options) => jobs.forever.with(options)());
    const { task } = yield* begun((options) => jobs.cleansUp.with(options)(cleaning, allowed));
    yield* until(new Promise<void>((resolve) => setImmediate(resolve))); // the timers come next, then the messages
    const stopped = task.cancel();
    for (let turn = 0; turn < 3; turn++) yield;
    while (cleaning[0] === 0) holdFor(1);
    holdFor(200);
    yield* sleep(20);
    allowed[0] = 1;
    yield* stopped;
    yield* other.cancel();
    expect(Executor.of(jobs).statistics).toMatchObject({ cancelled: 2, failed: 0 });
  }),
);

test(
  "a thread that does not answer is ended though nobody waits for that any more",
  { timeout: LIMIT },
  on({ grace: 200 }, function* (jobs) {
    yield* moveOnAfter(100, () => jobs.block(), { cleanupTimeout: 50 });
    expect(yield* jobs.runsOnce(shared())).toBe(0);
  }),
);

const functions = [
  ["gives", "that gives a coroutine"],
  ["listens", "that is async and listens to its signal"],
] as const;
for (const [job, title] of functions) {
  test(
    `a function ${title} cleans up for as long as it takes, far beyond the grace period`,
    { timeout: LIMIT },
    on({ grace: 30 }, function* (jobs) {
      const [cleaning, allowed] = [shared(), shared()];
      const { task: other } = yield* begun((options) => jobs.forever.with(options)());
      const { task } = yield* begun((options) => jobs[job].with(options)(cleaning, allowed));
      const stopped = task.cancel();
      while (cleaning[0] === 0) yield* sleep(1);
      yield* sleep(800);
      expect(task.done).toBe(false);
      allowed[0] = 1;
      yield* stopped;
      yield* other.cancel();
      expect(Executor.of(jobs).statistics).toMatchObject({ cancelled: 2, failed: 0 });
    }),
  );
}

test(
  "an async function that does not listen to its signal is ended with its thread",
  { timeout: LIMIT },
  on({ grace: 30 }, function* (jobs) {
    const { task } = yield* begun((options) => jobs.deaf.with(options)());
    yield* task.cancel();
    expect(yield* jobs.runsOnce(shared())).toBe(0);
    expect(Executor.of(jobs).statistics).toMatchObject({ cancelled: 1, completed: 1 });
  }),
);

test(
  "a function that its thread took, and that was not called, keeps nobody from ending the thread",
  { timeout: LIMIT },
  on({ grace: 30 }, function* (jobs) {
    const [turn, allowed, ran] = [shared(), shared(), shared()];
    const task = createTask(() => jobs.turns(turn, allowed));
    while (turn[0]! < 1) yield* sleep(1);
    const behind = createTask(() => jobs.runsOnce(ran));
    yield* sleep(5);
    allowed[0] = 1; // the next turn never ends
    Atomics.notify(allowed, 0);
    while (turn[0]! < 2) yield* sleep(1);
    yield* task.cancel();
    const [outcome] = yield* allSettled([behind]); // it may have come too late for the thread that was ended
    expect(outcome.status).toBe(ran[0] === 0 ? "rejected" : "fulfilled");
    expect(yield* jobs.runsOnce(shared())).toBe(0);
  }),
);
