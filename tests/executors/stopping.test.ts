/** When a job on a thread is told to stop: whatever moment that is, it stops, and its thread is ended only if it must be. */
import { expect, test } from "vitest";
import { createTask, EventLoop, sleep, type Awaitable } from "cede";
import { Executor, type Jobs, type ThreadsOptions } from "cede/executors";
import { onThreads } from "./on-threads.ts";
import { LAST } from "./stopping.ts";

type Stopping = typeof import("./stopping.ts");

const LIMIT = 30_000;

/** The body of a test with one thread. */
const on =
  (options: ThreadsOptions, body: (jobs: Jobs<Stopping>) => Awaitable<unknown>): (() => Promise<void>) =>
  () =>
    EventLoop.run(function* () {
      yield* body(yield* onThreads<Stopping>("./stopping.ts", { workers: 1, ...options }));
    });

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
