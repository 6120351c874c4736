import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  all,
  call,
  cancelScope,
  CancelledError,
  createTask,
  EventLoop,
  moveOnAfter,
  run,
  shield,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
  until,
  type Awaitable,
  type CancelScope,
} from "../index.ts";
import { runVirtual, VirtualClock } from "../testing/index.ts";
import { outcome } from "../../tests/support/host-work.ts";

/** Host work that ends when it is told to, and notes what becomes of its signal. */
class Work {
  signal: AbortSignal | null = null;
  promise!: Promise<string>;
  resolve!: (value: string) => void;
  reject!: (error: unknown) => void;
  /** For `call`. */
  readonly start = (signal: AbortSignal): Promise<string> => {
    this.signal = signal;
    return (this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    }));
  };
  /** As `fetch` does. */
  readonly startAbortable = (signal: AbortSignal): Promise<string> => {
    signal.addEventListener("abort", () => this.reject(signal.reason));
    return this.start(signal);
  };
}

describe("call", () => {
  test("gives what the promise gives, and leaves its signal alone", async () => {
    const work = new Work();
    const result = await outcome(function* () {
      createTask(function* () {
        yield* sleep(5);
        work.resolve("value");
      });
      const value = yield* call(work.start);
      yield* sleep(5);
      return value;
    });
    expect(result).toEqual({ ended: "value", told: [] });
    expect(work.signal!.aborted).toBe(false);
  });

  const failures: Record<string, [fn: (signal: AbortSignal) => never, error: string]> = {
    "what the promise rejects with": [(async () => { throw new Error("no"); }) as never, "Error: no"], // prettier-ignore
    "what the function throws": [() => { throw new Error("thrown"); }, "Error: thrown"], // prettier-ignore
    "an AbortError that nobody asked for": [(async () => { throw new DOMException("gone", "AbortError"); }) as never, "AbortError: gone"], // prettier-ignore
    "that no promise was returned": [
      (() => 7) as never,
      "TypeError: Cannot wait until 7 settles: it is no promise. What is awaitable already needs only `yield*`.",
    ],
    "that an awaitable was returned": [
      (() => sleep(1)) as never,
      "TypeError: Cannot wait until sleep 1 ms settles: it is no promise. What is awaitable already needs only `yield*`.",
    ],
  };
  test.each(Object.entries(failures))("throws %s, which can be caught", async (_, [fn, error]) => {
    let signal!: AbortSignal;
    const result = await outcome(function* () {
      try {
        yield* call((given) => ((signal = given), fn(given)));
      } catch (error) {
        yield* sleep(1);
        return error;
      }
    });
    expect(result).toEqual({ ended: error, told: [] });
    expect(signal.aborted).toBe(false);
  });

  test("begins nothing before it is awaited, nor where a cancellation is due", async () => {
    let calls = 0;
    const work = (): Promise<number> => Promise.resolve(++calls);
    await outcome(function* () {
      const later = call(work);
      yield* sleep(1);
      expect(calls).toBe(0);
      yield* moveOnAfter(0, () => call(work));
      yield* createTask(call(work)).cancel();
      expect(calls).toBe(0);
      expect(yield* later).toBe(1);
    });
  });

  test("asks a foreign thenable once", async () => {
    let asked = 0;
    const query = {
      then(yes: (value: number) => void) {
        asked++;
        queueMicrotask(() => yes(7));
      },
    } as never as PromiseLike<number>;
    const result = await outcome(function* () {
      yield* moveOnAfter(0, () => call(() => query));
      return [yield* call(() => query), asked];
    });
    expect(result).toEqual({ ended: "7,1", told: [] });
  });

  test.each([NaN, -1, null])("S17: a settleTimeout of %s is a RangeError, at once", (settleTimeout) => {
    expect(() => call(async () => {}, { settleTimeout: settleTimeout as number })).toThrow(
      new RangeError(
        `Cannot wait for host work to settle for ${settleTimeout} ms: a delay is a number of milliseconds, 0 or more (or ` +
          "Infinity).",
      ),
    );
  });

  test("works on the real host", async () => {
    expect(await run(() => call((signal) => setImmediate("value", { signal })))).toBe("value");
  });
});

describe("S9: cancelling a call aborts its signal, and waits for the promise to settle", () => {
  test("that rejects with the signal's reason: that is what was asked for", async () => {
    const work = new Work();
    const lines: string[] = [];
    const result = await outcome(function* () {
      const task = createTask(function* () {
        try {
          yield* call(work.startAbortable);
        } catch {
          lines.push("wrong");
        } finally {
          lines.push("finally");
        }
      });
      yield* sleep(1);
      yield* task.cancel("enough");
      return task.cancelled;
    });
    expect(result).toEqual({ ended: "true", told: [] });
    expect(lines).toEqual(["finally"]);
    expect(work.signal!.reason).toBeInstanceOf(CancelledError);
    expect(work.signal!.reason).toMatchObject({
      reason: "enough",
      message: expect.stringMatching(/^task task#\d+ was cancelled by main#1: enough$/) as unknown,
      task: expect.stringMatching(/^task#\d+$/) as unknown,
      by: expect.stringMatching(/^main#\d+$/) as unknown,
    });
  });

  const reasons: Record<string, [wait: (work: Work) => Awaitable<unknown>, expected: unknown]> = {
    "the error that a task is cancelled with": [
      function* (work) {
        const task = createTask(call(work.startAbortable));
        yield;
        yield* task.cancel(new Error("why"));
      },
      new Error("why"),
    ],
    "the TimeoutError of a timeout": [
      function* (work) {
        try {
          yield* timeout(5, () => call(work.startAbortable));
        } catch (error) {
          expect(error).toBe(work.signal!.reason);
        }
      },
      new TimeoutError("Timed out after 5 ms.", 5, { by: "main#1" }),
    ],
    "a CancelledError where nobody gave a reason": [
      (work) => moveOnAfter(5, () => call(work.startAbortable)),
      expect.objectContaining({ name: "CancelledError", reason: undefined }),
    ],
    "that of the outermost cancellation, where two come at once": [
      function* (work) {
        let inner!: CancelScope;
        const task = createTask(() => cancelScope((scope) => ((inner = scope), call(work.startAbortable))));
        yield;
        inner.cancel(new Error("inner"));
        yield* task.cancel(new Error("outer"));
      },
      new Error("outer"),
    ],
    "that of its task, not the later one of the group around it": [
      (work) =>
        cancelScope((scope) =>
          taskGroup(function* (group) {
            const task = group.createTask(call(work.startAbortable));
            yield;
            void task.cancel(new Error("first"));
            scope.cancel(new Error("second"));
            yield;
          }),
        ),
      new Error("first"),
    ],
    "the failure of a sibling in all": [
      function* (work) {
        try {
          yield* all([
            call(work.startAbortable),
            (function* () {
              yield* sleep(1);
              throw new Error("sibling");
            })(),
          ]);
        } catch {}
      },
      new Error("sibling"),
    ],
  };
  test.each(Object.entries(reasons))("the reason is %s", async (_, [wait, expected]) => {
    const work = new Work();
    const { told } = await outcome(() => wait(work));
    expect(work.signal!.reason).toEqual(expected);
    expect(told).toEqual([]);
  });

  const settlements: Record<string, [settle: (work: Work) => void, ...told: string[]]> = {
    "with a value, which is nobody's, and is reported": [
      (work) => work.resolve("late"),
      "late-result: Host work that task aborted gave its result all the same, N ms later.",
    ],
    "with an AbortError": [(work) => work.reject(new DOMException("gone", "AbortError"))],
    "with a CancelledError, as of another signal that the same cancellation aborts": [
      (work) => work.reject(new CancelledError("stopped")),
    ],
    "with another error, which is reported": [
      (work) => work.reject(new Error("broken")),
      "late-error: Host work that task aborted failed: Error: broken",
    ],
    "with undefined, which is reported": [
      (work) => work.reject(undefined),
      "late-error: Host work that task aborted failed: undefined",
    ],
  };
  for (const when of ["later", "in the turn of the cancellation, after it"]) {
    test.each(Object.entries(settlements))(`that settles ${when}, %s`, async (_, [settle, ...told]) => {
      const work = new Work();
      const result = await outcome(function* () {
        const task = createTask(call(work.start), { name: "task" });
        yield;
        const end = task.cancel();
        if (when === "later") {
          createTask(function* () {
            yield* sleep(500);
            expect([task.done, work.signal!.aborted]).toEqual([false, true]);
            settle(work);
          });
        } else {
          settle(work);
        }
        yield* end;
        return task.cancelled;
      });
      const ms = when === "later" ? "500 ms" : "0 ms";
      expect(result).toEqual({ ended: "true", told: told.map((report) => report.replace("N ms", ms)) });
      expect(work.signal!.aborted).toBe(true);
    });
  }

  test("S7: that has settled before the cancellation came: it is delivered, and nothing is aborted", async () => {
    for (const settle of ["resolve", "reject"] as const) {
      const work = new Work();
      const got: string[] = [];
      const result = await outcome(function* () {
        const task = createTask(function* () {
          try {
            got.push(yield* call(work.start));
          } catch (error) {
            got.push(String(error));
          }
          yield;
          got.push("wrong");
        });
        yield;
        // Behind the wait's own reaction, and before the task has its step.
        const cancel = (): unknown => task.cancel();
        void work.promise.then(cancel, cancel);
        work[settle]("settled");
        yield* until(setImmediate());
        return task.cancelled;
      });
      expect(got).toEqual(["settled"]);
      expect(result.told).toEqual([]);
      expect(work.signal!.aborted).toBe(false);
    }
  });

  test.each([
    [{}, "1000"],
    [{ settleTimeout: 50 }, "50"],
    [{ settleTimeout: 0 }, "0"],
  ])("for so long, with %j; then it is abandoned, and that is reported", async (options, ms) => {
    const work = new Work();
    const result = await outcome(function* () {
      const task = createTask(call(work.start, options), { name: "task" });
      yield* sleep(1);
      const { expired } = yield* moveOnAfter(10_000, function* () {
        yield* task.cancel();
      });
      return [expired, task.cancelled];
    });
    expect(result).toEqual({
      ended: "false,true",
      // At the very moment at which its cleanup is told as slow.
      told: [
        ...(ms === "1000" ? [expect.stringMatching(/^slow-cleanup: The cleanup of coroutine call/)] : []),
        `work-abandoned: Host work of task did not end ${ms} ms after its signal was aborted.`,
      ],
    });
    result.told.length = 0;
    work.reject(new Error("late"));
    await setImmediate();
    expect(result.told).toEqual([
      `late-error: Host work that task aborted failed ${ms} ms later: Error: late`,
    ]);
  });

  test.each<[string, settle: (work: Work) => void]>([
    ["gives its result", (work) => work.resolve("late")],
    ["fails as it was asked to", (work) => work.reject(work.signal!.reason)],
  ])("what was abandoned, and at last %s, is reported with how long that took", async (_, settle) => {
    const work = new Work();
    const { told } = await outcome(function* () {
      yield* moveOnAfter(1, () => call(work.start, { settleTimeout: 50 }));
      yield* sleep(3000);
      settle(work);
      yield* sleep(1);
    });
    expect(told).toEqual([
      "work-abandoned: Host work of main did not end 50 ms after its signal was aborted.",
      "work-ended: Host work that main aborted has ended after all, 3050 ms later.",
    ]);
  });

  test("for ever, with a settleTimeout of Infinity", async () => {
    const work = new Work();
    const result = await outcome(function* () {
      const task = createTask(call(work.start, { settleTimeout: Infinity }));
      yield;
      createTask(function* () {
        yield* sleep(1e9);
        work.resolve("at last");
      });
      yield* task.cancel();
      return task.cancelled;
    });
    expect(result.ended).toBe("true");
    expect(result.told.filter((report) => !report.startsWith("slow-cleanup"))).toEqual([
      "late-result: Host work that call aborted gave its result all the same, 1000000000 ms later.",
    ]);
  });

  test("where its task is abandoned it is aborted, and not waited for", async () => {
    for (const guard of [shield, (body: () => Awaitable<unknown>) => body()]) {
      const work = new Work();
      const program = runVirtual(
        function* () {
          createTask(() => guard(() => call(work.start, { settleTimeout: Infinity })));
          yield* sleep(1);
          return "result";
        },
        { shutdownTimeout: 5, onReport: () => {} },
      );
      expect(await program).toBe("result");
      expect(work.signal!.aborted).toBe(true);
    }
  });

  test("in a shield nothing is aborted; in cleanup it is host work like any other", async () => {
    const [shielded, cleaning] = [new Work(), new Work()];
    const got: string[] = [];
    await outcome(function* () {
      const task = createTask(function* () {
        try {
          got.push(yield* shield(() => call(shielded.start)));
          yield;
        } finally {
          got.push(yield* call(cleaning.start));
        }
      });
      yield;
      void task.cancel();
      shielded.resolve("shielded");
      yield* until(setImmediate());
      yield* sleep(1);
      void task.cancel("again");
      cleaning.resolve("cleaned up");
      yield* task.cancel();
    });
    expect(got).toEqual(["shielded", "cleaned up"]);
    expect([shielded.signal!.aborted, cleaning.signal!.aborted]).toEqual([false, false]);
  });

  test("a thousand calls that are cancelled leave no external wait and no timer", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock, onReport: () => {} });
    const aborted: AbortSignal[] = [];
    const ended = loop.runUntilComplete(() =>
      moveOnAfter(5, () =>
        all(
          Array.from({ length: 1000 }, () =>
            call((signal) => {
              aborted.push(signal);
              return new Promise((_, reject) =>
                signal.addEventListener("abort", () => reject(signal.reason)),
              );
            }),
          ),
        ),
      ),
    );
    await ended;
    expect(aborted.every((signal) => signal.aborted)).toBe(true);
    expect(loop.statistics).toEqual({ ready: 0, deadlines: 0, external: 0, hostWork: 0 });
  });
});
