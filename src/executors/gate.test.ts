/** Who is let in, in which order, and that no place is lost, whoever is cancelled and whenever. */
import { describe, expect, test } from "vitest";
import {
  cancelScope,
  createTask,
  moveOnAfter,
  sleep,
  taskGroup,
  type Awaitable,
  type Task,
} from "../index.ts";
import { cancelEverywhere, explore, runVirtual } from "../testing/index.ts";
import { ExecutorFullError } from "./errors.ts";
import { Gate } from "./gate.ts";

/** A gate to so many places. */
class Places {
  free: number;
  readonly gate: Gate<true>;
  constructor(count: number, maxWaiting = Infinity) {
    this.free = count;
    this.gate = new Gate<true>(
      () => (this.free > 0 ? (this.free--, true) : undefined),
      () => void this.free++,
      maxWaiting,
    );
  }
  leave(): void {
    this.free++;
    this.gate.open();
  }
  *stay(steps: number, priority = 0): Awaitable<void> {
    yield* this.gate.enter("a place", priority);
    try {
      for (let step = 0; step < steps; step++) yield;
    } finally {
      this.leave();
    }
  }
}

describe("a gate", () => {
  test("lets in who comes while there is room, without a wait", () =>
    runVirtual(function* () {
      const places = new Places(2);
      yield* places.gate.enter("a place", 0);
      yield* places.gate.enter("a place", 0);
      expect([places.free, places.gate.waiting]).toEqual([0, 0]);
    }));

  test("serves the higher priority first, among equals whoever came first", () =>
    runVirtual(function* () {
      const places = new Places(1);
      const order: string[] = [];
      yield* places.gate.enter("a place", 0);
      yield* taskGroup(function* (group) {
        for (const [name, priority] of [
          ["a", 0],
          ["b", 1],
          ["c", 0],
          ["d", -1],
          ["e", 1],
          ["f", Infinity],
        ] as const) {
          group.createTask(function* () {
            yield* places.gate.enter("a place", priority);
            order.push(name);
            places.leave();
          });
        }
        yield* sleep(1);
        expect(places.gate.waiting).toBe(6);
        places.leave();
      });
      expect(order.join("")).toBe("fbeacd");
      expect([places.free, places.gate.waiting]).toEqual([1, 0]);
    }));

  test("serves any number of priorities in their order, whoever is cancelled meanwhile", () =>
    runVirtual(function* () {
      const places = new Places(1);
      const order: number[] = [];
      yield* places.gate.enter("a place", 0);
      yield* taskGroup(function* (group) {
        // Some twice, out of order, and beyond what is finite.
        const priorities = Array.from({ length: 60 }, (_, n) => ((n * 37) % 45) - 20);
        const tasks = [...priorities, Infinity, -Infinity, -0, 0.5].map((priority) =>
          group.createTask(function* () {
            yield* places.gate.enter("a place", priority);
            order.push(priority);
            places.leave();
          }),
        );
        yield* sleep(1);
        for (const n of [0, 3, 45, 61, 20]) yield* tasks[n]!.cancel();
        expect(places.gate.waiting).toBe(59);
        places.leave();
      });
      expect(order).toHaveLength(59);
      expect(order).toEqual(order.toSorted((a, b) => b - a));
      expect([places.free, places.gate.waiting]).toEqual([1, 0]);
    }));

  test("keeps no priority in which nobody waits: to queue costs the same however many there were", () =>
    runVirtual(function* () {
      const places = new Places(1);
      yield* places.gate.enter("a place", 0);
      let compared = 0;
      /** A priority that counts how often it is looked at. */
      const counting = (value: number): number =>
        ({ [Symbol.toPrimitive]: () => (compared++, value) }) as unknown as number;
      const count = 300;
      for (const round of [1, 2]) {
        compared = 0;
        yield* taskGroup(function* (group) {
          const tasks = Array.from({ length: count }, (_, n) =>
            group.createTask(() => places.stay(1, counting((n * 181) % count))),
          );
          yield* sleep(1);
          for (const task of tasks) yield* task.cancel();
        });
        expect(compared, `round ${round}`).toBeLessThan(2 * count * 2 * Math.log2(2 * count));
        expect(places.gate.waiting).toBe(0);
      }
    }));

  test("nobody overtakes who waits, though a place be free", () =>
    runVirtual(function* () {
      const places = new Places(1);
      const order: string[] = [];
      yield* places.gate.enter("a place", 0);
      const enter = (name: string): Task<void> =>
        createTask(function* () {
          yield* places.gate.enter("a place", 0);
          order.push(name);
          places.leave();
        });
      const first = enter("first");
      yield* sleep(1);
      places.free++; // not yet told of
      const second = enter("second");
      yield* sleep(1);
      expect(order).toEqual([]);
      places.gate.open();
      yield* first;
      yield* second;
      expect(order).toEqual(["first", "second"]);
    }));

  test("gives what it has to the next if whoever waited is cancelled", () =>
    runVirtual(function* () {
      const places = new Places(1);
      yield* places.gate.enter("a place", 0);
      const tasks = [1, 2, 3].map((priority) => createTask(() => places.stay(1, priority)));
      yield* sleep(1);
      void tasks[2]!.cancel(); // would be next
      places.leave();
      yield* tasks[1]!;
      yield* tasks[0]!;
      expect([places.free, places.gate.waiting]).toEqual([1, 0]);
    }));

  test("gives it back where all who waited are being cancelled", () =>
    runVirtual(function* () {
      const places = new Places(1);
      yield* places.gate.enter("a place", 0);
      const tasks = [1, 2].map((priority) => createTask(() => places.stay(1, priority)));
      yield* sleep(1);
      for (const task of tasks) void task.cancel();
      places.leave();
      yield* sleep(1);
      expect([places.free, places.gate.waiting]).toEqual([1, 0]);
    }));

  test("refuses who comes when too many wait, and takes who comes later", () =>
    runVirtual(function* () {
      const places = new Places(1, 1);
      yield* places.gate.enter("a place", 0);
      const waiting = createTask(() => places.stay(1));
      yield* sleep(1);
      let error: unknown;
      try {
        yield* places.gate.enter(() => "a worker for job resize", 9);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(ExecutorFullError);
      expect((error as Error).message).toBe(
        "Cannot wait for a worker for job resize: 1 calls wait already, and no more may (maxWaiting). Try again later, or " +
          "start fewer at once.",
      );
      places.leave();
      yield* waiting;
      yield* places.stay(1);
      expect([places.free, places.gate.waiting]).toEqual([1, 0]);
    }));

  test("closed, it ends every wait with that error, and goes on", () =>
    runVirtual(function* () {
      const places = new Places(1);
      yield* places.gate.enter("a place", 0);
      const errors: unknown[] = [];
      const tasks = [0, 1, 0].map((priority) =>
        createTask(function* () {
          try {
            yield* places.gate.enter("a place", priority);
          } catch (error) {
            errors.push(error);
          }
        }),
      );
      yield* sleep(1);
      const error = new Error("no more workers");
      places.gate.close(error);
      for (const task of tasks) yield* task;
      expect(errors).toEqual([error, error, error]);
      expect(places.gate.waiting).toBe(0);
      const next = createTask(() => places.stay(1));
      yield* sleep(1);
      expect(places.gate.waiting).toBe(1);
      places.leave();
      yield* next;
      expect([places.free, places.gate.waiting]).toEqual([1, 0]);
    }));

  test("says what is waited for", () =>
    runVirtual(function* () {
      const places = new Places(1);
      yield* places.gate.enter("a place", 0);
      const task = createTask(() => places.gate.enter(() => "a worker for job resize", 0));
      yield* sleep(1);
      expect(task.waitingFor).toBe("a worker for job resize");
      void task.cancel();
      yield* sleep(1);
      expect(places.gate.waiting).toBe(0);
    }));
});

describe("no place is lost, none is given twice", () => {
  const program = (count: number): (() => Awaitable<void>) =>
    function* () {
      const places = new Places(count);
      let inside = 0;
      yield* taskGroup(function* (group) {
        for (const [steps, priority] of [
          [1, 0],
          [2, 1],
          [0, 0],
          [1, 2],
        ] as const) {
          group.createTask(function* () {
            yield* places.gate.enter("a place", priority);
            try {
              if (++inside > count) throw new Error(`There are ${inside} in ${count} places.`);
              for (let step = 0; step < steps; step++) yield;
            } finally {
              inside--;
              places.leave();
            }
          });
        }
        group.createTask(() => moveOnAfter(0, () => places.stay(1, 3)));
      });
      if (places.free !== count) throw new Error(`${places.free} of ${count} places are free.`);
      if (places.gate.waiting !== 0) throw new Error(`${places.gate.waiting} wait still.`);
    };
  test.each([1, 2])("in many orders, with %d", { timeout: 60_000 }, async (count) => {
    await explore(program(count), { budget: { schedules: 500 }, patience: 0 });
  });
  test.each([1, 2])("cancelled everywhere, with %d", { timeout: 60_000 }, async (count) => {
    let places: Places;
    await cancelEverywhere(
      () =>
        cancelScope(function* () {
          places = new Places(count);
          yield* taskGroup(function* (group) {
            for (const priority of [0, 1, 0, 2]) group.createTask(() => places.stay(1, priority));
          });
        }),
      {
        schedules: 4,
        check() {
          expect([places.free, places.gate.waiting]).toEqual([count, 0]);
        },
      },
    );
  });
});
