import { describe, expect, test } from "vitest";
import {
  AsyncEvent,
  createTask,
  DeadlockError,
  Event,
  moveOnAfter,
  run,
  select,
  sleep,
  taskGroup,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript, waitAllParked } from "../testing/index.ts";
import { everyOrder } from "../../tests/support/explored.ts";
import { cancelAMillion } from "../../tests/support/waiters.ts";

describe("an event", () => {
  test("wakes all who wait, in the order in which they came", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const event = new Event();
      yield* taskGroup(function* (group) {
        for (const name of ["a", "b", "c"]) {
          group.createTask(function* () {
            yield* event.wait();
            log(name);
          });
        }
        yield* sleep(5);
        event.set();
      });
    });
    expect(log.lines).toEqual(["5 a", "5 b", "5 c"]);
  });

  test("is called so where it has no name", async () => {
    await runVirtual(function* () {
      const event = new Event();
      const task = createTask(() => event.wait());
      yield* waitAllParked();
      expect(task.waitingFor).toBe("an event");
      event.set();
      yield* task;
    });
  });

  test("that is set lets everybody pass, until it is cleared", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const event = new Event();
      event.set();
      event.set();
      expect(event.isSet).toBe(true);
      yield* event.wait();
      event.clear();
      expect(event.isSet).toBe(false);
      createTask(function* () {
        yield* sleep(5);
        event.set();
      });
      yield* event.wait();
      log("set again");
    });
    expect(log.lines).toEqual(["5 set again"]);
  });

  test("that is set and cleared at once still wakes those who waited", async () => {
    await runVirtual(function* () {
      const event = new Event();
      const waiter = createTask(() => event.wait());
      yield* waitAllParked();
      event.set();
      event.clear();
      yield* waiter;
      expect(event.isSet).toBe(false);
    });
  });

  test("may be set by a callback of the host, in a run that waits for nothing else", async () => {
    const event = new Event();
    setTimeout(() => event.set(), 5);
    await run(() => event.wait());
  });

  test("is awaited as often as one likes", async () => {
    await runVirtual(function* () {
      const event = new Event();
      const wait = event.wait();
      const waiters = [1, 2].map(() => createTask(() => wait));
      yield* waitAllParked();
      expect(event.statistics).toEqual({ isSet: false, waiting: 2 });
      event.set();
      for (const waiter of waiters) yield* waiter;
      expect(event.statistics).toEqual({ isSet: true, waiting: 0 });
    });
  });

  test("can be selected, and shows what is waited for", async () => {
    await runVirtual(function* () {
      const event = new Event({ name: "open" });
      const task = createTask(() => select([event.wait(), sleep(3)]));
      yield* waitAllParked();
      expect(task.waitingFor).toBe('the first of event "open", sleep 3 ms');
      expect((yield* task).index).toBe(1);
      expect(event.statistics.waiting).toBe(0);
      event.set();
      expect((yield* select([event.wait(), sleep(3)])).index).toBe(0);
    });
  });

  test("S23: is a deadlock where nothing is left that could set it", async () => {
    await expect(runVirtual(() => new Event({ name: "never" }).wait())).rejects.toThrow(/event "never"/);
    await expect(runVirtual(() => new Event().wait())).rejects.toThrow(DeadlockError);
  });

  test("is exported under the name that browsers leave free, too", () => {
    expect(AsyncEvent).toBe(Event);
  });
});

describe("S7: an event and a cancellation", () => {
  test.each(["cancelled, then set", "set, then cancelled"])("%s in one turn", async (order) => {
    const log: string[] = [];
    await runVirtual(function* () {
      const event = new Event();
      const task = createTask(function* () {
        yield* event.wait();
        log.push("woken");
        yield;
        log.push("goes on");
      });
      yield* waitAllParked();
      if (order === "cancelled, then set") {
        void task.cancel();
        event.set();
      } else {
        event.set();
        void task.cancel();
      }
      yield* waitAllParked();
      expect(task.cancelled).toBe(true);
    });
    expect(log).toEqual(order === "cancelled, then set" ? [] : ["woken"]);
  });

  test("S5: a wait for what is set is a checkpoint", async () => {
    await runVirtual(function* () {
      const event = new Event();
      event.set();
      let passed = false;
      yield* moveOnAfter(0, function* () {
        yield* event.wait();
        passed = true;
      });
      expect(passed).toBe(false);
    });
  });

  test("a million waiters that were cancelled leave nothing", { timeout: 60_000 }, async () => {
    await runVirtual(function* () {
      const event = new Event();
      yield* cancelAMillion(() => event.wait());
      expect(event.statistics).toEqual({ isSet: false, waiting: 0 });
    });
  });

  test("in any order", { timeout: 60_000 }, async () => {
    await everyOrder(function* () {
      const event = new Event();
      const woken: string[] = [];
      const waiter = (name: string) =>
        function* (): Awaitable<void> {
          yield* event.wait();
          woken.push(name);
        };
      yield* taskGroup(function* (group) {
        const victim = group.createTask(waiter("victim"));
        group.createTask(waiter("other"));
        group.createTask(function* () {
          yield;
          void victim.cancel();
          yield;
          event.clear();
          event.set();
        });
        group.createTask(function* () {
          event.set();
          yield;
        });
      });
      expect(woken).toContain("other");
      expect(event.statistics).toEqual({ isSet: true, waiting: 0 });
    });
  });
});
