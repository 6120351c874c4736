import { describe, expect, expectTypeOf, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  Future,
  moveOnAfter,
  runSync,
  select,
  sleep,
  taskGroup,
  until,
  type Awaitable,
} from "../index.ts";
import { iterate } from "../streams/index.ts";
import { park, type ParkedWait } from "../lowlevel.ts";
import { cancelEverywhere, explore, runVirtual, waitAllParked } from "../testing/index.ts";

/** A queue of things that are given one by one, and of those who wait for one. */
class Items {
  readonly left: string[] = [];
  readonly waiting: ParkedWait<string>[] = [];
  undone = 0;

  take(): Awaitable<string> {
    return park<string>({ label: "an item" }, (wait) => {
      const item = this.left.shift();
      if (item !== undefined) wait.complete(item);
      else this.waiting.push(wait);
      return () => {
        this.undone++;
        const at = this.waiting.indexOf(wait);
        if (at >= 0) this.waiting.splice(at, 1);
      };
    });
  }

  give(item: string): void {
    for (let wait = this.waiting.shift(); wait !== undefined; wait = this.waiting.shift()) {
      if (wait.complete(item)) return;
    }
    this.left.push(item);
  }
}

describe("select", () => {
  test("takes the first that ends: of an array its index, of a record its key", async () => {
    await runVirtual(function* () {
      expect(yield* select([sleep(20), sleep(10), sleep(30)])).toEqual({ index: 1, value: undefined });
      const task = createTask(function* () {
        yield* sleep(5);
        return "tea";
      });
      const first = yield* select({ task, late: sleep(10) });
      expect(first).toEqual({ key: "task", value: "tea" });
      if (first.key === "task") expectTypeOf(first.value).toEqualTypeOf<string>();
      else expectTypeOf(first.value).toEqualTypeOf<void>();
    });
  });

  test("takes what is there already, without waiting, and begins nothing that it does not need", async () => {
    const items = new Items();
    items.give("there");
    const other = new Items();
    await runVirtual(function* () {
      expect(yield* select([items.take(), other.take()], { order: "listed" })).toEqual({
        index: 0,
        value: "there",
      });
    });
    expect([other.waiting.length, other.undone]).toEqual([0, 0]);
  });

  test("takes back what the others have arranged", async () => {
    const items = new Items();
    await runVirtual(function* () {
      expect((yield* select([items.take(), sleep(5), items.take()])).index).toBe(1);
    });
    expect([items.waiting.length, items.undone]).toEqual([0, 2]);
  });

  test("S7: a giver that comes too late is refused, and goes on to the next", async () => {
    const items = new Items();
    await runVirtual(function* () {
      const done = new Future<string>("done");
      const selecting = createTask(() => select({ item: items.take(), done }));
      const next = createTask(() => items.take());
      yield* waitAllParked();
      done.setResult("done"); // the claim is taken, and the task has not run since
      items.give("item");
      expect(yield* selecting).toEqual({ key: "done", value: "done" });
      expect(yield* next).toBe("item");
    });
  });

  test("S7: what was given before a cancellation came is delivered", async () => {
    const items = new Items();
    let got: unknown;
    await runVirtual(function* () {
      const task = createTask(function* () {
        got = yield* select([items.take(), sleep(1000)]);
        yield;
        got = "not cancelled";
      });
      yield* waitAllParked();
      items.give("item");
      yield* task.cancel();
    });
    expect(got).toEqual({ index: 0, value: "item" });
  });

  test("S7: one that was cancelled is passed over", async () => {
    const items = new Items();
    await runVirtual(function* () {
      const task = createTask(() => select([items.take(), sleep(1000)]));
      const next = createTask(() => items.take());
      yield* waitAllParked();
      void task.cancel();
      items.give("item");
      expect(yield* next).toBe("item");
    });
    expect(items.undone).toBe(1);
  });

  test("throws what the wait throws that ends, and takes back the others", async () => {
    const items = new Items();
    const program = runVirtual(function* () {
      const failing = new Future<never>("failing");
      createTask(function* () {
        yield* sleep(1);
        failing.setError(new Error("failed"));
      });
      yield* select([items.take(), failing]);
    });
    await expect(program).rejects.toThrow("failed");
    expect(items.undone).toBe(1);
  });

  test("throws what a wait throws as it begins, and takes back those before it", async () => {
    const items = new Items();
    const program = runVirtual(function* () {
      const failed = new Future<never>("failed");
      failed.setError(new Error("failed before"));
      yield* select([items.take(), failed], { order: "listed" });
    });
    await expect(program).rejects.toThrow("failed before");
    expect(items.undone).toBe(1);
  });

  test("is fair where several are there, and takes the first of the list when that is asked for", async () => {
    const seen = { fair: new Set<number>(), listed: new Set<number>() };
    await runVirtual(function* () {
      const there = [1, 2, 3].map(() => {
        const future = new Future<void>();
        future.setResult();
        return future;
      });
      for (let i = 0; i < 100; i++) {
        for (const order of ["fair", "listed"] as const) {
          seen[order].add((yield* select(there, { order })).index);
        }
      }
    });
    expect([...seen.fair].sort((a, b) => a - b)).toEqual([0, 1, 2]);
    expect([...seen.listed]).toEqual([0]);
  });

  test("says what it waits for, and waits for the outside if one of them does", async () => {
    await runVirtual(function* () {
      const task = createTask(() => select([sleep(10), until(Promise.resolve())]));
      yield;
      expect(task.waitingFor).toBe("the first of sleep 10 ms, a promise");
      yield* task;
    });
    expect(() => runSync(() => select([new Future("never")]))).toThrow(/Cannot/);
  });

  test("S23: of waits that nobody can end is a deadlock", async () => {
    await expect(runVirtual(() => select([new Future("a"), new Future("b")]))).rejects.toThrow(
      /waits for the first of future "a", future "b"/,
    );
  });

  test("waits for host work, whose late failure is told to whoever listens", async () => {
    const reports: string[] = [];
    await runVirtual(
      function* () {
        const { promise: failing, reject } = Promise.withResolvers<void>();
        yield* select([until(failing), sleep(0)]);
        reject(new Error("late"));
        yield* until(failing.catch(() => {}));
      },
      { onReport: ({ kind }) => reports.push(kind) },
    );
    expect(reports).toEqual(["late-error"]);
  });

  test("may be awaited again and again, and inside another task's wait", async () => {
    await runVirtual(function* () {
      const either = select([sleep(1), sleep(2)]);
      expect((yield* either).index).toBe(0);
      expect((yield* either).index).toBe(0);
      const { expired } = yield* moveOnAfter(1, () => select([sleep(5), sleep(6)]));
      expect(expired).toBe(true);
    });
  });

  test.each<[string, () => unknown, RegExp]>([
    ["no waits", () => select([]), /^RangeError: Cannot select from no waits/],
    [
      "a task instead of a list",
      () => select(sleep(1) as never),
      /^TypeError: Cannot select from sleep 1 ms: it takes/,
    ],
    [
      "an order that is none",
      () => select([sleep(1)], { order: "random" as never }),
      /^TypeError: Cannot select in the order "random"/,
    ],
  ])("refuses %s", (_, call, message) => {
    let error: unknown;
    try {
      call();
    } catch (thrown) {
      error = thrown;
    }
    expect(String(error)).toMatch(message);
  });

  test("refuses a coroutine, and says what to do", async () => {
    const work = coroutine(function* work(): Awaitable<void> {});
    await expect(runVirtual(() => select([work()]))).rejects.toThrow(
      "Cannot select from the coroutine work(…): it is no single wait. Start it as a task and wait for the task, or use `race`.",
    );
    const plain = (function* () {})();
    await expect(runVirtual(() => select([plain]))).rejects.toThrow("Start it as a task");
  });

  test("says of what else is no single wait what one is", async () => {
    const waits = ", as `channel.receive()`, `event.wait()`, `sleep(ms)`, a task and a future are.";
    const next = function* (): Awaitable<void> {
      const items = yield* iterate([1]);
      yield* select([items.next()]);
    };
    await expect(runVirtual(next)).rejects.toThrow(
      `Cannot select from the next item: it is no single wait${waits}`,
    );
  });

  const program = function* () {
    const items = new Items();
    let taken = 0;
    let given = 0;
    yield* taskGroup(function* (group) {
      const stop = new Future<void>("stop");
      for (let n = 0; n < 2; n++) {
        group.createTask(function* taker() {
          for (;;) {
            const first = yield* select({ item: items.take(), stop });
            if (first.key === "stop") return;
            taken++;
          }
        });
      }
      const victim = group.createTask(function* victim() {
        yield* cancelScope(function* () {
          if ((yield* select([items.take(), stop])).index === 0) taken++;
        });
      });
      group.createTask(function* giver() {
        for (; given < 3; given++) {
          yield;
          items.give(`${given}`);
        }
        yield;
        void victim.cancel();
        stop.setResult();
      });
    });
    expect(taken + items.left.length).toBe(given);
    expect(items.waiting).toEqual([]);
  };

  test("loses nothing in any order, with a cancellation among them", async () => {
    const report = await explore(program, { budget: { schedules: 3000 } });
    expect(report.schedules).toBeGreaterThan(100);
  });

  test("leaves nothing wherever it is cancelled", async () => {
    await cancelEverywhere(program, { schedules: 5 });
  });
});
