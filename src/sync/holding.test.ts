import { describe, expect, test } from "vitest";
import {
  all,
  Barrier,
  CapacityLimiter,
  Condition,
  createTask,
  Event,
  Lock,
  Once,
  Semaphore,
  sleepForever,
  type Awaitable,
} from "../index.ts";
import { runVirtual, waitAllParked } from "../testing/index.ts";

interface Case {
  readonly of: { readonly statistics: { readonly waiting: number } };
  readonly wait: () => Awaitable<unknown>;
}

const lock = new Lock();
const limiter = new CapacityLimiter(0);
const semaphore = new Semaphore(0, { max: 1 });
const event = new Event();
const barrier = new Barrier(9);
const once = new Once(sleepForever);
const condition = new Condition();
const waits: Record<string, Case> = {
  Lock: { of: lock, wait: () => lock.with(sleepForever) },
  CapacityLimiter: { of: limiter, wait: () => limiter.acquire() },
  Semaphore: { of: semaphore, wait: () => semaphore.acquire() },
  Event: { of: event, wait: () => event.wait() },
  Barrier: { of: barrier, wait: () => barrier.wait() },
  Once: { of: once, wait: () => once.get() },
  Condition: { of: condition, wait: () => condition.with(() => condition.wait()) },
};

describe("what shows how many wait", () => {
  test.each(Object.entries(waits))("no longer counts who was cancelled, S7: %s", async (_, { of, wait }) => {
    await runVirtual(function* () {
      const tasks = [1, 2, 3].map(() => createTask(wait));
      yield* waitAllParked();
      const { waiting } = of.statistics;
      expect(waiting).toBeGreaterThan(1); // a lock and a once have one that runs
      const last = tasks.pop()!.cancel();
      expect(of.statistics.waiting).toBe(waiting - 1);
      yield* all([last, ...tasks.map((task) => task.cancel())]);
      expect(of.statistics.waiting).toBe(0);
    });
  });
});
