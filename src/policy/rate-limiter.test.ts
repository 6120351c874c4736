import { describe, expect, test } from "vitest";
import {
  allTasks,
  createTask,
  EventLoop,
  moveOnAfter,
  RateLimiter,
  run,
  runningLoop,
  select,
  sleep,
  taskGroup,
  type Awaitable,
  type RateLimiterOptions,
} from "../index.ts";
import { explore, runVirtual, VirtualClock } from "../testing/index.ts";

/** When each of so many, all of whom come at once, is let through. */
async function times(limiter: RateLimiter, count: number, permits = 1): Promise<number[]> {
  const lines: number[] = [];
  await runVirtual(() =>
    taskGroup(function* (group) {
      for (let n = 0; n < count; n++) {
        group.createTask(function* () {
          yield* limiter.acquire(permits);
          lines.push(runningLoop().time());
        });
      }
    }),
  );
  return lines;
}

/** In turn, at given times: how many of so many calls of `tryAcquire` are let through. */
async function tries(limiter: RateLimiter, script: readonly (readonly [at: number, calls: number])[]) {
  const passed: number[] = [];
  await runVirtual(function* () {
    for (const [at, calls] of script) {
      yield* sleep(at - runningLoop().time());
      passed.push(Array.from({ length: calls }, () => limiter.tryAcquire()).filter(Boolean).length);
    }
  });
  return passed;
}

describe("a token bucket", () => {
  test("lets `limit` through at once, then one every `per / limit` milliseconds", async () => {
    expect(await times(new RateLimiter(4, 1000), 8)).toEqual([0, 0, 0, 0, 250, 500, 750, 1000]);
  });

  test("lets `burst` through at once, if that is given", async () => {
    expect(await times(new RateLimiter(4, 1000, { burst: 1 }), 4)).toEqual([0, 250, 500, 750]);
    expect(await times(new RateLimiter(1, 1000, { burst: 3 }), 5)).toEqual([0, 0, 0, 1000, 2000]);
  });

  test("keeps what is not used, up to the burst", async () => {
    const script = [
      [0, 9],
      [249, 9],
      [250, 9],
      [1000, 9],
      [60_000, 9],
    ] as const;
    expect(await tries(new RateLimiter(4, 1000), script)).toEqual([4, 0, 1, 3, 4]);
  });

  test("is exact where a permit takes no whole number of milliseconds", async () => {
    const at = await times(new RateLimiter(3, 1000, { burst: 1 }), 301);
    expect(at).toHaveLength(301);
    expect(at[300]).toBeCloseTo(100_000, 6);
    for (let i = 1; i < at.length; i++) expect(at[i]! - at[i - 1]!).toBeCloseTo(1000 / 3, 6);
  });

  test("lets several permits through together, and none before", async () => {
    expect(await times(new RateLimiter(4, 1000), 3, 3)).toEqual([0, 500, 1250]);
  });
});

describe("a sliding window", () => {
  const sliding = { algorithm: "slidingWindow" } as const;

  test("lets no more than `limit` through in any `per` milliseconds", async () => {
    expect(await times(new RateLimiter(2, 1000, sliding), 6)).toEqual([0, 0, 1000, 1000, 2000, 2000]);
  });

  test("has each permit come back when it is so old", async () => {
    const script = [
      [0, 1],
      [600, 9],
      [999, 9],
      [1000, 9],
      [1599, 9],
      [1600, 9],
      [5000, 9],
    ] as const;
    expect(await tries(new RateLimiter(3, 1000, sliding), script)).toEqual([1, 2, 0, 1, 0, 2, 3]);
  });

  test("lets several permits through together, once the oldest that are in the way are old enough", async () => {
    expect(await times(new RateLimiter(5, 100, sliding), 4, 2)).toEqual([0, 0, 100, 100]);
  });

  test("holds in every window of a long random run, and wastes nothing", async () => {
    const limiter = new RateLimiter(5, 100, sliding);
    const passed: number[] = [];
    await runVirtual(function* () {
      for (let n = 0; n < 2000; n++) {
        yield* sleep(Math.floor(Math.random() * 30));
        yield* limiter.acquire();
        passed.push(runningLoop().time());
      }
    });
    for (let i = 5; i < passed.length; i++) expect(passed[i]! - passed[i - 5]!).toBeGreaterThanOrEqual(100);
  });
});

describe.each(["tokenBucket", "slidingWindow"] as const)("by %s", (algorithm) => {
  const limiter = (limit: number, per: number, options?: RateLimiterOptions) =>
    new RateLimiter(limit, per, { algorithm, ...options });

  test("S22: who comes first is served first, also before one who wants less", async () => {
    const order: string[] = [];
    await runVirtual(() =>
      taskGroup(function* (group) {
        const api = limiter(4, 400);
        yield* api.acquire(3);
        for (const [name, permits] of [
          ["big", 4],
          ["small", 1],
        ] as const) {
          group.createTask(function* () {
            yield* api.acquire(permits);
            order.push(name);
          });
        }
        yield* sleep(1);
        expect(api.statistics).toEqual({ available: 1, waiting: 2 });
        expect(api.tryAcquire()).toBe(false); // one is there, but somebody waits
      }),
    );
    expect(order).toEqual(["big", "small"]);
  });

  test("S7: one who was cancelled has taken nothing, and gives nothing back", async () => {
    await runVirtual(function* () {
      const api = limiter(1, 100);
      yield* api.acquire();
      const waiters = ["a", "b", "c"].map((name) => createTask(() => api.acquire(), { name }));
      yield* sleep(50);
      yield* waiters[0]!.cancel();
      yield* waiters[1]!;
      expect(runningLoop().time()).toBe(100);
      yield* waiters[2]!;
      expect(runningLoop().time()).toBe(200);
      yield* sleep(1000);
      expect(api.statistics).toEqual({ available: 1, waiting: 0 });
    });
  });

  test("S7: one whose cancellation is not delivered yet is passed over, and nobody waits any more", async () => {
    await runVirtual(function* () {
      const api = limiter(1, 100);
      yield* api.acquire();
      const waiter = createTask(() => api.acquire());
      yield* sleep(50);
      void waiter.cancel();
      expect(api.statistics.waiting).toBe(0);
      expect(api.tryAcquire()).toBe(false);
      yield* api.acquire();
      expect(runningLoop().time()).toBe(100);
    });
  });

  test("S7: one whose cancellation is not delivered yet keeps nobody from what is there", async () => {
    await runVirtual(function* () {
      const api = limiter(2, 100);
      yield* api.acquire();
      const both = createTask(() => api.acquire(2));
      yield* sleep(1);
      expect(api.tryAcquire()).toBe(false);
      void both.cancel();
      expect(api.tryAcquire()).toBe(true);
      expect(api.statistics).toEqual({ available: 0, waiting: 0 });
    });
  });

  test.each(["before", "after"])("S7: a cancellation in the very moment, %s", async (when) => {
    await runVirtual(function* () {
      const api = limiter(1, 100);
      const cancel = (): Awaitable<unknown> => moveOnAfter(100, () => api.acquire());
      yield* api.acquire();
      const canceller = function* () {
        yield* sleep(100);
        if (!task.done) void task.cancel();
      };
      // Deadlines that are equal pass in the order in which they were set.
      let task: ReturnType<typeof createTask>;
      if (when === "before") {
        createTask(canceller);
        yield;
        task = createTask(() => api.acquire());
      } else {
        task = createTask(() => api.acquire());
        yield;
        createTask(canceller);
      }
      const next = createTask(() => api.acquire(), { name: "next" });
      yield* next;
      // Whoever was woken first has it: then the other one waits for the next permit.
      expect(runningLoop().time()).toBe(task.cancelled ? 100 : 200);
      expect(yield* cancel()).toMatchObject({ expired: true });
    });
  });

  test("S7: many who wait and are cancelled leave nothing", async () => {
    await runVirtual(function* () {
      const api = limiter(1, 1000);
      yield* api.acquire();
      const crowd = Array.from({ length: 100_000 }, () => createTask(() => api.acquire()));
      yield* sleep(1);
      expect(api.statistics.waiting).toBe(100_000);
      for (const task of crowd) void task.cancel();
      yield* sleep(1);
      expect(api.statistics.waiting).toBe(0);
      expect(runningLoop().statistics.deadlines).toBe(0);
      expect(allTasks()).toHaveLength(1);
      yield* api.acquire();
      expect(runningLoop().time()).toBe(1000);
    });
  });

  test("S5: acquire() is a checkpoint also when it need not wait: a cancellation comes before anything is taken", async () => {
    const api = limiter(2, 100);
    await runVirtual(() => moveOnAfter(0, () => api.acquire()));
    expect(api.statistics.available).toBe(2);
  });

  test("in every order of steps, each has its permit at the right time", async () => {
    const report = await explore(function* () {
      const api = limiter(1, 10);
      const at: number[] = [];
      yield* taskGroup(function* (group) {
        const waiters = [0, 1, 2].map(() =>
          group.createTask(function* () {
            yield* api.acquire();
            at.push(runningLoop().time());
          }),
        );
        group.createTask(function* () {
          yield;
          void waiters[1]!.cancel();
        });
      });
      expect([
        [0, 10],
        [0, 10, 20],
      ]).toContainEqual(at);
      yield* api.acquire();
      expect(runningLoop().time()).toBe(at.length * 10);
    });
    expect(report.failure).toBeUndefined();
  });

  test("may be used in one loop after another, whose clocks differ", async () => {
    const api = limiter(1, 100);
    const host = new VirtualClock();
    await runVirtual(
      function* () {
        yield* sleep(5000);
        yield* api.acquire();
        yield* sleep(40);
      },
      { host },
    );
    const waited = await runVirtual(function* () {
      yield* api.acquire(); // 60 ms are left of the hundred
      return runningLoop().time();
    });
    expect(waited).toBe(60);
  });

  test("may be used by tasks of two loops at once: none is thought deadlocked", async () => {
    const api = limiter(1, 5, { name: "shared" });
    const use = function* () {
      for (let n = 0; n < 3; n++) yield* api.acquire();
    };
    await Promise.all([run(use), EventLoop.run(use), EventLoop.run(use)]);
    expect(api.statistics.waiting).toBe(0);
  });

  test("S7: in a select it takes permits only where it is what is selected", async () => {
    await runVirtual(function* () {
      const api = limiter(1, 100);
      const none = yield* select({ early: sleep(0), permit: api.acquire() }, { order: "listed" });
      expect(none.key).toBe("permit"); // it is there
      const early = yield* select({ early: sleep(50), permit: api.acquire() });
      expect([early.key, api.statistics]).toEqual(["early", { available: 0, waiting: 0 }]);
      const other = limiter(1, 1000);
      yield* other.acquire();
      const both = yield* select([api.acquire(), other.acquire(), api.acquire()]);
      expect([both.index, runningLoop().time()]).toEqual([expect.any(Number), 100]);
      yield* sleep(1000);
      expect([api.statistics, other.statistics]).toEqual(Array(2).fill({ available: 1, waiting: 0 }));
    });
  });

  test("its label says what is waited for", async () => {
    await runVirtual(function* () {
      const api = limiter(2, 100, { name: "api" });
      yield* api.acquire(2);
      const [one, two] = [createTask(() => api.acquire()), createTask(() => api.acquire(2))];
      yield* sleep(1);
      expect(one.waitingFor).toBe('a permit of rate limiter "api"');
      expect(two.waitingFor).toBe('2 permits of rate limiter "api"');
    });
  });
});

test("statistics tell how many permits are there, before any clock was looked at, too", async () => {
  const bucket = new RateLimiter(10, 1000);
  expect(bucket.statistics).toEqual({ available: 10, waiting: 0 });
  await runVirtual(function* () {
    yield* bucket.acquire(10);
    expect(bucket.statistics.available).toBe(0);
    yield* sleep(99);
    expect(bucket.statistics.available).toBe(0);
    yield* sleep(1);
    expect(bucket.statistics.available).toBe(1);
    yield* sleep(5000);
    expect(bucket.statistics.available).toBe(10);
  });
});

test("what is no limit is refused", async () => {
  expect(() => new RateLimiter(0, 1000)).toThrow(
    "Cannot limit a rate to 0 permits: give a whole number from 1.",
  );
  expect(() => new RateLimiter(1.5, 1000)).toThrow(RangeError);
  expect(() => new RateLimiter(NaN, 1000)).toThrow(RangeError);
  expect(() => new RateLimiter(1, 0)).toThrow(
    "Cannot limit a rate per 0 ms: give a finite number greater than 0.",
  );
  expect(() => new RateLimiter(1, -1)).toThrow("Cannot limit a rate per -1 ms");
  expect(() => new RateLimiter(1, 1, { burst: 0 })).toThrow("Cannot let through in a burst 0 permits");
  expect(() => new RateLimiter(1, 1, { algorithm: "slidingWindow", burst: 2 })).toThrow(
    "Cannot let a burst of 2 through a sliding window of 1: that is the number of permits itself. Leave out `burst`.",
  );
  expect(() => new RateLimiter(1, 1, { algorithm: "leaky" as never })).toThrow(
    'Cannot limit a rate by "leaky": `algorithm` is "tokenBucket" or "slidingWindow".',
  );
  const api = new RateLimiter(2, 1000, { name: "api" });
  expect(() => api.acquire(3)).toThrow(
    'Cannot acquire 3 permits of rate limiter "api": there are never more than 2 at once. Acquire them in parts, or allow more.',
  );
  expect(() => api.tryAcquire(0)).toThrow("Cannot acquire 0 permits: give a whole number from 1.");
});
