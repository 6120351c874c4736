import { describe, expect, test } from "vitest";
import {
  all,
  createTask,
  currentTask,
  DeadlockError,
  EventLoop,
  Lock,
  moveOnAfter,
  run,
  select,
  sleep,
  sleepForever,
  taskGroup,
  type Awaitable,
  type LockGuard,
  type Task,
} from "../index.ts";
import { runVirtual, transcript, waitAllParked } from "../testing/index.ts";
import { everyOrder } from "../../tests/support/explored.ts";
import { passesOverTheCancelled } from "../../tests/support/passed-over.ts";
import { thrownBy } from "../../tests/support/waiters.ts";

/** Holds the lock for so long. */
function* hold(lock: Lock, ms: number, log: (line: string) => void = () => {}): Awaitable<void> {
  yield* lock.with(function* () {
    log("has it");
    yield* sleep(ms);
  });
}

describe("a lock", () => {
  test("is held by one task at a time, S22: in the order in which they came", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const lock = new Lock();
      yield* taskGroup(function* (group) {
        for (const name of ["a", "b", "c"]) {
          group.createTask(() => hold(lock, 5, (line) => log(`${name} ${line}`)));
        }
      });
      expect(lock.locked).toBe(false);
    });
    expect(log.lines).toEqual(["0 a has it", "5 b has it", "10 c has it"]);
  });

  test("S22: is handed over directly: who releases it and wants it again comes last", async () => {
    const order: string[] = [];
    await runVirtual(function* () {
      const lock = new Lock();
      yield* taskGroup(function* (group) {
        for (const name of ["a", "b"]) {
          group.createTask(function* () {
            for (let n = 0; n < 3; n++) {
              yield* lock.with(function* () {
                order.push(name);
                yield;
              });
            }
          });
        }
      });
    });
    expect(order.join("")).toBe("ababab");
  });

  test("is released by its guard, once, however often that is asked to", async () => {
    await runVirtual(function* () {
      const lock = new Lock();
      const guard = yield* lock.acquire();
      expect(lock.locked).toBe(true);
      guard.release();
      guard.release();
      expect(lock.locked).toBe(false);
      const second = yield* lock.acquire();
      guard.release();
      expect(lock.locked).toBe(true);
      second[Symbol.dispose]();
      expect(lock.locked).toBe(false);
    });
  });

  test("is released at the end of a block with `using`, and of `with`, whatever happens", async () => {
    await runVirtual(function* () {
      const lock = new Lock();
      const failing = function* (): Awaitable<void> {
        using _guard = yield* lock.acquire();
        yield;
        throw new Error("failed");
      };
      expect(yield* thrownBy(failing)).toBe("Error: failed");
      expect(
        yield* thrownBy(() =>
          lock.with(() => {
            throw new Error("before it waits");
          }),
        ),
      ).toBe("Error: before it waits");
      yield* moveOnAfter(5, () => hold(lock, 10));
      yield* moveOnAfter(5, function* () {
        using _guard = yield* lock.acquire();
        yield* sleep(10);
      });
      expect(lock.locked).toBe(false);
      expect(yield* lock.with(() => all([]))).toEqual([]);
    });
  });

  test("is held until the cleanup of a plain body has ended", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const lock = new Lock();
      const body = function* (): Awaitable<void> {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(5);
          log(`cleaned up, ${lock.locked ? "locked" : "free"}`);
        }
      };
      const task = createTask(() => lock.with(body));
      yield* sleep(1);
      void task.cancel();
      yield* lock.acquire();
      log("handed over");
      lock.release();
    });
    expect(log.lines).toEqual(["6 cleaned up, locked", "6 handed over"]);
  });

  test("is taken by tryAcquire if it is free", async () => {
    await runVirtual(function* () {
      const lock = new Lock();
      const guard = lock.tryAcquire();
      expect(guard).toBeDefined();
      const other = createTask(function* () {
        return lock.tryAcquire();
      });
      expect(yield* other).toBeUndefined();
      guard!.release();
    });
  });

  test("shows who holds it, and how many wait; waiting tasks show what for", async () => {
    await runVirtual(
      function* () {
        const lock = new Lock({ name: "db" });
        expect(lock.statistics).toEqual({ owner: undefined, waiting: 0, broken: false });
        const guard = yield* lock.acquire();
        const waiting = createTask(() => hold(lock, 0));
        yield* waitAllParked();
        expect(lock.statistics).toEqual({ owner: "main#1", waiting: 1, broken: false });
        expect(waiting.waitingFor).toBe('lock "db" held by main#1');
        guard.release();
        yield* waiting;
        expect(lock.statistics).toEqual({ owner: undefined, waiting: 0, broken: false });
      },
      { name: "main" },
    );
  });

  test("can be selected: it is taken or left alone", async () => {
    await runVirtual(function* () {
      const lock = new Lock();
      const holder = createTask(() => hold(lock, 5));
      yield;
      expect((yield* select({ lock: lock.acquire(), late: sleep(3) })).key).toBe("late");
      expect(lock.statistics.waiting).toBe(0);
      const won = yield* select({ lock: lock.acquire(), late: sleep(9) });
      expect(won.key).toBe("lock");
      expect(lock.statistics.owner).toBe(currentTask()!.name);
      (won.value as LockGuard).release();
      yield* holder;
      expect(lock.locked).toBe(false);
    });
  });
});

describe("a lock refuses", () => {
  test("to be acquired again by the task that holds it", async () => {
    await runVirtual(function* () {
      const lock = new Lock({ name: "db" });
      yield* lock.with(function* () {
        const message =
          'InvalidStateError: Cannot acquire lock "db": task holds it already, and would wait for itself. Acquire it ' +
          "once, further out, and call inside what needs it to be held.";
        const text = (yield* thrownBy(() => lock.acquire())).replace(/: \S+ holds/, ": task holds");
        expect(text).toBe(message);
        expect(() => lock.tryAcquire()).toThrow(/holds it already/);
      });
      expect(lock.locked).toBe(false);
    });
  });

  test("to be released, or repaired, by another task than the one that holds it", async () => {
    await runVirtual(function* () {
      const lock = new Lock({ name: "db" });
      expect(() => lock.release()).toThrow(
        /Cannot release lock "db" in \S+: it is not held\. It is the task that acquires a lock that may release it\./,
      );
      const guard = yield* lock.acquire();
      yield* createTask(function* () {
        expect(() => guard.release()).toThrow(/it is held by/);
        expect(() => lock.release()).toThrow(/it is held by/);
        expect(() => lock.repair()).toThrow(/Cannot repair lock "db"/);
      });
      guard.release();
    });
  });

  test("to be had outside every task", () => {
    expect(() => new Lock({ name: "db" }).tryAcquire()).toThrow(
      /Cannot acquire lock "db": no task is running here/,
    );
    expect(() => [...(new Lock().acquire() as Iterable<unknown>)]).toThrow(/Cannot iterate over a lock/);
    expect(() => new Lock().release()).toThrow(/Cannot release a lock: it is not held/);
    expect(() => new Lock().with({} as never)).toThrow(/Cannot run an object \(Object\) as a body/);
  });

  test("S23: to be waited for in a circle", async () => {
    const error: DeadlockError = await runVirtual(function* () {
      const [a, b] = [new Lock({ name: "a" }), new Lock({ name: "b" })];
      const both = (first: Lock, second: Lock) =>
        first.with(function* () {
          yield* sleep(1);
          yield* second.with(() => sleep(1));
        });
      yield* taskGroup(function* (group) {
        group.createTask(() => both(a, b), { name: "ab" });
        group.createTask(() => both(b, a), { name: "ba" });
        group.createTask(() => sleep(1000)); // something else lives
      });
    }).then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(error).toBeInstanceOf(DeadlockError);
    expect(error.message.replaceAll(/#\d+/g, "")).toContain(
      '\n  ab waits for lock "b" held by ba\n  ba waits for lock "a" held by ab',
    );
  });

  test("S23: to be waited for by one who is joined by its owner; the failure is nobody's secret", async () => {
    const program = runVirtual(
      function* () {
        const lock = new Lock();
        createTask(function* () {
          yield* lock.acquire();
          yield* createTask(() => hold(lock, 1));
        });
        yield* sleep(5);
      },
      { onReport: () => {} },
    );
    await expect(program).rejects.toThrow(DeadlockError);
  });
});

test("S13: tasks that join each other fail the run, also where one of them holds a lock, which hears of nothing", async () => {
  const program = runVirtual(function* () {
    const lock = new Lock();
    const tasks: Task<void>[] = [];
    tasks.push(
      createTask(function* () {
        using _guard = yield* lock.acquire();
        yield* tasks[1]!;
      }),
      createTask(() => tasks[0]!),
    );
    yield* sleep(5);
  });
  await expect(program).rejects.toThrow(DeadlockError);
});

passesOverTheCancelled("a lock", () => new Lock(), { owner: undefined, waiting: 0, broken: false });

test("a lock between two loops is handed from the one to the other, which is no deadlock", async () => {
  const lock = new Lock();
  const other = new EventLoop();
  let gave!: () => void;
  const given = new Promise<void>((resolve) => (gave = resolve));
  const first = run(function* () {
    yield* lock.with(function* () {
      gave();
      yield* sleep(20);
    });
    return "first";
  });
  await given;
  const second = other.runUntilComplete(function* () {
    yield* hold(lock, 1);
    return "second";
  });
  expect(await Promise.all([first, second])).toEqual(["first", "second"]);
});

test("a hand-over that races a cancellation loses nothing, in any order", { timeout: 60_000 }, async () => {
  await everyOrder(function* () {
    const lock = new Lock();
    let inside = 0;
    const work = function* (): Awaitable<void> {
      yield* lock.with(function* () {
        expect(++inside).toBe(1);
        try {
          yield;
        } finally {
          inside--;
        }
      });
    };
    yield* taskGroup(function* (group) {
      const victim = group.createTask(work);
      group.createTask(work);
      group.createTask(function* () {
        yield;
        void victim.cancel();
      });
    });
    expect(lock.statistics).toEqual({ owner: undefined, waiting: 0, broken: false });
  });
});
