import { describe, expect, test } from "vitest";
import { CapacityLimiter, createTask, run, select, sleep, taskGroup, type Awaitable } from "../index.ts";
import { runVirtual, transcript, waitAllParked } from "../testing/index.ts";
import { everyOrder } from "../../tests/support/explored.ts";
import { passesOverTheCancelled } from "../../tests/support/passed-over.ts";
import { thrownBy } from "../../tests/support/waiters.ts";

const hold = (limiter: CapacityLimiter, ms: number): Awaitable<void> => limiter.with(() => sleep(ms));

describe("a capacity limiter", () => {
  test("gives a token to each task, S22: in the order in which they came", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const limiter = new CapacityLimiter(2);
      yield* taskGroup(function* (group) {
        for (const name of ["a", "b", "c", "d"]) {
          group.createTask(() =>
            limiter.with(function* () {
              log(name);
              yield* sleep(5);
            }),
          );
        }
      });
      expect([limiter.borrowed, limiter.available]).toEqual([0, 2]);
    });
    expect(log.lines).toEqual(["0 a", "0 b", "5 c", "5 d"]);
  });

  test("lets in who waits when its total is raised", async () => {
    await runVirtual(function* () {
      const limiter = new CapacityLimiter(0);
      const tasks = [1, 2, 3].map(() => createTask(() => hold(limiter, 5)));
      yield* waitAllParked();
      expect(limiter.borrowed).toBe(0);
      limiter.total = 2;
      expect(limiter.statistics).toMatchObject({ total: 2, borrowed: 2, waiting: 1 });
      limiter.total = Infinity;
      expect(limiter.statistics).toMatchObject({ borrowed: 3, waiting: 0 });
      for (const task of tasks) yield* task;
    });
  });

  test("lets nobody in until enough have gone when its total is lowered", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const limiter = new CapacityLimiter(3);
      yield* taskGroup(function* (group) {
        for (const ms of [5, 10, 15]) group.createTask(() => hold(limiter, ms));
        yield;
        limiter.total = 1;
        expect([limiter.borrowed, limiter.available]).toEqual([3, 0]);
        expect(limiter.tryAcquire()).toBeUndefined();
        using _guard = yield* limiter.acquire();
        log("has one");
      });
    });
    expect(log.lines).toEqual(["15 has one"]);
  });

  test("lends to whatever is named as the borrower, from wherever it is called", async () => {
    const limiter = new CapacityLimiter(2, { name: "disk" });
    const guard = limiter.tryAcquire("a");
    await run(function* () {
      yield* limiter.acquire("b");
      yield* thrownBy(() => limiter.acquire("b"));
      expect(limiter.statistics.borrowers).toEqual(['"a"', '"b"']);
      const waiting = createTask(function* () {
        using _guard = yield* limiter.acquire();
        expect(limiter.statistics.borrowers[1]).toMatch(/^task#/);
      });
      yield* waitAllParked();
      expect(waiting.waitingFor).toBe('capacity limiter "disk", 2 of 2 borrowed');
      limiter.release("a");
      guard!.release(); // was done
      yield* waiting;
    });
    limiter.release("b");
    expect(limiter.borrowed).toBe(0);
  });

  test("may be given more by a callback of the host, in a run that waits for nothing else", async () => {
    const limiter = new CapacityLimiter(0);
    setTimeout(() => (limiter.total = 1), 5);
    await run(() => hold(limiter, 0));
  });

  test("can be selected", async () => {
    await runVirtual(function* () {
      const limiter = new CapacityLimiter(0);
      expect((yield* select([limiter.acquire(), sleep(3)])).index).toBe(1);
      expect(limiter.statistics.waiting).toBe(0);
      limiter.total = 1;
      const { index } = yield* select([limiter.acquire(), sleep(3)]);
      expect(index).toBe(0);
      limiter.release();
    });
  });
});

describe("a capacity limiter refuses", () => {
  test.each([-1, 1.5, Number.NaN, "2" as never])("a total of %s", (total) => {
    expect(() => new CapacityLimiter(total)).toThrow(RangeError);
    const limiter = new CapacityLimiter(1, { name: "disk" });
    expect(() => (limiter.total = total)).toThrow(/Cannot give capacity limiter "disk" a total of/);
    expect(limiter.total).toBe(1);
  });

  test("a second token for the same borrower", async () => {
    await runVirtual(
      function* () {
        const limiter = new CapacityLimiter(2, { name: "disk" });
        yield* limiter.with(function* () {
          expect(yield* thrownBy(() => limiter.acquire())).toBe(
            'InvalidStateError: Cannot acquire capacity limiter "disk": main has a token of it already, and each ' +
              "borrower has one. Name another borrower, or use a `Semaphore`.",
          );
          expect(() => limiter.tryAcquire()).toThrow(/has a token/);
          yield* limiter.acquire("another");
          const [one, two] = [1, 2].map(() => createTask(() => thrownBy(() => limiter.acquire("x"))));
          yield* waitAllParked();
          limiter.total = 4;
          expect(yield* one!).toBe("nothing");
          expect(yield* two!).toMatch(/"x" has a token/);
        });
      },
      { name: "main" },
    );
  });

  test("to be released by who has none, and to be used by nobody", async () => {
    const limiter = new CapacityLimiter(1, { name: "disk" });
    expect(() => limiter.release()).toThrow(
      /Cannot release capacity limiter "disk": no task is running here/,
    );
    expect(() => limiter.tryAcquire()).toThrow(/Name one, `limiter.acquire\(borrower\)`/);
    expect(() => limiter.release("a")).toThrow(/"a" has no token of it/);
    expect(() => limiter.with(null as never)).toThrow(/Cannot run null as a body/);
  });
});

passesOverTheCancelled("a capacity limiter", () => new CapacityLimiter(1), {
  total: 1,
  borrowed: 0,
  waiting: 0,
  borrowers: [],
});

test(
  "S7: a capacity limiter loses nothing in any order, with a total that changes",
  { timeout: 60_000 },
  async () => {
    await everyOrder(function* () {
      const limiter = new CapacityLimiter(1);
      const work = (): Awaitable<void> =>
        limiter.with(function* () {
          expect(limiter.borrowed).toBeLessThanOrEqual(2);
          yield;
        });
      yield* taskGroup(function* (group) {
        const victim = group.createTask(work);
        group.createTask(work);
        group.createTask(function* () {
          limiter.total = 2;
          yield;
          void victim.cancel();
          limiter.total = 1;
        });
      });
      expect(limiter.statistics).toEqual({ total: 1, borrowed: 0, waiting: 0, borrowers: [] });
    });
  },
);
