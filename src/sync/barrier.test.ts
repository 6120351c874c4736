import { describe, expect, test } from "vitest";
import {
  Barrier,
  BrokenBarrierError,
  createTask,
  DeadlockError,
  moveOnAfter,
  select,
  sleep,
  taskGroup,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript, waitAllParked } from "../testing/index.ts";
import { everyOrder } from "../../tests/support/explored.ts";
import { cancelAMillion, thrownBy } from "../../tests/support/waiters.ts";

describe("a barrier", () => {
  test("has all wait for the last one, and tells each its place, round after round", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const barrier = new Barrier(3);
      yield* taskGroup(function* (group) {
        for (const ms of [20, 5, 10]) {
          group.createTask(function* () {
            for (let round = 0; round < 2; round++) {
              yield* sleep(ms);
              const place = yield* barrier.wait();
              log(`${ms} was number ${place}`);
            }
          });
        }
      });
      expect(barrier.statistics).toEqual({ parties: 3, waiting: 0, broken: false });
    });
    expect(log.lines.toSorted()).toEqual(
      [20, 40].flatMap((at) => [`${at} 10 was number 1`, `${at} 20 was number 2`, `${at} 5 was number 0`]),
    );
  });

  test("of one lets everybody pass", async () => {
    await runVirtual(function* () {
      expect(yield* new Barrier(1).wait()).toBe(0);
    });
  });

  test("is broken when one that waits is cancelled, until it is reset", async () => {
    await runVirtual(function* () {
      const barrier = new Barrier(3, { name: "start" });
      const one = createTask(() => thrownBy(() => barrier.wait()));
      const two = createTask(() => barrier.wait(), { name: "two" });
      yield* waitAllParked();
      expect(one.waitingFor).toBe('barrier "start", 2 of 3 there');
      yield* two.cancel();
      const text =
        'BrokenBarrierError: Cannot wait at barrier "start": two was cancelled while it waited. Call `reset()` for a ' +
        "new round.";
      expect(yield* one).toBe(text);
      expect(barrier.statistics).toEqual({ parties: 3, waiting: 0, broken: true });
      expect(yield* thrownBy(() => barrier.wait())).toBe(text);
      barrier.reset();
      const tasks = [1, 2, 3].map(() => createTask(() => barrier.wait()));
      expect([yield* tasks[0]!, yield* tasks[1]!, yield* tasks[2]!]).toEqual([0, 1, 2]);
    });
  });

  test("can be aborted, and reset while others wait", async () => {
    await runVirtual(
      function* () {
        const barrier = new Barrier(2);
        const one = createTask(() => thrownBy(() => barrier.wait()));
        yield* waitAllParked();
        barrier.reset();
        expect(barrier.broken).toBe(false);
        expect(yield* one).toMatch(/Cannot wait at a barrier: it was reset by main while others waited/);
        const two = createTask(() => thrownBy(() => barrier.wait()));
        yield* waitAllParked();
        barrier.abort();
        expect(barrier.broken).toBe(true);
        expect(yield* two).toMatch(/it was aborted by main\./);
        expect(yield* thrownBy(() => barrier.wait())).toMatch(/it was aborted/);
      },
      { name: "main" },
    );
  });

  test.each([0, -1, 1.5, Number.NaN, Infinity])("refuses %s parties", (parties) => {
    expect(() => new Barrier(parties)).toThrow(RangeError);
  });

  test("S23: is a deadlock where the others never come", async () => {
    await expect(runVirtual(() => new Barrier(2).wait())).rejects.toThrow(DeadlockError);
  });

  test("can be selected; who goes away breaks it", async () => {
    await runVirtual(function* () {
      const barrier = new Barrier(2);
      const other = createTask(() => barrier.wait());
      yield* waitAllParked();
      expect((yield* select([barrier.wait(), sleep(5)])).value).toBe(1);
      yield* other;
      yield* select([barrier.wait(), sleep(5)]);
      expect(barrier.broken).toBe(true);
    });
  });
});

describe("S7: a barrier and a cancellation", () => {
  test.each(["cancelled, then the last one comes", "the last one comes, then cancelled"])(
    "%s in one turn",
    async (order) => {
      const log: string[] = [];
      await runVirtual(function* () {
        const barrier = new Barrier(2);
        const first = createTask(function* () {
          log.push(`first ${yield* barrier.wait()}`);
          yield;
          log.push("first goes on");
        });
        yield* waitAllParked();
        if (order.startsWith("cancelled")) {
          void first.cancel();
          expect(yield* thrownBy(() => barrier.wait())).toMatch(/was cancelled while it waited/);
          expect(barrier.broken).toBe(true);
        } else {
          expect(yield* barrier.wait()).toBe(1);
          void first.cancel();
          yield* waitAllParked();
          expect(barrier.broken).toBe(false);
        }
        yield* first.cancel();
      });
      expect(log).toEqual(order.startsWith("cancelled") ? [] : ["first 0"]);
    },
  );

  test("one that was cancelled before a reset does not break the new round", async () => {
    await runVirtual(function* () {
      const barrier = new Barrier(2);
      const first = createTask(() => barrier.wait());
      yield* waitAllParked();
      void first.cancel();
      barrier.reset();
      const others = [1, 2].map(() => createTask(() => barrier.wait()));
      for (const other of others) yield* other;
      expect(barrier.broken).toBe(false);
    });
  });

  test("S5: a task that is being cancelled does not count as there", async () => {
    await runVirtual(function* () {
      const barrier = new Barrier(1);
      let passed = false;
      yield* moveOnAfter(0, function* () {
        yield* barrier.wait();
        passed = true;
      });
      expect([passed, barrier.broken]).toEqual([false, false]);
    });
  });

  test("a million waiters that were cancelled leave nothing", { timeout: 60_000 }, async () => {
    await runVirtual(function* () {
      const barrier = new Barrier(2_000_000);
      yield* cancelAMillion(function* () {
        if (barrier.broken) barrier.reset();
        yield* barrier.wait();
      });
      expect(barrier.statistics.waiting).toBe(0);
    });
  });

  test("either all pass, or nobody does, in any order", { timeout: 60_000 }, async () => {
    await everyOrder(function* () {
      const barrier = new Barrier(3);
      const ends: string[] = [];
      const party = function* (): Awaitable<void> {
        try {
          yield* barrier.wait();
          ends.push("passed");
        } catch (error) {
          if (!(error instanceof BrokenBarrierError)) throw error;
          ends.push("broken");
        }
      };
      yield* taskGroup(function* (group) {
        const victim = group.createTask(party);
        group.createTask(party);
        group.createTask(party);
        group.createTask(function* () {
          yield;
          void victim.cancel();
          yield* waitAllParked();
          barrier.abort();
        });
      });
      expect(new Set(ends).size).toBe(1);
      expect(barrier.statistics.waiting).toBe(0);
    });
  });
});
