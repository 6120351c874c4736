import { describe, expect, test } from "vitest";
import {
  coroutine,
  createTask,
  EventLoop,
  moveOnAfter,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";

describe("an escape is a bug of the program:", () => {
  const escaping = coroutine(function* escaping(): Awaitable<void> {
    try {
      yield* sleepForever();
    } finally {
      return; // eslint-disable-line no-unsafe-finally
    }
  });
  const message = (name: string): RegExp => new RegExp(`^Cannot cancel ${name}: it went on as if`);

  test("it fails the run, though whoever awaits its task catches it", async () => {
    const log = transcript({ tasks: false });
    const program = runVirtual(function* () {
      const task = createTask(escaping());
      yield* sleep(1);
      createTask(function* () {
        try {
          yield* task;
        } catch (error) {
          log((error as Error).name);
        }
      });
      void task.cancel();
      try {
        yield* sleep(5);
        log("wrong");
      } finally {
        yield* sleep(1);
        log("main cleaned up");
      }
    });
    await expect(program).rejects.toThrow(message("coroutine escaping"));
    expect(log.lines).toEqual(["1 CancellationEscapedError", "2 main cleaned up"]);
  });

  test("it fails the run, and cancels it before whoever called the frame could catch it", async () => {
    const log = transcript({ tasks: false });
    const program = runVirtual(function* () {
      try {
        yield* moveOnAfter(1, escaping);
        log("wrong");
      } catch {
        log("wrong");
      } finally {
        log("main cleaned up");
      }
    });
    await expect(program).rejects.toThrow(message("coroutine escaping"));
    expect(log.lines).toEqual(["1 main cleaned up"]);
  });

  const messagesOf = (error: unknown): string[] =>
    [error, ...suppressedErrors(error)].map((error) => (error as Error).message.split(":", 1)[0]!);

  const inGroup = (body: () => Awaitable<void>): Awaitable<void> =>
    taskGroup(function* (group) {
      group.createTask(function* () {
        yield* sleep(1);
        throw new Error("first");
      });
      yield* body();
    });
  const inFinally = coroutine(function* inFinally(body: () => Awaitable<void>): Awaitable<void> {
    try {
      yield* body();
    } finally {
      throw new Error("second"); // eslint-disable-line no-unsafe-finally
    }
  });

  test.each<[string, () => Awaitable<unknown>, string[]]>([
    ["of its frame", () => inGroup(() => inFinally(escaping)), ["second", "first"]],
    ["of a child of its group, before", () => inFinally(() => inGroup(escaping)), ["first", "second"]],
    ["of a timeout around it", () => timeout(1, escaping), ["Timed out after 1 ms."]],
    [
      "of whoever awaits its task in a cleanup",
      function* () {
        const task = createTask(escaping());
        yield* sleep(1);
        try {
          throw new Error("lost: nobody sees what a `finally` throws away");
        } finally {
          yield* task.cancel();
        }
      },
      [],
    ],
  ])("S12: it outranks the error %s", async (_, main, others) => {
    const error: unknown = await runVirtual(main).catch((error: unknown) => error);
    expect(messagesOf(error)).toEqual(["Cannot cancel coroutine escaping", ...others]);
    for (const other of suppressedErrors(error)) expect(suppressedErrors(other)).toEqual([]);
  });

  test("S12: it outranks the error that the run is ending with; a second escape does not", async () => {
    const program = runVirtual(function* () {
      createTask(escaping());
      createTask(escaping());
      yield* sleep(1);
      throw new Error("of main");
    });
    const error: unknown = await program.catch((error: unknown) => error);
    expect(messagesOf(error)).toEqual([
      "Cannot cancel coroutine escaping",
      "of main",
      "Cannot cancel coroutine escaping",
    ]);
  });

  test("a generator without a name is told by its task", async () => {
    const program = runVirtual(function* () {
      const task = createTask(
        function* () {
          try {
            yield* sleepForever();
          } finally {
            return; // eslint-disable-line no-unsafe-finally
          }
        },
        { name: "crawl" },
      );
      yield;
      yield* task.cancel();
    });
    await expect(program).rejects.toThrow(message("a generator in crawl#\\d+"));
  });

  // It looks like cleanup that is slow.
  test("a frame that goes on for ever is reported after a second, and abandoned with its run", async () => {
    const reports: string[] = [];
    let rounds = 0;
    const program = runVirtual(
      function* () {
        createTask(
          coroutine(function* endless(): Awaitable<void> {
            for (;;) {
              try {
                yield* sleep(100);
              } finally {
                rounds++;
                continue; // eslint-disable-line no-unsafe-finally
              }
            }
          }),
        );
        yield* sleep(50);
        return "result";
      },
      {
        onReport: ({ kind, message }) => reports.push(`${kind}: ${message.replace(/#\d+/, "")}`),
        shutdownTimeout: 3000,
      },
    );
    expect(await program).toBe("result");
    expect(rounds).toBe(31);
    expect(reports).toEqual([
      "slow-cleanup: The cleanup of coroutine endless in endless has taken a second, and waits for sleep 100 ms: it is " +
        "slow, or it escaped its cancellation.",
      "cleanup-abandoned: The cleanup of endless exceeded its bound and was abandoned while it waited for sleep 100 ms.",
    ]);
  });
});

/** A program on a loop of its own, run by hand to its end. */
function runInside(): string[] {
  const clock = new VirtualClock();
  const lines: string[] = [];
  void new EventLoop({ host: clock })
    .runUntilComplete(function* () {
      yield* sleep(5);
      lines.push("slept");
    })
    .catch((error: unknown) => lines.push(String(error)));
  clock.runAll();
  return lines;
}

describe("a loop that a cleanup runs by hand has nothing to do with the cancellation around it:", () => {
  test("in a plain helper", async () => {
    let lines: string[] = [];
    await runVirtual(() =>
      moveOnAfter(1, function* () {
        yield* (function* (): Awaitable<void> {
          try {
            yield* sleepForever();
          } finally {
            lines = runInside();
          }
        })();
      }),
    );
    expect(lines).toEqual(["slept"]);
  });

  test("in cleanup that is abandoned", async () => {
    let lines: string[] = [];
    await runVirtual(
      function* () {
        createTask(function* () {
          try {
            yield* sleepForever();
          } finally {
            try {
              yield* sleep(100);
            } finally {
              lines = runInside();
            }
          }
        });
        yield;
      },
      { shutdownTimeout: 5 },
    );
    expect(lines).toEqual(["slept"]);
  });
});
