import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  abortSignal,
  cancelScope,
  CancelledError,
  cede,
  coroutine,
  createTask,
  currentTask,
  InvalidStateError,
  moveOnAfter,
  resource,
  run,
  runSync,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  TimeoutError,
  until,
  use,
  type Awaitable,
} from "../index.ts";
import { hasAbortSignal } from "../lowlevel.ts";
import { runVirtual } from "../testing/index.ts";

describe("abortSignal() is aborted when whoever asked is cancelled", () => {
  const cancels: Record<string, [(ask: () => Awaitable<never>) => Awaitable<unknown>, reason: unknown]> = {
    "by its task, without a reason": [
      function* (ask) {
        const task = createTask(ask, { name: "asker" });
        yield;
        yield* task.cancel();
      },
      expect.objectContaining({
        message: expect.stringMatching(/^task asker#\d+ was cancelled by main#1$/) as unknown,
      }),
    ],
    "by its task, with a text": [
      function* (ask) {
        const task = createTask(ask, { name: "asker" });
        yield;
        yield* task.cancel("enough");
      },
      expect.objectContaining({
        name: "CancelledError",
        reason: "enough",
        message: expect.stringMatching(/^task asker#\d+ was cancelled by main#1: enough$/) as unknown,
      }),
    ],
    "by its task, with an error": [
      function* (ask) {
        const task = createTask(ask);
        yield;
        yield* task.cancel(new Error("why"));
      },
      new Error("why"),
    ],
    "by a scope around it": [
      (ask) =>
        cancelScope(function* (scope) {
          createTask(function* () {
            scope.cancel(new Error("scope"));
          });
          yield* ask();
        }),
      new Error("scope"),
    ],
    "by a timeout around it": [
      function* (ask) {
        try {
          yield* timeout(5, ask);
        } catch {}
      },
      new TimeoutError("Timed out after 5 ms.", 5, { by: "main#1" }),
    ],
    "by the deadline of moveOnAfter": [
      (ask) => moveOnAfter(5, ask),
      new CancelledError("task main#1 was cancelled by moveOnAfter 5 ms (set by main#1)", {
        task: "main#1",
        source: "moveOnAfter 5 ms (set by main#1)",
      }),
    ],
    "by a timeout around its group": [
      function* (ask) {
        try {
          yield* timeout(5, () =>
            taskGroup(function* (group) {
              group.createTask(ask);
            }),
          );
        } catch {}
      },
      new TimeoutError("Timed out after 5 ms.", 5, { by: "main#1" }),
    ],
    "by the failure of a sibling": [
      function* (ask) {
        try {
          yield* taskGroup(function* (group) {
            group.createTask(ask);
            yield;
            throw new Error("sibling");
          });
        } catch {}
      },
      new Error("sibling"),
    ],
    "by the end of its run": [
      function* (ask) {
        createTask(ask);
        yield;
      },
      expect.any(CancelledError),
    ],
  };
  test.each(Object.entries(cancels))("%s", async (_, [cancel, reason]) => {
    const signals: AbortSignal[] = [];
    const inCleanup: boolean[] = [];
    await runVirtual(() =>
      cancel(
        coroutine(function* ask() {
          const signal = abortSignal();
          signals.push(signal);
          expect(signal.aborted).toBe(false);
          try {
            return yield* sleepForever();
          } finally {
            inCleanup.push(signal.aborted);
          }
        }),
      ),
    );
    expect(inCleanup).toEqual([true]);
    expect(signals).toHaveLength(1);
    expect(signals[0]!.aborted).toBe(true);
    expect(signals[0]!.reason).toEqual(reason);
  });

  test("by the signal of its run: with that signal's reason, if it is an error", async () => {
    const controller = new AbortController();
    const reason = new Error("the user has left");
    let signal!: AbortSignal;
    const program = runVirtual(
      function* () {
        signal = abortSignal();
        createTask(function* () {
          controller.abort(reason);
        });
        yield* sleepForever();
      },
      { signal: controller.signal },
    );
    await expect(program).rejects.toBe(reason);
    expect(signal.reason).toBe(reason);
  });

  test("by the failure of a resource that the frame uses, whether it asked before or after", async () => {
    const failing = resource<void>(function* (provide) {
      yield* taskGroup(function* (group) {
        group.createTask(function* () {
          yield* sleep(5);
          throw new Error("lost");
        });
        yield* provide();
      });
    });
    const seen: unknown[] = [];
    const program = runVirtual(function* () {
      const before = abortSignal();
      yield* use(failing);
      const after = abortSignal();
      try {
        yield* sleepForever();
      } finally {
        seen.push(before.reason, after.reason);
      }
    });
    await expect(program).rejects.toThrow("lost");
    expect(seen).toEqual([new Error("lost"), new Error("lost")]);
  });

  test("before any cleanup, also where it cancels itself and goes on to its next wait", async () => {
    const seen: boolean[] = [];
    await runVirtual(() =>
      cancelScope(function* (scope) {
        const signal = abortSignal();
        signal.addEventListener("abort", () => {
          seen.push(currentTask() === undefined);
          runSync(() => cede());
        });
        scope.cancel();
        try {
          yield* sleep(1);
        } finally {
          yield* sleep(1);
          seen.push(signal.aborted);
        }
      }),
    );
    expect(seen).toEqual([true, true]);
  });

  test("once, whatever is cancelled after; its listeners are called from the loop, not by cancel()", async () => {
    await runVirtual(function* () {
      const task = createTask(function* () {
        abortSignal().addEventListener("abort", () => lines.push("aborted"));
        yield* sleepForever();
      });
      const lines: string[] = [];
      yield;
      void task.cancel("first");
      void task.cancel("second");
      expect(lines).toEqual([]);
      yield* task.cancel();
      yield;
      expect(lines).toEqual(["aborted"]);
    });
  });
});

describe("abortSignal() is left alone", () => {
  test("once the frame that asked has been left, however that was", async () => {
    const signals: AbortSignal[] = [];
    const ask = coroutine(function* ask(end: () => Awaitable<unknown>): Awaitable<void> {
      signals.push(abortSignal());
      yield* end();
    });
    await runVirtual(function* () {
      const task = createTask(function* () {
        yield* ask(() => cede());
        try {
          yield* ask(function* () {
            throw new Error("left");
          });
        } catch {}
        yield* moveOnAfter(1, () => ask(() => sleepForever()));
        yield* sleepForever();
      });
      yield* sleep(5);
      yield* task.cancel();
    });
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false, true]);
  });

  test("by what is cancelled beside it: an inner scope, another task, a task that awaits it", async () => {
    await runVirtual(function* () {
      const task = createTask(function* () {
        const signal = abortSignal();
        yield* cancelScope(function* (scope) {
          scope.cancel();
          yield;
        });
        yield* sleep(5);
        return signal.aborted;
      });
      const awaiter = createTask(task);
      yield;
      yield* awaiter.cancel();
      expect(yield* task).toBe(false);
    });
  });

  test("in a shield, and in cleanup, by what is held off there", async () => {
    const seen: boolean[] = [];
    await runVirtual(function* () {
      const task = createTask(function* () {
        try {
          yield* shield(function* () {
            const signal = abortSignal();
            yield* sleep(5);
            seen.push(signal.aborted);
          });
          yield;
        } finally {
          const signal = abortSignal();
          yield* sleep(5);
          seen.push(signal.aborted);
        }
      });
      yield;
      void task.cancel();
      yield* sleep(6);
      void task.cancel();
      yield* task.cancel();
    });
    expect(seen).toEqual([false, false]);
  });
});

test("asked for after the cancellation, before the next checkpoint, it is aborted already", async () => {
  await runVirtual(() =>
    cancelScope(function* (scope) {
      const before = abortSignal();
      scope.cancel(new Error("why"));
      const signal = abortSignal();
      expect([signal.aborted, signal.reason]).toEqual([true, new Error("why")]);
      expect(before.aborted).toBe(false); // it is told in the next turn
      yield;
    }),
  );
});

test("a scope inside has one of its own, that its own cancellation aborts", async () => {
  await runVirtual(function* () {
    const outer = abortSignal();
    let inner!: AbortSignal;
    yield* moveOnAfter(1, function* () {
      inner = abortSignal();
      yield* sleepForever();
    });
    yield;
    expect([outer.aborted, inner.aborted]).toEqual([false, true]);
  });
});

test("a frame that asks in a loop gets one signal, and piles up none", async () => {
  await runVirtual(function* () {
    const signals = new Set<AbortSignal>();
    for (let i = 0; i < 1000; i++) {
      signals.add(abortSignal());
      yield* moveOnAfter(0, () => sleepForever());
    }
    expect(signals.size).toBe(1);
  });
});

test("a listener that is taken back leaves nothing on it: a long-lived frame may use it for many requests", async () => {
  await runVirtual(function* () {
    const signal = abortSignal();
    for (let i = 0; i < 100; i++) {
      const request = (): void => {};
      signal.addEventListener("abort", request);
      yield;
      signal.removeEventListener("abort", request);
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

test("whoever calls an async function knows whether it has asked for the signal: that of this frame, not of another", async () => {
  expect(hasAbortSignal()).toBe(false);
  await runVirtual(function* () {
    const asks = async (): Promise<void> => void abortSignal();
    expect(hasAbortSignal()).toBe(false);
    yield* coroutine(function* (): Awaitable<void> {
      yield* until(asks());
      expect(hasAbortSignal()).toBe(true);
    })();
    expect(hasAbortSignal()).toBe(false);
  });
});

test("S25: outside every task there is nobody whose cancellation it could tell of", () => {
  expect(() => abortSignal()).toThrow(
    new InvalidStateError("Cannot make an abort signal: no task is running here. Ask inside a coroutine."),
  );
});

test("on the real host, it ends what the platform does", async () => {
  const { setTimeout } = await import("node:timers/promises");
  let ended = "";
  await run(() =>
    moveOnAfter(1, function* () {
      void setTimeout(60_000, null, { signal: abortSignal() }).catch((error: Error) => (ended = error.name));
      yield* sleepForever();
    }),
  );
  await setTimeout(0);
  expect(ended).toBe("AbortError");
});
