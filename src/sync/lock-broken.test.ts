import { describe, expect, test, vi } from "vitest";
import { createTask, Lock, race, run, sleep, taskGroup, type Awaitable, type LockGuard } from "../index.ts";
import type { Report } from "../lowlevel.ts";
import { runTest, runVirtual } from "../testing/index.ts";
import { thrownBy } from "../../tests/support/waiters.ts";

/** A run whose reports are kept. */
async function heard(main: () => Awaitable<unknown>): Promise<string[]> {
  const reports: string[] = [];
  const onReport = ({ kind, message }: Report): void =>
    void reports.push(`${kind}: ${message.replaceAll(/#\d+/g, "").split(":")[0]}`);
  await runVirtual(main, { onReport });
  return reports;
}

describe("a lock whose owner ends while it holds it", () => {
  const forgetful = function* (lock: Lock): Awaitable<void> {
    yield* lock.acquire();
    yield* sleep(5);
  };

  test("is reported, and handed on as broken, until an owner has repaired it", async () => {
    const seen: unknown[] = [];
    const reports = await heard(function* () {
      const lock = new Lock({ name: "db" });
      const look = function* (repairs: boolean): Awaitable<void> {
        using guard = yield* lock.acquire();
        seen.push(guard.broken);
        if (repairs) lock.repair();
      };
      yield* taskGroup(function* (group) {
        group.createTask(() => forgetful(lock));
        for (const repairs of [false, true, false]) group.createTask(() => look(repairs));
      });
      expect(lock.statistics).toEqual({ owner: undefined, waiting: 0, broken: false });
    });
    expect(seen).toEqual([true, true, false]);
    expect(reports).toEqual([
      'lock-broken: task ended while it held lock "db", which is handed on as broken',
    ]);
  });

  test.each(["fails", "is cancelled", "is main"])("however it ends: it %s", async (how) => {
    const lock = new Lock();
    const reports = await heard(function* () {
      const task = createTask(
        function* () {
          yield* forgetful(lock);
          if (how === "fails") throw new Error("failed");
        },
        { name: "owner" },
      );
      yield* sleep(1);
      if (how === "is cancelled") yield* task.cancel();
      yield* thrownBy(() => task);
      if (how === "is main") yield* lock.acquire();
    });
    expect(lock.locked).toBe(false);
    expect(lock.broken).toBe(true);
    expect(reports.length).toBe(how === "is main" ? 2 : 1);
  });

  test("is printed, where nobody listens", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const lock = new Lock();
    await run(() => forgetful(lock));
    expect(String(warn.mock.calls)).toContain("ended while it held a lock");
    warn.mockRestore();
  });

  test("fails a test", async () => {
    await expect(runTest(() => forgetful(new Lock()))).rejects.toThrow(/ended while it held a lock/);
    await runTest(() => forgetful(new Lock()), { allow: ["lock-broken"] });
  });

  test("is so, too, where a task was started only to acquire it", async () => {
    const reports = await heard(function* () {
      yield* race([new Lock().acquire(), sleep(5)]);
    });
    expect(reports.length).toBe(1);
  });

  test("does nothing more when its guard is asked to release it", async () => {
    await heard(function* () {
      const lock = new Lock();
      let guard!: LockGuard;
      yield* createTask(function* () {
        guard = yield* lock.acquire();
      });
      const own = yield* lock.acquire();
      guard.release();
      expect(lock.locked).toBe(true);
      own.release();
    });
  });

  test("S13: its failure is still nobody's, as if it held nothing", async () => {
    const program = runVirtual(
      function* () {
        createTask(function* () {
          yield* new Lock().acquire();
          throw new Error("failed");
        });
        yield* sleep(5);
      },
      { onReport: () => {} },
    );
    await expect(program).rejects.toThrow("failed");
  });
});
