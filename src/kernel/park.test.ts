import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  currentTask,
  DeadlockError,
  EventLoop,
  moveOnAfter,
  runSync,
  sleep,
  type Awaitable,
} from "../index.ts";
import { park, type ParkedWait } from "../lowlevel.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";

describe("a wait of one's own", () => {
  test("ends with what it is completed with, or fails", async () => {
    const results = await runVirtual(function* () {
      const waits: ParkedWait<number>[] = [];
      const wait = (): Awaitable<number> => park({ label: "a number" }, (wait) => void waits.push(wait));
      createTask(function* () {
        expect(waits[0]!.complete(1)).toBe(true);
        yield;
        yield;
        expect(waits[1]!.fail(new Error("no number"))).toBe(true);
      });
      const results: unknown[] = [yield* wait()];
      try {
        yield* wait();
      } catch (error) {
        results.push(String(error));
      }
      return results;
    });
    expect(results).toEqual([1, "Error: no number"]);
  });

  test("may be ended while it is arranged: then it does not park", async () => {
    const order: string[] = [];
    const result = await runVirtual(function* () {
      createTask(function* () {
        order.push("another task");
      });
      const result = yield* park<string>({ label: "at once" }, (wait) => {
        expect(wait.complete("there")).toBe(true);
        expect(wait.complete("again")).toBe(false);
        return () => order.push("undone");
      });
      order.push("main");
      yield;
      return result;
    });
    expect(result).toBe("there");
    expect(order).toEqual(["main", "another task"]);
  });

  test("may fail while it is arranged", async () => {
    const program = runVirtual(() =>
      park({ label: "at once" }, (wait) => {
        wait.fail(new Error("not to be had"));
      }),
    );
    await expect(program).rejects.toThrow("not to be had");
  });

  test("whose arranging throws, throws that, and is over for whoever was given it", async () => {
    let given!: ParkedWait<number>;
    const log: string[] = [];
    await runVirtual(function* () {
      try {
        yield* park<number>({ label: "a number" }, (wait) => {
          given = wait;
          throw new Error("cannot arrange");
        });
      } catch (error) {
        log.push(String(error));
      }
      expect(given.complete(1)).toBe(false);
      yield* sleep(1);
    });
    expect(log).toEqual(["Error: cannot arrange"]);
  });

  test("S7: exactly one wins: what comes later is told so", async () => {
    await runVirtual(function* () {
      let given!: ParkedWait<string>;
      createTask(function* () {
        expect(given.complete("first")).toBe(true);
        expect(given.complete("second")).toBe(false);
        expect(given.fail(new Error("third"))).toBe(false);
        yield;
      });
      expect(yield* park<string>({ label: "a word" }, (wait) => void (given = wait))).toBe("first");
      expect(given.complete("late")).toBe(false);
    });
  });

  test("S7: undoes once, when it is cancelled, and refuses what comes after", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      let given!: ParkedWait<string>;
      const { expired } = yield* moveOnAfter(5, () =>
        park<string>({ label: "a word" }, (wait) => {
          given = wait;
          return () => log("undone");
        }),
      );
      expect(expired).toBe(true);
      expect(given.complete("late")).toBe(false);
      expect(given.fail(new Error("late"))).toBe(false);
      yield* sleep(5);
    });
    expect(log.lines).toEqual(["5 undone"]);
  });

  test("S7: what was completed before the cancellation came is delivered", async () => {
    const log: string[] = [];
    await runVirtual(function* () {
      let given!: ParkedWait<string>;
      const task = createTask(function* () {
        log.push(yield* park<string>({ label: "a word" }, (wait) => void (given = wait)));
        yield; // here it is cancelled
        log.push("went on");
      });
      yield;
      expect(given.complete("delivered")).toBe(true);
      task.cancel();
      yield* sleep(1);
    });
    expect(log).toEqual(["delivered"]);
  });

  test("S5: a task that is being cancelled arranges nothing", async () => {
    let arranged = 0;
    await runVirtual(function* () {
      createTask(function* () {
        currentTask()!.cancel();
        yield* park({ label: "nothing" }, () => void arranged++);
      });
      yield* sleep(1);
    });
    expect(arranged).toBe(0);
  });

  test("S5: a task that is cancelled while it arranges is unwound, and what it arranged is undone", async () => {
    const lines: string[] = [];
    const { cancelled } = await runVirtual(() =>
      cancelScope(function* (scope) {
        yield* park({ label: "what never comes" }, () => {
          scope.cancel();
          lines.push("arranged");
          return () => lines.push("undone");
        });
        lines.push("wrong");
      }),
    );
    expect([cancelled, lines]).toEqual([true, ["arranged", "undone"]]);
  });

  test("an undo that throws is reported, and the cancellation goes on", async () => {
    const reports: string[] = [];
    const result = await runVirtual(
      () =>
        moveOnAfter(5, () =>
          park({ label: "a word" }, () => () => {
            throw new Error("cannot undo");
          }),
        ),
      { onReport: ({ kind, message }) => reports.push(`${kind}: ${message}`) },
    );
    expect(result.expired).toBe(true);
    expect(reports).toEqual(["late-error: Aborting a word failed: Error: cannot undo"]);
  });

  test("is arranged anew each time it is awaited", async () => {
    let arranged = 0;
    const tick = park<number>({ label: "a tick" }, (wait) => void wait.complete(++arranged));
    expect(runSync(function* () {
      return [yield* tick, yield* tick, yield* tick];
    })).toEqual([1, 2, 3]); // prettier-ignore
  });

  test("may be ended from outside the loop", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const ended = loop.runUntilComplete(() =>
      park<string>({ label: "a word" }, (wait) => {
        clock.later(() => wait.complete("from outside"));
      }),
    );
    clock.runAll();
    expect(await ended).toBe("from outside");
  });

  test("10,000 cancelled waits on one AbortSignal leave no listener", async () => {
    const { signal } = new AbortController();
    const aborted = park<void>({ label: "an abort" }, (wait) => {
      const onAbort = (): void => void wait.complete();
      signal.addEventListener("abort", onAbort);
      return () => signal.removeEventListener("abort", onAbort);
    });
    let most = 0;
    await runVirtual(function* () {
      for (let i = 0; i < 10_000; i++) {
        yield* moveOnAfter(0.5, () => aborted);
        most = Math.max(most, getEventListeners(signal, "abort").length);
      }
      const tasks = Array.from({ length: 100 }, () => createTask(aborted));
      yield;
      most = Math.max(most, getEventListeners(signal, "abort").length);
      for (const task of tasks) task.cancel();
      yield;
    });
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(most).toBe(100);
  });
});

describe("S23: whether the outside may end it", () => {
  const stuck = coroutine(function* stuck(external: boolean | undefined): Awaitable<void> {
    yield* park({ label: "what never comes", ...(external !== undefined && { external }) }, () => {});
  });
  /** The host is not exhausted in it: a deadlock is found by the loop, or not at all. */
  class EndlessClock extends VirtualClock {
    override onExhausted(): () => void {
      return () => {};
    }
  }
  const outcome = async (external: boolean | undefined): Promise<string> => {
    const clock = new EndlessClock();
    let outcome = "still waits";
    const ended = new EventLoop({ host: clock })
      .runUntilComplete(() => stuck(external))
      .then(
        () => (outcome = "ended"),
        (error: Error) => (outcome = error.message),
      );
    clock.runAll();
    if (external === false) await ended;
    return outcome.replace(/\d+/, "N");
  };

  test("an internal one is a deadlock at once, when nobody can go on", async () => {
    expect(await outcome(false)).toBe(
      "Cannot go on: every task waits, and nothing is left that could wake one.\n  main#N waits for what never comes",
    );
  });

  test("an external one, which is the default, is none for the loop", async () => {
    expect(await outcome(true)).toBe("still waits");
    expect(await outcome(undefined)).toBe("still waits");
  });

  test("an external one is a deadlock when the host is exhausted", async () => {
    await expect(runVirtual(() => stuck(true))).rejects.toThrow(DeadlockError);
  });

  test("of what tasks hold is internal, unless a holder is in another loop", async () => {
    const clock = new VirtualClock();
    const other = new EventLoop({ host: clock });
    const holder = other.createTask(() => sleep(100));
    const free: (() => void)[] = [];
    holder.addDoneCallback(() => free.forEach((give) => give()));
    const loop = new EventLoop({ host: clock });
    const lock = park<string>({ label: "a lock", holders: () => [holder] }, (wait) => {
      free.push(() => wait.complete("given"));
    });
    const ended = loop.runUntilComplete(() => lock);
    clock.advance(0);
    expect(loop.statistics.external).toBe(1);
    clock.advance(100);
    expect(loop.statistics.external).toBe(0);
    expect(await ended).toBe("given");
  });

  test("S23: that only its own task could end is told at once", async () => {
    const program = runVirtual(function* () {
      createTask(sleep(10_000));
      const self = currentTask()!;
      yield* park({ label: () => "its own lock", holders: () => [self] }, () => {});
    });
    await expect(program).rejects.toThrow(/main#\d+ waits for its own lock$/);
  });

  test("without a label, or with holders of what the outside may end, is refused", () => {
    expect(() => park({} as never, () => {})).toThrow(
      new TypeError(
        "Cannot park without a label: say in words what is waited for, as in `{ label: \"lock 'db'\" }`.",
      ),
    );
    expect(() => park({ label: "x", external: true, holders: () => [] }, () => {})).toThrow(
      "Cannot park on what tasks hold and the outside may end: leave out `holders`, or `external: true`.",
    );
  });

  test("is counted right, though what it says of the outside changes", async () => {
    const options = { label: "changing", external: true };
    const loop = new EventLoop({ host: new VirtualClock() });
    await loop.runUntilComplete(() =>
      moveOnAfter(1, () => park(options, () => void (options.external = false))),
    );
    options.external = true;
    await loop.runUntilComplete(function* () {
      yield* moveOnAfter(1, () => park(options, () => {}));
      options.external = false;
    });
    expect(loop.statistics.external).toBe(0);
  });

  test("is counted right, however the wait ends", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const ended = loop.runUntilComplete(function* () {
      let given!: ParkedWait<number>;
      const wait = park<number>({ label: "a number" }, (wait) => void (given = wait));
      yield* moveOnAfter(1, () => wait);
      createTask(function* () {
        expect(loop.statistics.external).toBe(1);
        given.complete(1);
        expect(loop.statistics.external).toBe(0);
        yield;
        yield;
        given.fail(new Error("no"));
      });
      yield* wait;
      try {
        yield* wait;
      } catch {}
      yield* park<void>({ label: "at once" }, (wait) => void wait.complete());
      expect(loop.statistics.external).toBe(0);
    });
    clock.runAll();
    await ended;
    expect(loop.statistics).toEqual({ ready: 0, deadlines: 0, external: 0, hostWork: 0 });
  });
});
