import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  cede,
  coroutine,
  createTask,
  currentTask,
  EventLoop,
  Future,
  run,
  runningLoop,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  until,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";
import { failing } from "../../tests/support/small.ts";

/** Gives way a few times: some work that needs no host. */
const work = coroutine(function* work<T>(value: T): Awaitable<T> {
  for (let i = 0; i < 5; i++) yield;
  return value;
});

describe("run", () => {
  test("returns before any of main runs", async () => {
    let ran = false;
    const promise = run(() => {
      ran = true;
      return cede();
    });
    expect(ran).toBe(false);
    await promise;
    expect(ran).toBe(true);
  });

  test("resolves to main's result, or rejects with its error", async () => {
    expect(await run(() => work("result"))).toBe("result");
    expect(await run(work(1))).toBe(1);
    const error = new Error("main");
    await expect(
      run(function* () {
        yield;
        throw error;
      }),
    ).rejects.toBe(error);
  });

  test("S14: inside a run, another is awaited with until", async () => {
    const result = await run(function* () {
      return `${yield* until(run(() => work("inner")))}, then outer`;
    });
    expect(result).toBe("inner, then outer");
  });

  test("runs share the default loop: what one waits for, another may end", async () => {
    const gate = new Future<string>("gate");
    const waiting = run(() => gate);
    const loop = await run(function* () {
      gate.setResult("opened");
      return runningLoop();
    });
    expect(await waiting).toBe("opened");
    expect(await run(function* () { return runningLoop(); })).toBe(loop); // prettier-ignore
  });

  test("many at once are apart: each has its own tasks and its own end", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, i) =>
        run(function* () {
          const task = createTask(work(i));
          const value = yield* task;
          if (i % 10 === 0) throw new Error(`${i}`);
          return value;
        }),
      ),
    );
    const values = results.map((result) =>
      result.status === "fulfilled" ? result.value : `failed ${(result.reason as Error).message}`,
    );
    expect(values).toEqual(Array.from({ length: 100 }, (_, i) => (i % 10 === 0 ? `failed ${i}` : i)));
  });

  test("gives main the name it is told", async () => {
    const nameOf = coroutine(function* nameOf() {
      return currentTask()!.name.replace(/\d/g, "");
    });
    expect(await run(nameOf)).toBe("main#");
    expect(await run(nameOf, { name: "crawler" })).toBe("crawler#");
  });

  test("what cannot be run rejects, and a main that is undefined by mistake is no empty run", async () => {
    await expect(run(undefined as never)).rejects.toThrow(
      new TypeError(
        "Cannot run undefined: there is nothing to await. Write the body as `function*`, or return an awaitable.",
      ),
    );
    await expect(EventLoop.run(undefined as never)).rejects.toThrow("Cannot run undefined");
  });
});

describe("S6: a signal", () => {
  test("cancels the run, which rejects with the signal's reason after the cleanup", async () => {
    const log = transcript({ tasks: false });
    const controller = new AbortController();
    const reason = new Error("the user left");
    const program = runVirtual(
      function* () {
        createTask(function* () {
          yield* sleep(10);
          controller.abort(reason);
        });
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(5);
          log("cleaned up");
        }
      },
      { signal: controller.signal },
    );
    await expect(program).rejects.toBe(reason);
    expect(log.lines).toEqual(["15 cleaned up"]);
  });

  test("that is aborted already rejects, and main never begins", async () => {
    let began = false;
    const program = run(
      function* () {
        began = true;
      },
      { signal: AbortSignal.abort("too late") },
    );
    await expect(program).rejects.toBe("too late");
    expect(began).toBe(false);
  });

  test("rejects with a plain DOMException when it was aborted without a reason, as fetch does", async () => {
    await expect(run(() => sleepForever(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });

  test("gives way to the error of a cleanup that fails", async () => {
    const controller = new AbortController();
    const program = run(
      function* () {
        try {
          controller.abort("the reason");
          yield;
        } finally {
          throw new Error("cleanup failed");
        }
      },
      { signal: controller.signal },
    );
    await expect(program).rejects.toThrow("cleanup failed");
  });

  const cleaningUp = coroutine(function* cleaningUp(): Awaitable<void> {
    try {
      yield* sleepForever();
    } finally {
      yield* sleep(10);
    }
  });
  const failed: Record<string, [body: () => Awaitable<unknown>, error: string]> = {
    "of a deadline": [() => timeout(10, cleaningUp), "Timed out after 10 ms."],
    "of a task of a group": [
      () =>
        taskGroup(function* (group) {
          group.createTask(failing(10, "the disk is full"));
          yield* cleaningUp();
        }),
      "the disk is full",
    ],
  };
  test.each(Object.keys(failed))(
    "S12: gives way to the error %s that is on its way: no `catch` holds it up, so that every cleanup is protected",
    async (kind) => {
      const [body, error] = failed[kind]!;
      const log = transcript({ tasks: false });
      const controller = new AbortController();
      const program = runVirtual(
        function* () {
          runningLoop().callLater(15, () => controller.abort("the reason"));
          try {
            try {
              yield* body();
            } finally {
              yield* sleep(5); // entered by a throw, it would end here
              log("cleaned up");
            }
          } catch {
            log("wrong: cancelled, and goes on");
          }
        },
        { signal: controller.signal },
      );
      await expect(program).rejects.toThrow(error);
      expect(log.lines).toEqual(["25 cleaned up"]);
    },
  );

  test("that comes when main has its result changes nothing", async () => {
    const controller = new AbortController();
    const result = await run(
      function* () {
        createTask(function* () {
          try {
            yield* sleepForever();
          } finally {
            controller.abort();
          }
        });
        yield;
        return "result";
      },
      { signal: controller.signal },
    );
    expect(result).toBe("result");
    controller.abort();
  });

  test("is not listened to any more once the run has ended: 10,000 runs on one signal", async () => {
    const { signal } = new AbortController();
    const loop = new EventLoop();
    const runs = Array.from({ length: 10_000 }, () => loop.runUntilComplete(() => cede(), { signal }));
    await Promise.all(runs);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("S2: shutdownTimeout", () => {
  const slow = (log: (line: string) => void, ms: number) =>
    function* (): Awaitable<string> {
      createTask(
        function* () {
          try {
            yield* sleepForever();
          } finally {
            log("begins");
            try {
              yield* sleep(ms);
              log("cleaned up");
            } finally {
              log("left");
            }
          }
        },
        { name: "slow" },
      );
      yield* sleep(1);
      return "result";
    };

  test("is ten seconds: what exceeds it is abandoned, reported, and the run ends", async () => {
    const log = transcript({ tasks: false });
    const reports: string[] = [];
    const result = await runVirtual(slow(log, 20_000), {
      onReport: ({ kind, message }) => reports.push(`${kind}: ${message.replace(/#\d+/g, "")}`),
    });
    expect(result).toBe("result");
    expect(log.lines).toEqual(["1 begins", "10001 left"]);
    expect(reports).toEqual([
      "slow-cleanup: The cleanup of a generator in slow has taken a second, and waits for sleep 20 s: it is slow, " +
        "or it escaped its cancellation.",
      "cleanup-abandoned: The cleanup of slow exceeded its bound and was abandoned while it waited for sleep 20 s.",
    ]);
  });

  test("bounds main's cleanup, too, from when it is cancelled", async () => {
    const controller = new AbortController();
    const clock = new VirtualClock();
    const log = transcript({ tasks: false });
    const aborted = runVirtual(slow(log, 20_000), {
      host: clock,
      shutdownTimeout: 5,
      signal: controller.signal,
    });
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    expect(clock.now()).toBeLessThan(20_000);

    const failed = runVirtual(
      function* () {
        createTask(function* () {
          throw new Error("nobody looks");
        });
        try {
          yield* sleepForever();
        } finally {
          yield* sleepForever();
        }
      },
      { shutdownTimeout: 20 },
    );
    await expect(failed).rejects.toThrow("nobody looks");
  });

  test("may be longer, shorter, none at all, or none to wait for", async () => {
    for (const [shutdownTimeout, lines] of [
      [30_000, ["1 begins", "20001 cleaned up", "20001 left"]],
      [Infinity, ["1 begins", "20001 cleaned up", "20001 left"]],
      [5, ["1 begins", "6 left"]],
      [0, ["1 begins", "1 left"]], // what does not wait is done
    ] as const) {
      const log = transcript({ tasks: false });
      await runVirtual(slow(log, 20_000), { shutdownTimeout });
      expect(log.lines).toEqual(lines);
    }
  });

  // A frame that had not begun its cleanup was told once only: its outer blocks never ran.
  test("S2: what is abandoned runs each of its `finally` blocks as far as that does not wait", async () => {
    const log: string[] = [];
    const nested = coroutine(function* nested(name: string, body: () => Awaitable<void>): Awaitable<void> {
      try {
        try {
          yield* body();
        } finally {
          log.push(`${name}: begins`);
          yield* sleep(20_000);
          log.push(`${name}: never`);
        }
      } finally {
        log.push(`${name}: goes on`);
        yield* sleep(20_000);
        log.push(`${name}: never`);
      }
    });
    const program = function* (): Awaitable<void> {
      createTask(nested("caller", () => nested("callee", sleepForever)));
      yield* sleep(1);
    };
    for (const shutdownTimeout of [0, 5]) {
      await runVirtual(program, { shutdownTimeout });
      expect(log.splice(0)).toEqual([
        "callee: begins",
        "callee: goes on",
        "caller: begins",
        "caller: goes on",
      ]);
    }
  });

  test.each([NaN, -1, null])("of %s is a RangeError", async (shutdownTimeout) => {
    await expect(run(() => cede(), { shutdownTimeout: shutdownTimeout as number })).rejects.toThrow(
      new RangeError(
        `Cannot shut down within ${String(shutdownTimeout)} ms: a delay is a number of milliseconds, 0 or more ` +
          "(or Infinity).",
      ),
    );
  });

  // It stayed for ever: neither abandoned nor told.
  test("of Infinity does not keep a run whose cleanup can never end", async () => {
    const reports: string[] = [];
    const result = await runVirtual(
      function* () {
        createTask(function* () {
          try {
            yield* sleepForever();
          } finally {
            yield* new Future<void>("never");
          }
        });
        yield;
        yield;
        return "result";
      },
      { shutdownTimeout: Infinity, onReport: ({ kind }) => reports.push(kind) },
    );
    expect(result).toBe("result");
    expect(reports).toContain("cleanup-abandoned");
  });
});
