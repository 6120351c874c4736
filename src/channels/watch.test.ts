import { describe, expect, expectTypeOf, test } from "vitest";
import {
  ChannelClosedError,
  createTask,
  moveOnAfter,
  runSync,
  select,
  sleep,
  Watch,
  type Awaitable,
} from "../index.ts";
import { explore, runVirtual, waitAllParked } from "../testing/index.ts";
import { cancelAMillion, thrownBy } from "../../tests/support/waiters.ts";

describe("a watch", () => {
  test("has the last value, and wakes all who wait for another one", async () => {
    await runVirtual(function* () {
      const level = new Watch(0, { name: "level" });
      const waiting = [1, 2].map(() => createTask(() => level.changed()));
      yield* waitAllParked();
      expect(waiting[0]!.waitingFor).toBe('another value of watch "level"');
      expect(level.statistics).toEqual({ waiting: 2, closed: false });
      level.set(0); // no other one
      yield* waitAllParked();
      expect(level.statistics.waiting).toBe(2);
      level.set(1);
      for (const task of waiting) expect(yield* task).toBe(1);
      level.update((value) => value + 1);
      expect([level.value, level.statistics.waiting]).toEqual([2, 0]);
    });
  });

  test("refuses a test that gives what is to be awaited, at once and later", async () => {
    await runVirtual(function* () {
      const level = new Watch(0);
      const asked = function* (): Awaitable<boolean> {
        return false;
      };
      const message = "Cannot wait for a generator that the test of `when` gave: it is an ordinary function";
      expect(String(yield* thrownBy(() => level.when(asked as never)))).toContain(message);
      const later = createTask(() => level.when(((value: number) => value > 0 && asked()) as never));
      yield* waitAllParked();
      level.set(1);
      expect(String(yield* thrownBy(() => later))).toContain(message);
      expect(level.statistics.waiting).toBe(0);
    });
  });

  test("gives the last value at once to who has seen another one: none that stays is missed", async () => {
    await runVirtual(function* () {
      const level = new Watch<string | undefined>("a");
      const seen: unknown[] = [];
      const watching = createTask(function* () {
        let last = level.value;
        while (last !== "end") {
          last = yield* level.changed(last);
          seen.push(last);
          yield* sleep(10); // is busy, and misses some
        }
      });
      yield* sleep(1);
      for (const value of ["b", "c", undefined]) level.set(value);
      yield* sleep(20);
      level.set("d");
      level.set("end");
      yield* watching;
      // Of those that come together the first one wakes it, and the last one is there when it asks again.
      expect(seen).toEqual(["b", undefined, "end"]);
      expect(yield* level.changed(undefined)).toBe("end");
    });
  });

  test("every order: who watches sees the last value", async () => {
    const report = await explore(
      function* () {
        const level = new Watch(0);
        let last = level.value;
        const watching = createTask(function* () {
          while (last !== 3) last = yield* level.changed(last);
        });
        for (let n = 1; n <= 3; n++) {
          level.set(n);
          yield;
        }
        yield* watching;
      },
      { strategy: "depth-first" },
    );
    expect(report.exhausted).toBe(true);
  });

  test("waits for a value that passes a test, and fails with what that throws", async () => {
    await runVirtual(function* () {
      const state = new Watch<"starting" | "ready" | "broken">("starting");
      const isReady = (value: string): value is "ready" => value === "ready";
      const ready = createTask(() => state.when(isReady));
      const failing = createTask(() =>
        thrownBy(() =>
          state.when((value) => {
            if (value === "broken") throw new Error("broken");
            return false;
          }),
        ),
      );
      yield* waitAllParked();
      state.set("broken");
      expect(yield* failing).toBe("Error: broken");
      state.set("ready");
      expectTypeOf(yield* ready).toEqualTypeOf<"ready">();
      expect(yield* state.when(isReady)).toBe("ready");
    });
  });

  test("is closed: who waits is told, a value that was not seen comes first", async () => {
    await runVirtual(function* () {
      const level = new Watch(1, { name: "level" });
      const waiting = createTask(() => thrownBy(() => level.changed()));
      yield* waitAllParked();
      level.close();
      level.close();
      const text =
        'ChannelClosedError: Cannot wait for a change of watch "level": it was closed at 0.0 s by main. Close it after the ' +
        "last change.";
      expect(yield* waiting).toBe(text);
      expect(yield* level.changed(0)).toBe(1);
      expect(yield* thrownBy(() => level.changed(1))).toBe(text);
      expect(() => level.set(2)).toThrow(ChannelClosedError);
      expect([level.value, level.statistics.closed]).toEqual([1, true]);
    });
  });

  test("S5, S7: a wait is cancelled, and takes part in a select", async () => {
    await runVirtual(function* () {
      const level = new Watch(1);
      expect((yield* moveOnAfter(0, () => level.changed(0))).expired).toBe(true);
      expect((yield* select([level.changed(), sleep(5)])).index).toBe(1);
      expect((yield* select([level.changed(0), sleep(5)])).index).toBe(0);
      const waiting = createTask(() => level.changed());
      yield* waitAllParked();
      void waiting.cancel();
      level.set(2);
      expect(level.statistics.waiting).toBe(0);
    });
  });

  test("may be set by the test of a wait", async () => {
    await runVirtual(function* () {
      const level = new Watch(0);
      const clamp = (): Awaitable<number> =>
        level.when((value) => {
          if (value > 3) level.set(3);
          return value === 3;
        });
      const waiting = [clamp, () => level.changed(), clamp].map((wait) => createTask(wait));
      yield* waitAllParked();
      level.set(9);
      for (const task of waiting) expect(yield* task).toBe(3);
    });
  });

  test("a million who were cancelled leave nothing", { timeout: 60_000 }, () => {
    const level = new Watch(0);
    runSync(() => cancelAMillion(() => level.changed()));
    expect(level.waits.isEmpty).toBe(true);
  });
});
