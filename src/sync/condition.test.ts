import { describe, expect, test } from "vitest";
import {
  cancelScope,
  Condition,
  createTask,
  currentTask,
  DeadlockError,
  Lock,
  moveOnAfter,
  sleep,
  taskGroup,
  timeout,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript, waitAllParked } from "../testing/index.ts";
import { everyOrder } from "../../tests/support/explored.ts";
import { cancelMany, thrownBy } from "../../tests/support/waiters.ts";

const holdsLock = (condition: Condition): boolean => condition.lock.statistics.owner === currentTask()!.name;

describe("a condition", () => {
  test("has one wait without the lock until another notifies, in the order in which they came", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const condition = new Condition();
      const waiter = (name: string) =>
        condition.with(function* () {
          yield* condition.wait();
          expect(holdsLock(condition)).toBe(true);
          log(name);
          yield* sleep(1);
        });
      const tasks = ["a", "b", "c"].map((name) => createTask(() => waiter(name)));
      for (const count of [0, 1, 5]) {
        yield* sleep(10);
        yield* condition.with(function* () {
          condition.notify(count);
          log(`notifies ${count}`);
        });
      }
      for (const task of tasks) yield* task;
      expect(condition.lock.locked).toBe(false);
    });
    expect(log.lines).toEqual(["10 notifies 0", "20 notifies 1", "20 a", "30 notifies 5", "30 b", "31 c"]);
  });

  test("wakes all with notifyAll, and keeps nothing for whoever comes later", async () => {
    await runVirtual(function* () {
      const condition = new Condition();
      const tasks = [1, 2, 3].map(() => createTask(() => condition.with(() => condition.wait())));
      yield* waitAllParked();
      expect(condition.statistics).toEqual({ waiting: 3 });
      yield* condition.with(function* () {
        condition.notifyAll();
      });
      for (const task of tasks) yield* task;
      const { expired } = yield* moveOnAfter(5, () => condition.with(() => condition.wait()));
      expect(expired).toBe(true);
    });
  });

  test("waits for a predicate, and gives its value", async () => {
    await runVirtual(function* () {
      const condition = new Condition();
      const items: string[] = [];
      const taker = createTask(() => condition.with(() => condition.waitFor(() => items.shift())));
      yield* waitAllParked();
      for (const item of [undefined, "apple"]) {
        yield* condition.with(function* () {
          if (item !== undefined) items.push(item);
          condition.notify();
        });
        yield* waitAllParked();
        expect(taker.done).toBe(item !== undefined);
      }
      expect(yield* taker).toBe("apple");
      expect(yield* condition.with(() => condition.waitFor(() => 1))).toBe(1);
    });
  });

  test("shares a lock with others, whose guard stays good across the wait", async () => {
    await runVirtual(function* () {
      const lock = new Lock({ name: "db" });
      const [full, empty] = [new Condition({ lock, name: "full" }), new Condition({ lock })];
      expect(full.lock).toBe(empty.lock);
      const task = createTask(function* () {
        using guard = yield* lock.acquire();
        yield* full.wait();
        expect(guard.broken).toBe(false);
        expect(lock.locked).toBe(true);
      });
      yield* waitAllParked();
      expect(task.waitingFor).toBe('condition "full"');
      using _guard = yield* lock.acquire();
      full.notify();
      yield;
      expect(task.waitingFor).toMatch(/^lock "db" held by /);
      lock.release();
      yield* task;
      expect(lock.locked).toBe(false);
    });
  });

  test("S23: is a deadlock where nothing is left that could notify", async () => {
    const condition = new Condition({ name: "never" });
    await expect(runVirtual(() => condition.with(() => condition.wait()))).rejects.toThrow(DeadlockError);
  });
});

describe("a condition refuses", () => {
  test("to be used by a task that does not hold the lock", async () => {
    await runVirtual(
      function* () {
        const condition = new Condition({ name: "full" });
        expect(() => condition.notify()).toThrow(
          'Cannot notify those who wait for condition "full" in main#1: that does not hold its lock (nobody does). Do ' +
            "it inside `yield* condition.with(body)`.",
        );
        expect(yield* thrownBy(() => condition.wait())).toMatch(/Cannot wait for condition "full" in main/);
        expect(yield* thrownBy(() => condition.waitFor(() => true))).toMatch(/Cannot wait for/);
        using _guard = yield* condition.acquire();
        yield* createTask(function* () {
          expect(() => condition.notifyAll()).toThrow(/\(main#1 does\)/);
        });
      },
      { name: "main" },
    );
  });

  test("what is no number, no function, no lock", () => {
    const condition = new Condition();
    expect(() => condition.notify(-1)).toThrow(RangeError);
    expect(() => condition.notify(Number.NaN)).toThrow(RangeError);
    expect(() => condition.waitFor(true as never)).toThrow(/Cannot wait for true/);
    expect(() => new Condition({ lock: {} as never })).toThrow(/Cannot make a condition with an object/);
    expect(() => condition.notify()).toThrow(/Cannot notify those who wait for a condition: /);
  });
});

describe("S7: a condition and a cancellation", () => {
  test("one that was cancelled holds the lock again before its cleanup begins", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const condition = new Condition();
      const task = createTask(() =>
        condition.with(function* () {
          try {
            yield* condition.wait();
          } finally {
            log(`cleans up, ${holdsLock(condition) ? "with the lock" : "without it"}`);
          }
        }),
      );
      yield* waitAllParked();
      yield* condition.with(function* () {
        void task.cancel();
        yield* sleep(5);
      });
      yield* task.cancel();
      expect(condition.lock.locked).toBe(false);
      expect(condition.statistics.waiting).toBe(0);
    });
    expect(log.lines).toEqual(["5 cleans up, with the lock"]);
  });

  test.each(["cancelled, then notified", "notified, then cancelled"])("%s in one turn", async (order) => {
    const woken: string[] = [];
    await runVirtual(function* () {
      const condition = new Condition();
      const waiter = (name: string) =>
        condition.with(function* () {
          yield* condition.wait();
          expect(holdsLock(condition)).toBe(true);
          woken.push(name);
          yield;
          woken.push(`${name} goes on`);
        });
      const first = createTask(() => waiter("first"));
      const second = createTask(() => waiter("second"));
      yield* waitAllParked();
      yield* condition.with(function* () {
        if (order === "cancelled, then notified") {
          void first.cancel();
          condition.notify();
        } else {
          condition.notify();
          void first.cancel();
        }
      });
      yield* waitAllParked();
      expect(first.cancelled).toBe(true);
      yield* second.cancel();
      expect(condition.lock.locked).toBe(false);
    });
    expect(woken).toEqual(order === "cancelled, then notified" ? ["second", "second goes on"] : ["first"]);
  });

  test("one that is cancelled while it waits for the lock again returns with what it was notified of", async () => {
    const log: string[] = [];
    await runVirtual(function* () {
      const condition = new Condition();
      const items: string[] = [];
      const task = createTask(() =>
        condition.with(function* () {
          const item = yield* condition.waitFor(() => items.shift());
          log.push(`has ${item}, ${holdsLock(condition) ? "with the lock" : "without it"}`);
          yield;
          log.push("goes on");
        }),
      );
      yield* waitAllParked();
      yield* condition.with(function* () {
        items.push("apple");
        condition.notify();
        yield* sleep(5);
        void task.cancel();
        yield* sleep(5);
      });
      yield* task.cancel();
    });
    expect(log).toEqual(["has apple, with the lock"]);
  });

  test("S5: a cancellation that is due is found before the lock is let go of", async () => {
    await runVirtual(function* () {
      const condition = new Condition();
      const order: string[] = [];
      yield* cancelScope((scope) =>
        condition.with(function* () {
          createTask(() => condition.with(() => (order.push("other"), sleep(0))));
          yield;
          scope.cancel();
          try {
            yield* condition.wait();
          } finally {
            order.push("cleanup");
          }
        }),
      );
      expect(order).toEqual(["cleanup"]);
    });
  });

  test("a timeout around it throws where the lock is held", async () => {
    await runVirtual(function* () {
      const condition = new Condition();
      yield* condition.with(function* () {
        expect(yield* thrownBy(() => timeout(5, () => condition.wait()))).toBe(
          "TimeoutError: Timed out after 5 ms.",
        );
        expect(holdsLock(condition)).toBe(true);
      });
    });
  });

  test("waitFor() refuses a predicate that gives what is to be awaited, and gives what is data", async () => {
    await runVirtual(function* () {
      const condition = new Condition();
      const asked = function* (): Awaitable<boolean> {
        return false;
      };
      for (const predicate of [asked, async () => false, () => condition.wait()] as (() => unknown)[]) {
        expect(String(yield* thrownBy(() => condition.with(() => condition.waitFor(predicate))))).toMatch(
          /^TypeError: Cannot wait for (a generator|a promise|the coroutine wait\(…\)) that the predicate of `waitFor` gave/,
        );
        expect(condition.lock.locked).toBe(false);
      }
      const task = createTask(() => sleep(1));
      for (const found of [[1], new Map([[1, 2]]), task, { then: 1 }]) {
        expect(yield* condition.with(() => condition.waitFor(() => found))).toBe(found);
      }
    });
  });

  test("a hundred thousand waiters that were cancelled leave nothing", { timeout: 60_000 }, async () => {
    await runVirtual(function* () {
      const condition = new Condition();
      yield* cancelMany(100_000, () => condition.with(() => condition.wait()));
      expect(condition.statistics.waiting).toBe(0);
      expect(condition.lock.locked).toBe(false);
    });
  });

  test("no notification is lost, in any order", { timeout: 60_000 }, async () => {
    await everyOrder(function* () {
      const condition = new Condition();
      let items = 0;
      let taken = 0;
      const taker = (): Awaitable<void> =>
        condition.with(function* () {
          yield* condition.waitFor(() => items > 0);
          expect(holdsLock(condition)).toBe(true);
          items--;
          taken++;
        });
      yield* taskGroup(function* (group) {
        const victim = group.createTask(taker);
        const other = group.createTask(taker);
        group.createTask(() =>
          condition.with(function* () {
            items++;
            condition.notify();
            void victim.cancel();
          }),
        );
        group.createTask(function* () {
          yield* waitAllParked();
          // Either the victim had it, or the other one has.
          expect(taken).toBe(1);
          void other.cancel();
        });
      });
      expect(condition.lock.statistics).toEqual({ owner: undefined, waiting: 0, broken: false });
    });
  });
});
