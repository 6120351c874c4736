import { describe, expect, test } from "vitest";
import {
  all,
  createTask,
  DeadlockError,
  EventLoop,
  moveOnAfter,
  Once,
  run,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript, waitAllParked } from "../testing/index.ts";
import { everyOrder } from "../../tests/support/explored.ts";
import { cancelAMillion, thrownBy } from "../../tests/support/waiters.ts";

/** Counts how often it is run. */
function counted(ms: number, log: (line: string) => void = () => {}): Once<number> {
  let runs = 0;
  return new Once(
    function* () {
      const n = ++runs;
      log(`begins ${n}`);
      try {
        yield* sleep(ms);
        return n;
      } finally {
        log(`ends ${n}`);
      }
    },
    { name: "count" },
  );
}

describe("a once", () => {
  test("runs its body when somebody first asks, and gives all the same value", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const once = counted(10, log);
      expect(once.statistics).toEqual({ state: "not begun", runner: undefined, waiting: 0 });
      expect(once.tryGet()).toBeUndefined();
      yield* sleep(5);
      expect(yield* all([once.get(), once.get(), once.get()])).toEqual([1, 1, 1]);
      expect(yield* once.get()).toBe(1);
      expect([once.tryGet(), once.done]).toEqual([1, true]);
      expect(once.statistics).toEqual({ state: "done", runner: undefined, waiting: 0 });
    });
    expect(log.lines).toEqual(["5 begins 1", "15 ends 1"]);
  });

  test("may give nothing: that is done, too", async () => {
    await runVirtual(function* () {
      let runs = 0;
      const once = new Once(function* () {
        runs++;
        yield;
      });
      for (let n = 0; n < 3; n++) expect(yield* once.get()).toBeUndefined();
      expect([runs, once.done]).toEqual([1, true]);
    });
  });

  test("shows who runs it, and what others wait for", async () => {
    await runVirtual(function* () {
      const once = counted(10);
      const one = createTask(() => once.get(), { name: "one" });
      const two = createTask(() => once.get());
      yield* waitAllParked();
      expect(once.statistics).toEqual({ state: "running", runner: one.name, waiting: 1 });
      expect(two.waitingFor).toBe(`once "count", which ${one.name} runs`);
      expect(yield* two).toBe(1);
    });
  });

  test("that fails tells all who waited, and tries again when it is asked again", async () => {
    await runVirtual(function* () {
      let runs = 0;
      const once = new Once(function* () {
        yield* sleep(1);
        if (++runs === 1) throw new Error("not yet");
        return runs;
      });
      const errors = yield* all([1, 2, 3].map(() => thrownBy(() => once.get())));
      expect(errors).toEqual(Array.from({ length: 3 }, () => "Error: not yet"));
      expect(once.statistics).toEqual({ state: "not begun", runner: undefined, waiting: 0 });
      expect(yield* once.get()).toBe(2);
    });
  });

  test("that fails at once, or cannot begin, is as if it had not been asked", async () => {
    await runVirtual(function* () {
      const once = new Once((): Awaitable<number> => {
        throw new Error("at once");
      });
      expect(yield* thrownBy(() => once.get())).toBe("Error: at once");
      expect(once.statistics.state).toBe("not begun");
    });
  });

  test("refuses to be asked by its own body, and a body that is none", async () => {
    expect(() => new Once(3 as never)).toThrow(/Cannot run 3 once: give a function/);
    await runVirtual(function* () {
      const once: Once<number> = new Once((): Awaitable<number> => once.get());
      expect(yield* thrownBy(() => once.get())).toMatch(
        /Cannot get a once in \S+: this task is making it, and would wait for itself/,
      );
    });
  });

  test("S23: is a circle where the body waits for a task that asks for it", async () => {
    const program = runVirtual(function* () {
      const once: Once<number> = new Once(function* (): Awaitable<number> {
        return yield* createTask(() => once.get());
      });
      createTask(() => sleep(1000));
      yield* once.get();
    });
    await expect(program).rejects.toThrow(DeadlockError);
  });

  test("is made for tasks of two loops, which is no deadlock", async () => {
    const once = counted(20);
    const first = run(() => once.get());
    const second = new EventLoop().runUntilComplete(() => once.get());
    expect(await Promise.all([first, second])).toEqual([1, 1]);
  });
});

describe("S7: a once whose runner is cancelled", () => {
  test("is begun anew by whoever has waited longest, after the cleanup", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const once = counted(10, log);
      const one = createTask(() => timeout(5, () => once.get()));
      const others = [1, 2].map(() => createTask(() => once.get()));
      expect(yield* thrownBy(() => one)).toBe("TimeoutError: Timed out after 5 ms.");
      for (const other of others) expect(yield* other).toBe(2);
    });
    expect(log.lines).toEqual(["0 begins 1", "5 ends 1", "5 begins 2", "15 ends 2"]);
  });

  test("is as if nobody had asked where nobody waits", async () => {
    await runVirtual(function* () {
      const once = counted(10);
      yield* moveOnAfter(5, () => once.get());
      expect(once.statistics).toEqual({ state: "not begun", runner: undefined, waiting: 0 });
      expect(yield* once.get()).toBe(2);
    });
  });

  test("passes over those who were cancelled, too", async () => {
    await runVirtual(function* () {
      const once = counted(10);
      const [one, two, three] = [1, 2, 3].map(() => createTask(() => once.get()));
      yield* sleep(1);
      void one!.cancel();
      void two!.cancel();
      expect(yield* three!).toBe(2);
    });
  });

  test("is handed on by one that took over and is cancelled in the same turn", async () => {
    await runVirtual(function* () {
      const once = counted(10);
      const [one, two, three] = [1, 2, 3].map(() => createTask(() => once.get()));
      yield* sleep(1);
      yield* one!.cancel();
      expect(once.statistics.runner).toBe(two!.name);
      void two!.cancel();
      expect(yield* three!).toBe(3);
    });
  });

  test("S5: nothing is begun by a task that is being cancelled", async () => {
    await runVirtual(function* () {
      const once = counted(0);
      yield* moveOnAfter(0, () => once.get());
      expect(yield* once.get()).toBe(1);
    });
  });

  test("a million waiters that were cancelled leave nothing", { timeout: 60_000 }, async () => {
    await runVirtual(function* () {
      const once = new Once(() => sleepForever());
      const runner = createTask(() => once.get());
      yield;
      yield* cancelAMillion(() => once.get());
      expect(once.statistics.waiting).toBe(0);
      yield* runner.cancel();
    });
  });

  test("in any order", { timeout: 60_000 }, async () => {
    await everyOrder(function* () {
      let running = 0;
      const once = new Once(function* () {
        expect(++running).toBe(1);
        try {
          yield;
          return "made";
        } finally {
          running--;
        }
      });
      let got = 0;
      const ask = function* (): Awaitable<void> {
        expect(yield* once.get()).toBe("made");
        got++;
      };
      yield* taskGroup(function* (group) {
        const victim = group.createTask(ask);
        group.createTask(ask);
        group.createTask(function* () {
          void victim.cancel();
          yield* ask();
        });
      });
      expect(got).toBeGreaterThanOrEqual(2);
      expect(once.statistics).toEqual({ state: "done", runner: undefined, waiting: 0 });
    });
  });
});
