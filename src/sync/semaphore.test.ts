import { describe, expect, test } from "vitest";
import {
  createTask,
  DeadlockError,
  EventLoop,
  moveOnAfter,
  run,
  runSync,
  select,
  Semaphore,
  sleep,
  sleepForever,
  taskGroup,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript, waitAllParked } from "../testing/index.ts";
import { everyOrder } from "../../tests/support/explored.ts";
import { passesOverTheCancelled } from "../../tests/support/passed-over.ts";
import { thrownBy } from "../../tests/support/waiters.ts";

const hold = (semaphore: Semaphore, ms: number, permits = 1): Awaitable<void> =>
  semaphore.with(permits, () => sleep(ms));

describe("a semaphore", () => {
  test("lets so many in at a time, S22: in the order in which they came", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const semaphore = new Semaphore(2);
      yield* taskGroup(function* (group) {
        for (const name of ["a", "b", "c", "d", "e"]) {
          group.createTask(() =>
            semaphore.with(function* () {
              log(name);
              yield* sleep(5);
            }),
          );
        }
      });
      expect(semaphore.available).toBe(2);
    });
    expect(log.lines).toEqual(["0 a", "0 b", "5 c", "5 d", "10 e"]);
  });

  test("S22: who wants many is not starved by those who want few", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const semaphore = new Semaphore(3);
      const work = function* (name: string, permits: number): Awaitable<void> {
        using _guard = yield* semaphore.acquire(permits);
        log(`${name} has ${permits}`);
        yield* sleep(10);
      };
      yield* taskGroup(function* (group) {
        group.createTask(() => work("a", 1));
        group.createTask(() => work("big", 3));
        for (const name of ["b", "c"]) group.createTask(() => work(name, 1));
        yield* waitAllParked();
        expect(semaphore.available).toBe(2);
        expect(semaphore.tryAcquire()).toBeUndefined(); // there are two, but somebody waits
        expect(semaphore.statistics).toEqual({ available: 2, max: 3, waiting: 3 });
      });
    });
    expect(log.lines).toEqual(["0 a has 1", "10 big has 3", "20 b has 1", "20 c has 1"]);
  });

  test("gives all that is there to those who wait, at once", async () => {
    await runVirtual(function* () {
      const semaphore = new Semaphore(4);
      const all = yield* semaphore.acquire(4);
      const tasks = [1, 2, 1].map((permits) => createTask(() => hold(semaphore, 5, permits)));
      yield* waitAllParked();
      all.release();
      all.release();
      expect(semaphore.statistics).toEqual({ available: 0, max: 4, waiting: 0 });
      for (const task of tasks) yield* task;
      expect(semaphore.available).toBe(4);
    });
  });

  test("is taken by tryAcquire, and released by hand, by anybody", async () => {
    const semaphore = new Semaphore(2);
    expect(semaphore.tryAcquire(2)?.permits).toBe(2); // also outside every task
    expect(semaphore.tryAcquire()).toBeUndefined();
    setTimeout(() => semaphore.release(2), 5);
    await run(() => semaphore.acquire());
    expect(semaphore.available).toBe(1);
  });

  test("counts up, where it has room", async () => {
    const got: string[] = [];
    await runVirtual(function* () {
      const items = new Semaphore(0, { max: Infinity });
      const places = new Semaphore(2);
      yield* taskGroup(function* (group) {
        group.createTask(function* () {
          for (let n = 0; n < 5; n++) {
            yield* places.acquire();
            got.push(`+${n}`);
            items.release();
          }
        });
        group.createTask(function* () {
          for (let n = 0; n < 5; n++) {
            yield* items.acquire();
            got.push(`-${n}`);
            places.release();
          }
        });
      });
      expect([items.available, places.available]).toEqual([0, 2]);
    });
    expect(got.length).toBe(10);
  });

  test("is free for others as soon as who waited for more is cancelled, S7", async () => {
    await runVirtual(function* () {
      const semaphore = new Semaphore(3);
      yield* semaphore.acquire();
      const big = createTask(() => semaphore.acquire(3));
      yield* waitAllParked();
      expect(semaphore.tryAcquire()).toBeUndefined();
      const ended = big.cancel();
      expect(semaphore.tryAcquire()?.permits).toBe(1);
      yield* semaphore.acquire(); // no turn later
      expect(big.state).not.toBe("done");
      yield* ended;
      expect(semaphore.statistics).toEqual({ available: 0, max: 3, waiting: 0 });
    });
  });

  test("lets those in who waited behind one that was cancelled, before others, S22", async () => {
    await runVirtual(function* () {
      const semaphore = new Semaphore(2);
      yield* semaphore.acquire();
      const [big, small] = [2, 1].map((permits) => createTask(() => semaphore.acquire(permits)));
      yield* waitAllParked();
      void big!.cancel();
      expect(semaphore.tryAcquire()).toBeUndefined();
      expect((yield* small!).permits).toBe(1);
    });
  });

  test("is released whatever happens", async () => {
    await runVirtual(function* () {
      const semaphore = new Semaphore(2);
      yield* moveOnAfter(5, () => hold(semaphore, 10, 2));
      const failing = (): Awaitable<void> =>
        semaphore.with(() => {
          throw new Error("failed");
        });
      expect(yield* thrownBy(failing)).toBe("Error: failed");
      yield* moveOnAfter(5, function* () {
        using _guard = yield* semaphore.acquire();
        yield* sleepForever();
      });
      expect(semaphore.available).toBe(2);
    });
  });

  test("can be selected", async () => {
    await runVirtual(function* () {
      const semaphore = new Semaphore(1);
      const guard = yield* semaphore.acquire();
      expect((yield* select([semaphore.acquire(), sleep(3)])).index).toBe(1);
      expect(semaphore.statistics.waiting).toBe(0);
      guard.release();
      expect((yield* select([semaphore.acquire(), sleep(3)])).index).toBe(0);
      expect(semaphore.available).toBe(0);
    });
  });

  test("says what is waited for", async () => {
    await runVirtual(function* () {
      const semaphore = new Semaphore(3, { name: "db" });
      const guard = yield* semaphore.acquire(2);
      const task = createTask(() => hold(semaphore, 0, 2));
      yield* waitAllParked();
      expect(task.waitingFor).toBe('2 permits of semaphore "db", 1 of 3 free');
      guard.release();
      yield* task;
    });
  });
});

describe("a semaphore refuses", () => {
  test.each([-1, 1.5, Number.NaN, Infinity, "2" as never])("%s permits", (permits) => {
    expect(() => new Semaphore(permits)).toThrow(RangeError);
    expect(() => new Semaphore(3).acquire(permits)).toThrow(RangeError);
    expect(() => new Semaphore(3).tryAcquire(permits)).toThrow(RangeError);
    expect(() => new Semaphore(3).release(permits)).toThrow(RangeError);
    expect(() => new Semaphore(3).with(permits, () => sleep(1))).toThrow(RangeError);
  });

  test("a bound below what there is, or that is no number", () => {
    expect(() => new Semaphore(3, { max: 2 })).toThrow(/Cannot make a semaphore of 3 permits, at most 2/);
    expect(() => new Semaphore(3, { max: Number.NaN })).toThrow(RangeError);
    expect(() => new Semaphore(3, { max: 3.5 })).toThrow(RangeError);
  });

  test("to be asked for more than there can be", () => {
    expect(() => new Semaphore(3, { name: "db" }).acquire(4)).toThrow(
      'Cannot acquire 4 permits of semaphore "db": it never has more than 3.',
    );
    expect(() => new Semaphore(3).acquire(0)).toThrow(/Cannot acquire 0 permits .* 1 or more/);
  });

  test("to be released more often than it was acquired", async () => {
    await runVirtual(function* () {
      const semaphore = new Semaphore(2, { name: "db" });
      expect(() => semaphore.release()).toThrow(
        'Cannot release 1 permit of semaphore "db": 0 of 2 are taken. Release once what was acquired once; where it ' +
          "counts up, give it room, as in `new Semaphore(0, { max: Infinity })`.",
      );
      yield* semaphore.with(function* () {
        yield;
        expect(() => semaphore.release()).toThrow(/and 1 by `with`, which releases them itself/);
      });
      const guard = yield* semaphore.acquire();
      semaphore.release();
      expect(() => guard.release()).toThrow(/0 of 2 are taken/);
      expect(semaphore.available).toBe(2);
    });
  });

  test("a body that is none", () => {
    expect(() => new Semaphore(1).with(undefined as never)).toThrow(/Cannot run undefined as a body/);
  });

  test("S23: to be waited for in a circle of those who hold all of it by `with`", async () => {
    const error: unknown = await runVirtual(function* () {
      const [a, b] = [new Semaphore(1, { name: "a" }), new Semaphore(2, { name: "b" })];
      yield* taskGroup(function* (group) {
        group.createTask(() =>
          a.with(function* () {
            yield* sleep(1);
            yield* b.with(2, () => sleep(1));
          }),
        );
        group.createTask(() => b.with(() => a.with(() => sleep(1))));
        group.createTask(() => sleep(1000));
      });
    }).then(
      () => "nothing",
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(DeadlockError);
    expect(String(error)).toMatch(/2 permits of semaphore "b", 1 of 2 free/);
  });

  test("S23: to be waited for when nothing is left that could release it", async () => {
    const program = function* (): Awaitable<void> {
      const semaphore = new Semaphore(1);
      yield* semaphore.acquire();
      yield* semaphore.acquire();
    };
    await expect(runVirtual(program)).rejects.toThrow(DeadlockError);
    expect(() => runSync(program)).toThrow();
  });
});

passesOverTheCancelled("a semaphore", () => new Semaphore(1), { available: 1, max: 1, waiting: 0 });

test("S7: who waits behind one that was cancelled gets what it stood in the way of", async () => {
  await runVirtual(function* () {
    const semaphore = new Semaphore(3);
    const guard = yield* semaphore.acquire(1);
    const big = createTask(() => hold(semaphore, 5, 3));
    const small = createTask(() => hold(semaphore, 5));
    yield* waitAllParked();
    expect(semaphore.statistics.waiting).toBe(2);
    yield* big.cancel();
    expect(semaphore.statistics).toEqual({ available: 1, max: 3, waiting: 0 });
    yield* small;
    guard.release();
  });
});

test("a semaphore between two loops is no deadlock", async () => {
  const semaphore = new Semaphore(1);
  let gave!: () => void;
  const given = new Promise<void>((resolve) => (gave = resolve));
  const first = run(() =>
    semaphore.with(function* () {
      gave();
      yield* sleep(20);
    }),
  );
  await given;
  await new EventLoop().runUntilComplete(() => hold(semaphore, 1));
  await first;
  expect(semaphore.available).toBe(1);
});

test("who waits behind somebody that acquires by hand may be let in by the host, which is no deadlock", async () => {
  const semaphore = new Semaphore(1);
  await run(() =>
    taskGroup(function* (group) {
      group.createTask(() => hold(semaphore, 1));
      group.createTask(function* () {
        yield* semaphore.acquire();
        setTimeout(() => semaphore.release(), 5);
      });
      group.createTask(() => hold(semaphore, 0));
    }),
  );
  expect(semaphore.available).toBe(1);
});

test("a hand-over that races a cancellation loses nothing, in any order", { timeout: 60_000 }, async () => {
  await everyOrder(function* () {
    const semaphore = new Semaphore(2);
    yield* taskGroup(function* (group) {
      group.createTask(() => semaphore.with(sleepless));
      const victim = group.createTask(() => semaphore.with(2, sleepless));
      group.createTask(() => semaphore.with(sleepless));
      group.createTask(function* () {
        yield;
        void victim.cancel();
      });
    });
    expect(semaphore.statistics).toEqual({ available: 2, max: 2, waiting: 0 });
  });
});

function* sleepless(): Awaitable<void> {
  yield;
}
