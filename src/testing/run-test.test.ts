import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  all,
  call,
  createTask,
  DeadlockError,
  defer,
  Future,
  moveOnAfter,
  runningLoop,
  sleep,
  sleepForever,
  timeout,
  TimeoutError,
  until,
  type Awaitable,
} from "../index.ts";
import { failureOf } from "../../tests/support/failure.ts";
import { runTest, transcript, VirtualClock } from "./index.ts";

/** A promise that the platform resolves, after real time. */
const later = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => setTimeout(resolve, ms, value));
const never = (): Promise<never> => new Promise(() => {});

beforeEach(() => void vi.stubEnv("CEDE_SEED", undefined));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe("runTest", () => {
  test("gives main's result, and sleeps take no time", async () => {
    const time = await runTest(function* () {
      yield* sleep(3_600_000);
      return runningLoop().time();
    });
    expect(time).toBe(3_600_000);
  });

  test("returns before main begins", async () => {
    let begun = false;
    const ended = runTest(function* () {
      begun = true;
    });
    expect(begun).toBe(false);
    await ended;
    expect(begun).toBe(true);
  });

  test("throws main's error itself, its message untouched", async () => {
    const error = new Error("no such page");
    const { message } = error;
    const caught = await failureOf(
      runTest(function* () {
        yield* sleep(1);
        throw error;
      }),
    );
    expect(caught).toBe(error);
    expect(caught.message).toBe(message);
  });

  test("S23: a deadlock fails it, with its picture in words", async () => {
    const error = await failureOf(
      runTest(function* () {
        const a = createTask(function* a(): Awaitable<void> {
          yield* new Future<void>("the answer");
        });
        yield* a;
      }),
    );
    expect(error).toBeInstanceOf(DeadlockError);
    expect(error.message).toContain('a#2 waits for future "the answer"');
  });

  test("has a clock that may be given, and looked at", async () => {
    const clock = new VirtualClock(500);
    await runTest(() => sleep(1000), { clock });
    expect(clock.now()).toBe(1500);
  });

  test("several run at once, each in its own time", async () => {
    const ends = await Promise.all(
      [3, 2, 1].map((hours) =>
        runTest(function* () {
          yield* sleep(hours * 3_600_000);
          return runningLoop().time();
        }),
      ),
    );
    expect(ends).toEqual([10_800_000, 7_200_000, 3_600_000]);
  });

  test("one may be run inside another", async () => {
    await runTest(function* () {
      expect(yield* until(runTest(() => all([sleep(1), sleep(2)])))).toHaveLength(2);
    });
  });

  test("refuses what is no program, as run does", async () => {
    await expect(runTest(undefined as never)).rejects.toThrow(TypeError);
    await expect(runTest(5 as never)).rejects.toThrow(TypeError);
  });

  test("calls nothing when it has ended", async () => {
    const clock = new VirtualClock();
    let called = false;
    await runTest(
      function* () {
        runningLoop().callLater(1000, () => (called = true));
      },
      { clock, allow: ["call-later"] },
    );
    clock.advance(5000);
    expect(called).toBe(false);
  });

  test("one clock may be used for one test after another", async () => {
    const clock = new VirtualClock();
    await runTest(() => moveOnAfter(10, () => until(never())), { clock, allow: ["host-work"], patience: 20 });
    await runTest(() => sleep(10), { clock, patience: Infinity });
    expect(clock.now()).toBe(20);
  });

  test.each(["patience", "realTimeout"] as const)("refuses a %s that is no time", async (name) => {
    await expect(runTest(() => sleep(1), { [name]: -1 })).rejects.toThrow(RangeError);
  });

  test("works with fake timers standing, and with those that come meanwhile", async () => {
    vi.useFakeTimers();
    await runTest(() => timeout(1000, () => sleep(999)));
    await expect(runTest(() => new Future<void>())).rejects.toThrow(DeadlockError);
    vi.useRealTimers();
    await runTest(function* () {
      vi.useFakeTimers();
      yield* sleep(10);
      vi.useRealTimers();
    });
  });
});

describe("signals", () => {
  test("a real one cancels the test, which throws its reason after the cleanup", async () => {
    const controller = new AbortController();
    const log = transcript();
    const ended = runTest(
      function* () {
        defer(() => log("cleaned up"));
        yield* sleep(10);
        controller.abort(new Error("enough"));
        yield* sleepForever();
      },
      { signal: controller.signal },
    );
    await expect(ended).rejects.toThrow(new Error("enough"));
    expect(log.lines).toEqual(["10 main#1 cleaned up"]);
  });

  test("one of another make does, too, and is not listened to any more afterwards", async () => {
    const target = new EventTarget();
    const listening = { now: 0 };
    const signal = {
      aborted: false,
      reason: undefined as unknown,
      addEventListener: (...args: Parameters<EventTarget["addEventListener"]>) => {
        listening.now++;
        target.addEventListener(...args);
      },
      removeEventListener: (...args: Parameters<EventTarget["removeEventListener"]>) => {
        listening.now--;
        target.removeEventListener(...args);
      },
    };
    const ended = runTest(
      function* () {
        yield* sleep(10);
        Object.assign(signal, { aborted: true, reason: "enough" });
        target.dispatchEvent(new Event("abort"));
        yield* sleepForever();
      },
      { signal: signal as unknown as AbortSignal },
    );
    await expect(ended).rejects.toBe("enough");
    expect(listening.now).toBe(0);
  });

  test("AbortSignal.timeout is real time: told when the test fails", async () => {
    const error = await failureOf(
      runTest(() =>
        call(
          (signal) =>
            new Promise((_, reject) => {
              AbortSignal.any([signal, AbortSignal.timeout(5)]).addEventListener("abort", () =>
                reject(new Error("aborted")),
              );
            }),
        ),
      ),
    );
    expect(error.message).toBe(
      "aborted\nmain#1 used AbortSignal.timeout, which is real time: the virtual clock does not know of it.",
    );
  });
});

describe("real time", () => {
  const looks = function* logs() {
    Date.now();
    yield* sleep(1);
    return "passes";
  };

  test("that does no harm is not told", async () => {
    expect(await runTest(looks)).toBe("passes");
  });

  test("that does no harm fails a strict test", async () => {
    const error = await failureOf(runTest(looks, { strict: true }));
    expect(error.message).toMatchInlineSnapshot(`
      "Cannot pass: main has ended well, but
        main#1 used Date.now, which is real time: the virtual clock does not know of it."
    `);
  });

  test("is told when a test fails: what was used, and by whom", async () => {
    const error = await failureOf(
      runTest(function* () {
        yield* createTask(function* waits() {
          yield* timeout(1000, () => new Future<void>("the bell"));
        });
      }),
    );
    expect(error.message).toBe("Timed out after 1 s.");
    const timed = await failureOf(
      runTest(function* () {
        const bell = new Future<void>("the bell");
        yield* createTask(function* waits() {
          setTimeout(() => bell.setResult(), 20);
          yield* timeout(1000, () => bell);
        });
      }),
    );
    expect(timed).toBeInstanceOf(TimeoutError);
    expect(timed.message).toBe(
      "Timed out after 1 s.\nwaits#2 used setTimeout, which is real time: the virtual clock does not know of it.",
    );
  });

  test("of the test itself is its own affair", async () => {
    const error = await failureOf(
      runTest(
        function* () {
          yield* until(later(5, "real"));
          throw new Error("no");
        },
        { strict: true },
      ),
    );
    expect(error.message).toContain("main#1 used setTimeout"); // it was called by main, in a step
    const other = later(5, "real");
    expect(await runTest(() => until(other), { strict: true })).toBe("real");
  });
});

describe("time and the outside", () => {
  test("stands still while a request is under way: a timeout does not expire for it", async () => {
    const server = createServer((_, response) => void setTimeout(() => response.end("hello"), 40));
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as { port: number };
      const get = () => call(async (signal) => (await fetch(`http://127.0.0.1:${port}`, { signal })).text());
      const log = transcript({ tasks: false });
      await runTest(function* () {
        createTask(function* () {
          for (let i = 1; i <= 2; i++) {
            yield* sleep(1000);
            log(`tick ${i}`);
          }
        });
        log(yield* timeout(100, get));
        log(yield* timeout(100, get));
        yield* sleep(5000);
      });
      expect(log.lines).toEqual(["0 hello", "0 hello", "1000 tick 1", "2000 tick 2"]);
    } finally {
      server.close();
    }
  });

  test("goes on without promises that are silent for longer than its patience, and says so if that is wrong", async () => {
    const error = await failureOf(runTest(() => timeout(5000, () => until(never())), { patience: 20 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.message).toBe(
      "Timed out after 5 s.\nVirtual time went on while promises were under way, which were silent for so long; " +
        "`patience` gives them more. Awaited by main#1.",
    );
  });

  test("a promise is waited for once: what has been silent holds nothing up any more", async () => {
    await runTest(
      function* () {
        createTask(() => until(never()));
        yield* sleep(1);
        for (let i = 0; i < 100; i++) yield* sleep(1000); // each of them held up, it would be 10 s
      },
      { allow: ["unfinished-task", "host-work"], patience: 100 },
    );
  });

  test("patience 0 jumps at once, after what has settled", async () => {
    const log = transcript({ tasks: false });
    await runTest(
      function* () {
        log(yield* timeout(10, () => until(Promise.resolve("settled"))));
        const { promise, resolve } = Promise.withResolvers<void>();
        log((yield* moveOnAfter(10, () => until(promise))).expired ? "expired" : "not expired");
        resolve();
        yield* until(promise);
      },
      { patience: 0 },
    );
    expect(log.lines).toEqual(["0 settled", "10 expired"]);
  });

  test("patience Infinity stands still until it has settled", async () => {
    expect(await runTest(() => timeout(1, () => until(later(300, "late"))), { patience: Infinity })).toBe(
      "late",
    );
  });

  test("S23: a deadlock of promises is told after ten times the patience", async () => {
    const error = await failureOf(runTest(() => until(never()), { patience: 20 }));
    expect(error.message).toContain("main#1 waits for a promise");
    expect(await runTest(() => until(later(300, "late")), { patience: 200 })).toBe("late");
  });
});

describe("a test without an end", () => {
  test("is ended by its real time, and says who waits for what", async () => {
    const error = await failureOf(
      runTest(
        function* () {
          createTask(function* ticker() {
            for (;;) yield* sleep(60_000);
          });
          yield* new Future<void>("the end");
        },
        { realTimeout: 50 },
      ),
    );
    expect(error.message).toMatch(/^Cannot end within 50 ms of real time; it is \d+ ms in virtual time\./);
    expect(error.message).toContain(
      '\n  main#1 waits for future "the end"\n  ticker#2 waits for sleep 60 s\n',
    );
  });

  test("also where it never gives way to the platform, whose timers cannot ring then", async () => {
    const error = await failureOf(
      runTest(
        function* () {
          const flag = { set: false };
          void Promise.resolve().then(() => (flag.set = true));
          while (!flag.set) yield;
        },
        { realTimeout: 50 },
      ),
    );
    expect(error.message).toContain("main#1 is ready to run, again and again");
  });
});
