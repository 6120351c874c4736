import { setImmediate } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import {
  all,
  cede,
  createTask,
  EventLoop,
  moveOnAfter,
  race,
  run,
  runningLoop,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  until,
  type Awaitable,
} from "../index.ts";
import { runVirtual, VirtualClock } from "../testing/index.ts";
import { outcome as endingOf } from "../../tests/support/host-work.ts";

interface Resolvers<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}
function withResolvers<T = string>(): Resolvers<T> {
  let resolve!: Resolvers<T>["resolve"];
  let reject!: Resolvers<T>["reject"];
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Runs a program: how it ended, what was told to the monitor alone, and what nobody handled. */
async function outcome(
  main: () => Awaitable<unknown>,
): Promise<{ ended: string; told: string[]; unhandled: string[] }> {
  const unhandled: string[] = [];
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (error) => unhandled.push(String(error)));
  try {
    const ending = await endingOf(main);
    await setImmediate();
    return { ...ending, unhandled };
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of listeners) process.on("unhandledRejection", listener);
  }
}
const late = (what: string, task = "main"): string =>
  `late-error: A promise of ${task}, ${what}, rejected: Error: late`;
const lateResult = (what: string, when = "", task = "main"): string =>
  `late-result: A promise of ${task}, ${what}, was resolved${when}.`;
const cancelledWait = "whose wait was cancelled";
const neverWaited = "that nobody waited for";

describe("until waits for", () => {
  type Then = PromiseLike<unknown>["then"];
  const thenable = (
    then: (yes: (value: unknown) => void, no: (error: unknown) => void) => void,
  ): PromiseLike<unknown> => ({
    then: then as never as Then,
  });
  const error = new Error("no");
  const promises: Record<string, [make: () => PromiseLike<unknown>, outcome: string]> = {
    "a promise that is there": [() => Promise.resolve(7), "7"],
    "a promise that has failed": [() => Promise.reject(error), "Error: no"],
    "a promise that comes": [async () => setImmediate().then(() => 7), "7"] as never,
    "a promise of a promise": [() => Promise.resolve(Promise.resolve(7)), "7"],
    "a subclass of promises": [() => new (class extends Promise<number> {})((yes) => yes(7)), "7"],
    "a thenable that calls back later": [() => thenable((yes) => queueMicrotask(() => yes(7))), "7"],
    "a thenable that calls back at once": [() => thenable((yes) => yes(7)), "7"],
    "a thenable that fails at once": [() => thenable((_, no) => no(error)), "Error: no"],
    "a thenable that throws": [() => thenable(() => { throw error; }), "Error: no"], // prettier-ignore
    "a thenable that calls back, then throws": [() => thenable((yes) => { yes(7); throw error; }), "7"], // prettier-ignore
    "a thenable that calls both, the result first": [() => thenable((yes, no) => (yes(7), no(error))), "7"],
    "a thenable that calls both, the error first": [
      () => thenable((yes, no) => (no(error), yes(7))),
      "Error: no",
    ],
    "a thenable that calls back twice": [
      () => thenable((yes) => (yes(7), yes(8), queueMicrotask(() => yes(9)))),
      "7",
    ],
    "a thenable of a thenable": [() => thenable((yes) => yes(thenable((inner) => inner(7)))), "7"],
    "a thenable of a promise that fails": [() => thenable((yes) => yes(Promise.reject(error))), "Error: no"],
    "a function with a then": [
      () => Object.assign(() => {}, { then: (yes: (value: number) => void) => yes(7) }) as never,
      "7",
    ],
    "a thenable whose then is there only once": [
      () => {
        let asked = 0;
        return {
          get then() {
            if (asked++ > 0) throw error;
            return ((yes: (value: number) => void) => yes(7)) as never;
          },
        };
      },
      "Error: no",
    ],
    "undefined, that a promise gives": [() => Promise.resolve(), "undefined"],
    "undefined, that a promise rejects with": [() => Promise.reject(undefined), "undefined"],
  };
  test.each(Object.entries(promises))("%s", async (_, [make, expected]) => {
    const result = await outcome(function* () {
      try {
        const value = yield* until(make());
        return value;
      } catch (error) {
        yield* sleep(1);
        return error;
      }
    });
    expect(result).toEqual({ ended: expected, told: [], unhandled: [] });
  });

  test("several at once, and each in its order", async () => {
    const { ended } = await outcome(function* () {
      const [a, b] = [withResolvers(), withResolvers()];
      b.resolve("b");
      void b.promise.then(() => a.resolve("a"));
      return yield* all([until(a.promise), until(b.promise), until(Promise.resolve("c"))]);
    });
    expect(ended).toBe("a,b,c");
  });

  test("the same promise as often as it is awaited", async () => {
    const { ended } = await outcome(function* () {
      const wait = until(Promise.resolve(7));
      return [yield* wait, yield* wait, ...(yield* all([wait, until(Promise.resolve(8))]))];
    });
    expect(ended).toBe("7,7,7,8");
  });

  test("a query of a builder, which is made when it is awaited, once", async () => {
    let queries = 0;
    const query = {
      then(yes: (value: number) => void) {
        queries++;
        yes(7);
      },
    } as never as PromiseLike<number>;
    await outcome(function* () {
      const wait = until(query);
      yield* sleep(1);
      expect(queries).toBe(0);
      expect(yield* wait).toBe(7);
      expect(queries).toBe(1);
      yield* moveOnAfter(0, () => until(query)); // is cancelled at its first checkpoint: it asks for nothing
      expect(queries).toBe(1);
    });
  });

  test("a promise on the real host", async () => {
    const loop = new EventLoop();
    expect(await loop.runUntilComplete(() => until(setImmediate("value")))).toBe("value");
    expect(await run(() => until(setImmediate("value")))).toBe("value");
  });

  test.each([
    [undefined, "undefined"],
    [null, "null"],
    [7, "7"],
    [{}, "an object (Object)"],
    [{ then: 7 }, "an object (Object)"],
    [sleep(1), "sleep 1 ms"],
  ])("no promise is refused at once: %s", (value, text) => {
    expect(() => until(value as never)).toThrow(
      new TypeError(
        `Cannot wait until ${text} settles: it is no promise. What is awaitable already needs only \`yield*\`.`,
      ),
    );
  });

  test("what throws when it is looked at throws that", () => {
    const hostile = { get then(): never { throw new Error("do not look"); } }; // prettier-ignore
    expect(() => until(hostile as never)).toThrow("do not look");
  });
});

describe("S9: cancelling ends the wait at once; the promise runs on", () => {
  test("its result is nobody's, and is reported with how late it was", async () => {
    const { promise, resolve } = withResolvers();
    const result = await outcome(function* () {
      const { expired } = yield* moveOnAfter(5, () => until(promise));
      yield* sleep(40);
      resolve("late");
      yield* sleep(1);
      return [expired, yield* until(promise)]; // for whoever asks again
    });
    expect(result).toEqual({
      ended: "true,late",
      told: [lateResult(cancelledWait, " 40 ms later")],
      unhandled: [],
    });
  });

  test("its result is reported, too, if it was cancelled before it began; not if nobody has asked so far", async () => {
    const [one, other] = [withResolvers(), withResolvers()];
    const result = await outcome(function* () {
      const wait = until(other.promise);
      yield* moveOnAfter(0, () => until(one.promise));
      one.resolve("late");
      other.resolve("early");
      yield* sleep(1);
      return yield* wait;
    });
    expect(result).toEqual({ ended: "early", told: [lateResult(neverWaited)], unhandled: [] });
  });

  test("it is reported only if none of its waits got it", async () => {
    for (const settle of ["resolve", "reject"] as const) {
      const resolvers = withResolvers();
      const result = await outcome(function* () {
        const other = createTask(until(resolvers.promise));
        yield;
        for (let i = 0; i < 3; i++) yield* moveOnAfter(5, () => until(resolvers.promise));
        resolvers[settle]("ok");
        try {
          return yield* other;
        } catch (error) {
          return error;
        }
      });
      expect(result).toEqual({ ended: "ok", told: [], unhandled: [] });
    }
  });

  test("it is not reported if somebody who was ready when it came begins to wait", async () => {
    const { promise, resolve } = withResolvers();
    const told: string[] = [];
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock, onReport: ({ message }) => told.push(message) });
    const again = loop.createFuture<void>();
    const ended = loop.runUntilComplete(function* () {
      yield* moveOnAfter(5, () => until(promise));
      yield* again;
      return yield* until(promise);
    });
    clock.advance(5);
    again.setResult();
    resolve("ok");
    await Promise.resolve();
    clock.advance(0);
    await Promise.resolve();
    clock.advance(0);
    expect(await ended).toBe("ok");
    expect(told).toEqual([]);
  });

  test("a promise that nobody gets is reported once, however many waits for it were cancelled", async () => {
    for (const settle of ["resolve", "reject"] as const) {
      const resolvers = withResolvers();
      const result = await outcome(function* () {
        for (let i = 0; i < 3; i++) yield* moveOnAfter(5, () => until(resolvers.promise));
        resolvers[settle](new Error("late") as never);
        yield* sleep(1);
      });
      const told = settle === "reject" ? late(cancelledWait) : lateResult(cancelledWait, " 0 ms later");
      expect(result).toEqual({ ended: "undefined", told: [told], unhandled: [] });
    }
  });

  test("a promise that lives long keeps nothing of the waits for it that were cancelled", async () => {
    const closed = new Promise<void>(() => {});
    const then = vi.spyOn(closed, "then");
    await runVirtual(function* () {
      for (let i = 0; i < 100; i++) yield* race([until(closed), cede()]);
      expect(then).toHaveBeenCalledOnce();
      expect(runningLoop().statistics.hostWork).toBe(1);
    });
  });

  test("a late result is told, and not printed", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const told: string[] = [];
    const { promise, resolve } = withResolvers();
    const main = function* () {
      yield* moveOnAfter(5, () => until(promise));
      resolve("late");
      yield* sleep(1);
    };
    await runVirtual(main, { monitor: { report: ({ kind }) => told.push(kind) } });
    expect(told).toEqual(["late-result"]);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test("its rejection is reported, once, and is no unhandled rejection", async () => {
    const { promise, reject } = withResolvers();
    const result = await outcome(function* () {
      yield* moveOnAfter(5, () => until(promise));
      reject(new Error("late"));
      yield* until(Promise.resolve());
      return "goes on";
    });
    expect(result).toEqual({ ended: "goes on", told: [late(cancelledWait)], unhandled: [] });
  });

  test("S7: settled, then cancelled, in one turn: what it gave is delivered", async () => {
    for (const settle of ["resolve", "reject"] as const) {
      const resolvers = withResolvers();
      const lines: string[] = [];
      const result = await outcome(function* () {
        const task = createTask(function* () {
          try {
            lines.push(yield* until(resolvers.promise));
          } catch (error) {
            lines.push(String(error));
          }
          yield;
          lines.push("wrong");
        });
        yield;
        // Behind the wait's own reaction, and before the task has its step.
        void resolvers.promise.then(
          () => task.cancel(),
          () => task.cancel(),
        );
        resolvers[settle]("value");
        yield* until(new Promise((resolve) => setImmediate().then(resolve)));
        return task.cancelled;
      });
      expect(lines).toEqual(["value"]);
      expect(result).toEqual({ ended: "true", told: [], unhandled: [] });
    }
  });

  test("S7: cancelled, then settled, in one turn: the cancellation it is", async () => {
    for (const settle of ["resolve", "reject"] as const) {
      const resolvers = withResolvers();
      const result = await outcome(function* () {
        const task = createTask(until(resolvers.promise), { name: "waiter" });
        yield;
        void task.cancel();
        resolvers[settle](new Error("late") as never);
        yield* until(setImmediate());
        return task.cancelled;
      });
      expect(result).toEqual({
        ended: "true",
        told: [
          settle === "reject"
            ? late(cancelledWait, "waiter")
            : lateResult(cancelledWait, " 0 ms later", "waiter"),
        ],
        unhandled: [],
      });
    }
  });

  const before: Record<string, (promise: Promise<string>) => Awaitable<unknown>> = {
    "at its first checkpoint": (promise) => moveOnAfter(0, () => until(promise)),
    "before its task begins": (promise) => createTask(until(promise)).cancel(),
    "in a group that is cancelled": (promise) =>
      moveOnAfter(0, () =>
        taskGroup(function* (group) {
          group.createTask(until(promise));
        }),
      ),
    "in all, whose deadline has passed": (promise) =>
      moveOnAfter(0, () => all([until(promise), sleepForever()])),
    "and awaited never": function* (promise) {
      until(promise);
    },
  };
  test.each(Object.entries(before))(
    "before it began, %s: a rejection is reported as well",
    async (_, wait) => {
      const { promise, reject } = withResolvers();
      const result = await outcome(function* () {
        yield* wait(promise);
        yield* sleep(1);
        reject(new Error("late"));
        yield* until(setImmediate());
        return "goes on";
      });
      expect(result).toEqual({ ended: "goes on", told: [late(neverWaited)], unhandled: [] });
    },
  );

  test("a rejection that comes while the task has not begun is its own, and not reported", async () => {
    const result = await outcome(function* () {
      const task = createTask(until(Promise.reject(new Error("late"))));
      try {
        yield* task;
      } catch (error) {
        return error;
      }
    });
    expect(result).toEqual({ ended: "Error: late", told: [], unhandled: [] });
  });

  test("a rejection that comes a moment before somebody begins to wait is theirs alone", async () => {
    const { promise, reject } = withResolvers();
    const told: string[] = [];
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock, onReport: ({ message }) => told.push(message) });
    const made = loop.runUntilComplete(function* () {
      return { wait: until(promise) };
    });
    clock.runAll();
    const { wait } = await made;
    const task = loop.createTask(wait);
    reject(new Error("late"));
    await Promise.resolve();
    clock.advance(0); // it begins to wait; the platform's promises come after
    expect(await task.then(String, String)).toBe("Error: late");
    expect(told).toEqual([]);
  });

  test("a shield waits for it all the same; in cleanup it is awaited like anything", async () => {
    const { promise, resolve } = withResolvers();
    const lines: string[] = [];
    const result = await outcome(function* () {
      const task = createTask(function* () {
        try {
          yield* shield(() => until(promise));
          lines.push("shielded");
          yield;
        } finally {
          lines.push(yield* until(setImmediate("cleaned up")));
        }
      });
      yield;
      void task.cancel();
      resolve("value");
      yield* task.cancel();
      return task.cancelled;
    });
    expect(lines).toEqual(["shielded", "cleaned up"]);
    expect(result).toEqual({ ended: "true", told: [], unhandled: [] });
  });

  test("a timeout that it keeps waiting throws", async () => {
    const result = await outcome(() => timeout(5, () => until(new Promise(() => {}))));
    expect(result).toEqual({ ended: "TimeoutError: Timed out after 5 ms.", told: [], unhandled: [] });
  });
});
