/** Rate limiters, shared runs and retries in every order of small programs, in many of bigger ones, and cancelled everywhere. */
import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  moveOnAfter,
  RateLimiter,
  retry,
  runningLoop,
  Schedule,
  shield,
  singleFlight,
  sleep,
  taskGroup,
  type Awaitable,
} from "../../src/index.ts";
import { cancelEverywhere } from "../../src/testing/index.ts";
import { everyOrder, finished, randomSchedules, sideBySide } from "../support/explored.ts";

const LIMIT = 2;
const PER = 10;

/** What was let through, and when; checked against the two promises by hand. */
class Passages {
  readonly #at: number[] = [];

  note(permits: number): void {
    for (let n = 0; n < permits; n++) this.#at.push(runningLoop().time());
  }

  get count(): number {
    return this.#at.length;
  }

  /** When each has passed, in order. */
  get times(): number[] {
    return this.#at.toSorted((a, b) => a - b);
  }

  /** No more than the limit in any window; of a bucket, so many more as come back in it. */
  check(algorithm: "tokenBucket" | "slidingWindow"): void {
    const at = this.times;
    for (let i = 0; i < at.length; i++) {
      for (let j = i + LIMIT; j < at.length; j++) {
        const least =
          algorithm === "slidingWindow"
            ? Math.floor((j - i) / LIMIT) * PER
            : (j - i + 1 - LIMIT) * (PER / LIMIT);
        if (at[j]! - at[i]! < least)
          throw new Error(`${j - i + 1} have passed within ${at[j]! - at[i]!} ms: ${at.join()}`);
      }
    }
  }
}

/** When so many pass who all come at once, and never cease to ask. */
function greedy(algorithm: "tokenBucket" | "slidingWindow", count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    algorithm === "slidingWindow" ? Math.floor(i / LIMIT) * PER : Math.max(0, i - LIMIT + 1) * (PER / LIMIT),
  );
}

describe.each(["tokenBucket", "slidingWindow"] as const)("a rate limiter by %s", (algorithm) => {
  const make = () => new RateLimiter(LIMIT, PER, { algorithm });

  test("every order of three tasks of three operations, one of which is cancelled", async () => {
    await everyOrder(function* () {
      const limiter = make();
      const passages = new Passages();
      const work = function* (): Awaitable<void> {
        for (let n = 0; n < 2; n++) {
          yield;
          yield* limiter.acquire();
          passages.note(1);
        }
        if (limiter.tryAcquire()) passages.note(1);
      };
      yield* taskGroup(function* (group) {
        const victim = group.createTask(work);
        group.createTask(work);
        group.createTask(function* () {
          yield* limiter.acquire();
          passages.note(1);
          yield;
          void victim.cancel();
          yield* limiter.acquire();
          passages.note(1);
        });
      });
      expect(passages.times).toEqual(greedy(algorithm, passages.count));
      expect(limiter.statistics.waiting).toBe(0);
    });
  });

  test("in many orders of random programs no more pass than may, and whoever waits is served in the end", async () => {
    await randomSchedules(function* (draw) {
      const limiter = make();
      const passages = new Passages();
      const work = function* (): Awaitable<void> {
        for (let n = 0; n < 4; n++) {
          const permits = 1 + draw(LIMIT);
          switch (draw(4)) {
            case 0:
              yield* sleep(draw(PER));
              break;
            case 1:
              if (limiter.tryAcquire(permits)) passages.note(permits);
              break;
            case 2:
              yield* moveOnAfter(draw(2 * PER), function* () {
                yield* limiter.acquire(permits);
                passages.note(permits);
              });
              break;
            default:
              yield* limiter.acquire(permits);
              passages.note(permits);
          }
        }
      };
      const tasks = [0, 1, 2, 3].map(() => createTask(work));
      for (let step = draw(6); step > 0; step--) yield;
      void tasks[draw(8)]?.cancel();
      yield* sleep(draw(3 * PER));
      void tasks[draw(8)]?.cancel();
      yield* finished(tasks);
      passages.check(algorithm);
      yield* sleep(LIMIT * PER);
      expect(limiter.statistics).toEqual({ available: LIMIT, waiting: 0 });
    });
  });

  test("cancelled everywhere it takes no permit that nobody gets", async () => {
    let limiter = make();
    await cancelEverywhere(
      function* () {
        limiter = make();
        const body = function* (): Awaitable<void> {
          yield* limiter.acquire();
          yield* limiter.acquire(2);
        };
        yield* cancelScope(sideBySide(body, body, () => moveOnAfter(7, body)));
      },
      {
        schedules: 8,
        check() {
          expect(limiter.statistics.waiting).toBe(0);
        },
      },
    );
  });
});

describe("a shared run", () => {
  /** A function whose runs are counted, and never overlap for one key. */
  function shared() {
    const counts = { begun: 0, ended: 0, under: 0 };
    const load = singleFlight(
      coroutine(function* load(key: number): Awaitable<number> {
        counts.begun++;
        if (++counts.under > 1) throw new Error("Two runs are under way.");
        try {
          yield;
          return key;
        } finally {
          yield* shield(function* () {
            yield;
            counts.under--;
            counts.ended++;
          });
        }
      }),
    );
    return { load, counts };
  }

  test("every order of three tasks, one of which is cancelled: there is one at a time, and each that begins ends", async () => {
    await everyOrder(function* () {
      const { load, counts } = shared();
      const tasks = [createTask(() => load(1)), createTask(() => load(1))];
      createTask(function* () {
        void tasks[0]!.cancel();
      });
      yield* finished(tasks);
      expect(yield* tasks[1]!).toBe(1);
      expect(counts.under).toBe(0);
      expect(counts.begun).toBe(counts.ended);
    });
  });

  test("in many orders of random programs whoever is not cancelled has the result", async () => {
    await randomSchedules(function* (draw) {
      const { load, counts } = shared();
      const tasks = [0, 1, 2, 3].map(() =>
        createTask(function* () {
          for (let n = draw(4); n > 0; n--) yield;
          expect(yield* load(1)).toBe(1);
        }),
      );
      for (let n = 0; n < 3; n++) {
        for (let step = draw(4); step > 0; step--) yield;
        void tasks[draw(8)]?.cancel();
      }
      yield* finished(tasks);
      expect(counts.under).toBe(0);
      expect(counts.begun).toBe(counts.ended);
    });
  });
});

test("retries that are cancelled everywhere close what they have opened", async () => {
  let open = 0;
  await cancelEverywhere(
    function* () {
      open = 0;
      let tries = 0;
      const attempt = function* (): Awaitable<void> {
        open++;
        try {
          yield;
          if (tries++ < 2) throw new Error("failed");
        } finally {
          yield* shield(() => sleep(1));
          open--;
        }
      };
      yield* cancelScope(() => retry(attempt, Schedule.exponential(1).jittered()));
    },
    {
      schedules: 8,
      check: () => expect(open).toBe(0),
      allowError: (error) => (error as Error).message === "failed",
    },
  );
});
