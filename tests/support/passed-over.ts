/** S7, of whatever one task has at a time: tests that are the same for a lock, a semaphore and a limiter. */
import { describe, expect, test } from "vitest";
import { createTask, moveOnAfter, type Awaitable } from "../../src/index.ts";
import { runVirtual, waitAllParked } from "../../src/testing/index.ts";
import { cancelAMillion } from "./waiters.ts";

interface HadByOne {
  acquire(): Awaitable<Disposable & { release(): void }>;
  readonly statistics: object;
}

/** `free`: its statistics while nobody has it, and nobody waits. */
export function passesOverTheCancelled(what: string, make: () => HadByOne, free: object): void {
  describe(`S7: ${what} passes over a waiter that was cancelled`, () => {
    test.each(["cancelled, then released", "released, then cancelled"])("%s in one turn", async (order) => {
      const log: string[] = [];
      await runVirtual(function* () {
        const one = make();
        const guard = yield* one.acquire();
        const first = createTask(function* () {
          using _guard = yield* one.acquire();
          log.push("first");
          yield;
          log.push("first goes on");
        });
        const second = createTask(function* () {
          using _guard = yield* one.acquire();
          log.push("second");
        });
        yield* waitAllParked();
        if (order === "cancelled, then released") {
          void first.cancel();
          guard.release();
        } else {
          guard.release();
          void first.cancel();
        }
        yield* second;
        expect(one.statistics).toEqual(free);
      });
      expect(log).toEqual(order === "cancelled, then released" ? ["second"] : ["first", "second"]);
    });

    test("S5: nothing is taken by a task that is being cancelled", async () => {
      await runVirtual(function* () {
        const one = make();
        yield* moveOnAfter(0, () => one.acquire());
        expect(one.statistics).toEqual(free);
      });
    });

    test("a million waiters that were cancelled leave nothing", { timeout: 60_000 }, async () => {
      await runVirtual(function* () {
        const one = make();
        const guard = yield* one.acquire();
        const held = one.statistics;
        let waited = 0;
        yield* cancelAMillion(function* () {
          waited++;
          yield* one.acquire();
        });
        expect(waited).toBe(1_000_000);
        expect(one.statistics).toEqual(held);
        guard.release();
        expect(one.statistics).toEqual(free);
      });
    });
  });
}
