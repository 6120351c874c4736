import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  call,
  createTask,
  DeadlockError,
  EventLoop,
  Future,
  moveOnAfter,
  runningLoop,
  sleep,
  timeout,
  until,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "./index.ts";
import { UnderWay } from "./under-way.ts";

/** A promise that the platform resolves, after real time. */
const later = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => setTimeout(resolve, ms, value));

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

describe("runVirtual", () => {
  test("has run a program to its end when it returns, if that never waits for the outside", async () => {
    const log: string[] = [];
    const ended = runVirtual(function* () {
      const task = createTask(() => sleep(1e6));
      yield* timeout(1e9, () => task);
      log.push("ended");
    });
    expect(log).toEqual(["ended"]);
    await ended;
  });

  test("gives a promise's value, and throws its error", async () => {
    expect(await runVirtual(() => until(Promise.resolve(7)))).toBe(7);
    const failing = runVirtual(() => until(Promise.reject(new Error("no"))));
    await expect(failing).rejects.toThrow("no");
  });

  test("hears of promises that have settled before time jumps", async () => {
    const log = transcript();
    await runVirtual(function* () {
      log(`${yield* timeout(1000, () => until(Promise.resolve("a promise")))}`);
      const chain = Promise.resolve().then(() => Promise.resolve().then(() => "a chain"));
      log(`${yield* timeout(1000, () => until(chain))}`);
      yield* sleep(1);
      log(`${yield* timeout(1, () => call(async () => "a call"))}`);
    });
    expect(log.lines).toEqual(["0 a promise", "0 a chain", "1 a call"]);
  });

  test("hears of futures that are settled after it has returned", async () => {
    const future = new Future<string>();
    const ended = runVirtual(() => timeout(1000, () => future));
    future.setResult("settled");
    expect(await ended).toBe("settled");
  });
});

describe("virtual time", () => {
  test("stands still while the platform is still to resolve a promise: no deadline fires before", async () => {
    const log = transcript();
    await runVirtual(function* () {
      createTask(function* () {
        yield* sleep(1);
        log("a sleeper");
      });
      log(`${yield* timeout(1000, () => until(later(5, "a real timer")))}`);
      log(`${yield* timeout(1000, () => until(readFile(import.meta.filename).then(() => "a real file")))}`);
      yield* sleep(10);
    });
    expect(log.lines).toEqual(["0 a real timer", "0 a real file", "1 a sleeper"]);
  });

  test("stands still while the platform is still to settle a future", async () => {
    const answer = await runVirtual(function* () {
      const future = new Future<string>();
      setTimeout(() => future.setResult("settled"), 5);
      return `${yield* timeout(1000, () => future)} at ${runningLoop().time()}`;
    });
    expect(answer).toBe("settled at 0");
  });

  test("jumps over a wait for the outside to which nothing can come", async () => {
    const log = transcript();
    await runVirtual(function* () {
      const { expired } = yield* moveOnAfter(1000, () => until(new Promise(() => {})));
      log(`expired: ${expired}`);
      const future = new Future<string>();
      createTask(function* () {
        yield* sleep(500);
        future.setResult("by a task");
      });
      log(yield* future);
    });
    expect(log.lines).toEqual(["1000 expired: true", "1500 by a task"]);
  });

  test("jumps though the platform is at work, when no task waits for that", async () => {
    const clock = new VirtualClock();
    const timer = setTimeout(() => {}, 1e6);
    await EventLoop.run(() => sleep(1e6), { host: clock });
    expect(clock.now()).toBe(1e6);
    clearTimeout(timer);
  });

  test("does not wait for what the platform had under way before the clock was made", async () => {
    const runnersOwn = setTimeout(() => {}, 1e6);
    try {
      const { expired } = await runVirtual(() => moveOnAfter(1000, () => until(new Promise(() => {}))));
      expect(expired).toBe(true);
    } finally {
      clearTimeout(runnersOwn);
    }
  });

  test("of several clocks at once: they do not wait for each other's standing still", async () => {
    const programs = Array.from({ length: 3 }, () =>
      runVirtual(function* () {
        for (let i = 0; i < 3; i++) yield* moveOnAfter(1000, () => until(new Promise(() => {})));
        yield* timeout(1000, () => until(later(3, "real")));
        return runningLoop().time();
      }),
    );
    expect(await Promise.all(programs)).toEqual([3000, 3000, 3000]);
  });

  test("that stands still for long says so, once, and what it waits for", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (now += 300));
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const program = runVirtual(function* () {
      yield* sleep(42);
      yield* until(later(30, "real"));
    });
    await program;
    expect(warn.mock.calls).toEqual([
      [
        "cede: Virtual time stands still at 42 ms: a task waits for the outside, and the platform has work under " +
          "way that may end that (Timeout). End it, or let the task wait in another way.",
      ],
    ]);
  });
});

describe("S23: on a virtual clock, a wait for the outside", () => {
  test("is no deadlock while something can still come", async () => {
    expect(await runVirtual(() => until(later(5, "came")))).toBe("came");
  });

  test("is a deadlock once nothing can come", async () => {
    const error: unknown = await runVirtual(() => until(new Promise(() => {}))).catch(
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(DeadlockError);
    expect((error as Error).message).toMatch(/ {2}main#\d+ waits for a promise$/);
  });

  test("is a deadlock once what could have brought it has come to nothing", async () => {
    let came = false;
    const program = runVirtual(function* () {
      setTimeout(() => (came = true), 5);
      yield* until(new Promise(() => {}));
    });
    await expect(program).rejects.toThrow(DeadlockError);
    expect(came).toBe(true);
  });

  test("is a deadlock in cleanup too: that is abandoned, and the program ends", async () => {
    const kinds: string[] = [];
    const program = runVirtual(
      function* () {
        try {
          yield* new Future<void>("gate");
        } finally {
          yield* until(new Promise(() => {}));
        }
      },
      { onReport: ({ kind }) => kinds.push(kind) },
    );
    await expect(program).rejects.toThrow(/waits for future "gate"/);
    expect(kinds).toEqual(["slow-cleanup", "cleanup-abandoned"]);
  });
});

describe("what the platform has under way", () => {
  test("is told by kind, without what was there before", () => {
    const before = setTimeout(() => {}, 1e6);
    const underWay = new UnderWay();
    expect(underWay.kinds()).toEqual([]);
    const timer = setTimeout(() => {}, 1e6);
    const immediate = setImmediate(() => {});
    expect(underWay.kinds()).toEqual(["Timeout", "Immediate"]);
    clearTimeout(timer);
    clearImmediate(immediate);
    expect(underWay.kinds()).toEqual([]);
    clearTimeout(before);
  });

  test("is not hidden by what was there before and has ended", () => {
    const before = setTimeout(() => {}, 1e6);
    const underWay = new UnderWay();
    clearTimeout(before);
    expect(underWay.kinds()).toEqual([]);
    const timer = setTimeout(() => {}, 1e6);
    expect(underWay.kinds()).toEqual(["Timeout"]);
    clearTimeout(timer);
  });

  // As in browsers, and where the function is there but knows nothing.
  test.each([
    ["has no such function", undefined],
    ["knows of nothing", () => []],
    [
      "only pretends to have the function",
      () => {
        throw new Error("not implemented");
      },
    ],
  ])(
    "is not known where the platform %s: time jumps when what has settled was heard of",
    async (_, answer) => {
      const real = process.getActiveResourcesInfo;
      (process as { getActiveResourcesInfo?: unknown }).getActiveResourcesInfo = answer;
      try {
        vi.resetModules();
        const { runVirtual } = await import("./index.ts");
        const { Future, moveOnAfter, until, runningLoop } = await import("../index.ts");
        const future = new Future<string>();
        const ended = runVirtual(function* () {
          const settled = yield* until(Promise.resolve("settled"));
          const { expired } = yield* moveOnAfter(1000, () => until(new Promise(() => {})));
          // Nobody can tell whether something comes: no deadlock is told, and what comes is heard of.
          return [settled, expired, runningLoop().time(), yield* future];
        });
        setTimeout(() => future.setResult("later"), 10);
        expect(await ended).toEqual(["settled", true, 1000, "later"]);
      } finally {
        process.getActiveResourcesInfo = real;
      }
    },
  );
});
