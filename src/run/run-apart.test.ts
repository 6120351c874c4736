import { describe, expect, test } from "vitest";
import {
  cancelScope,
  CancelledError,
  ContextVar,
  coroutine,
  createTask,
  currentDeadline,
  currentTask,
  DeadlockError,
  Event,
  moveOnAfter,
  run,
  runningLoop,
  runSync,
  shield,
  sleep,
  sleepForever,
  timeout,
  type Awaitable,
} from "../index.ts";
import { callOutside, runApart, type Report } from "../lowlevel.ts";
import { runVirtual } from "../testing/index.ts";

/** Waits for ever, and takes a moment to be cleaned up. */
const unwinding = coroutine(function* unwinding(
  lines: string[],
  name: string,
  ms: number = 10,
): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    lines.push(`${name} begins cleanup`);
    yield* sleep(ms);
    lines.push(`${name} ends cleanup`);
  }
});

describe("runApart", () => {
  test("gives what its body gives, and throws what it throws, where it is awaited", async () => {
    expect(
      await runVirtual(() =>
        runApart(function* () {
          yield* sleep(5);
          return 7;
        }),
      ),
    ).toBe(7);
    const failing = (): Awaitable<never> =>
      runApart(function* (): Awaitable<never> {
        yield;
        throw new RangeError("no");
      });
    const caught = await runVirtual(function* () {
      try {
        return yield* failing();
      } catch (error) {
        return error;
      }
    });
    expect(caught).toEqual(new RangeError("no"));
    expect(() => runApart(3 as never)).toThrow(TypeError);
  });

  test("can be awaited again: each time it is another run", async () => {
    const apart = runApart(function* () {
      yield;
      return currentTask()!.id;
    });
    await runVirtual(function* () {
      expect(yield* apart).not.toBe(yield* apart);
    });
  });

  test("cancels and awaits what its body leaves", async () => {
    const lines: string[] = [];
    await runVirtual(function* () {
      yield* runApart(function* () {
        createTask(() => unwinding(lines, "left"));
        yield* sleep(1);
      });
      lines.push("ended");
    });
    expect(lines).toEqual(["left begins cleanup", "left ends cleanup", "ended"]);
  });

  test("fails with what nobody has observed in it, and the caller's run goes on", async () => {
    const caught = await runVirtual(function* () {
      try {
        yield* runApart(function* () {
          createTask(function* () {
            yield* sleep(1);
            throw new Error("left");
          });
          yield* sleepForever();
        });
        return undefined;
      } catch (error) {
        yield* sleep(1);
        return error;
      }
    });
    expect(caught).toEqual(new Error("left"));
  });

  test("fails with what a callback throws that its body made", async () => {
    const caught = await runVirtual(function* () {
      try {
        yield* runApart(function* () {
          runningLoop().callLater(1, () => {
            throw new Error("callback");
          });
          yield* sleepForever();
        });
        return undefined;
      } catch (error) {
        return error;
      }
    });
    expect(caught).toEqual(new Error("callback"));
  });

  test("after its end, such a callback fails the caller's run", async () => {
    const program = runVirtual(function* () {
      yield* runApart(function* () {
        runningLoop().callLater(5, () => {
          throw new Error("late");
        });
        yield;
      });
      yield* sleep(10);
    });
    await expect(program).rejects.toThrow("late");
  });

  test("throws a CancelledError if it cancels itself: its caller is not cancelled", async () => {
    await runVirtual(function* () {
      try {
        yield* runApart(
          function* () {
            void currentTask()!.cancel("enough");
            yield* sleep(1);
          },
          { name: "self" },
        );
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(CancelledError);
        expect(String(error)).toContain("was cancelled by self#2: enough");
      }
      yield* sleep(1);
    });
  });

  test("sees no context variable and no deadline of its caller", async () => {
    const user = new ContextVar("user", { default: "nobody" });
    await runVirtual(() =>
      timeout(1000, () =>
        user.with("ann", function* () {
          const seen = yield* runApart(function* () {
            yield;
            return [user.get(), currentDeadline()];
          });
          expect(seen).toEqual(["nobody", Infinity]);
          expect(user.get()).toBe("ann");
        }),
      ),
    );
  });

  test("S2: a caller that is cancelled has its main task cancelled, and waits for the end of all", async () => {
    const lines: string[] = [];
    await runVirtual(function* () {
      const { expired } = yield* moveOnAfter(5, () =>
        runApart(function* () {
          createTask(() => unwinding(lines, "left"));
          yield* unwinding(lines, "main");
        }),
      );
      lines.push(`expired ${expired}`);
      expect(runningLoop().time()).toBe(25);
    });
    expect(lines).toEqual([
      "main begins cleanup",
      "main ends cleanup",
      "left begins cleanup",
      "left ends cleanup",
      "expired true",
    ]);
  });

  test("S2: its cleanup can await what it started", async () => {
    await runVirtual(function* () {
      let result = 0;
      yield* moveOnAfter(5, () =>
        runApart(function* () {
          const one = createTask(function* () {
            yield* sleep(10);
            return 1;
          });
          try {
            yield* sleepForever();
          } finally {
            result = yield* one;
          }
        }),
      );
      expect(result).toBe(1);
    });
  });

  test("S2: it is told why it is cancelled", async () => {
    let reason: unknown;
    await runVirtual(() =>
      cancelScope((scope) =>
        runApart(function* () {
          createTask(function* () {
            scope.cancel("because");
          });
          try {
            yield* sleepForever();
          } finally {
            reason = (currentTask() as unknown as { cancellation: { reason: unknown } }).cancellation.reason;
          }
        }),
      ),
    );
    expect(reason).toBe("because");
  });

  test("S2: what its cleanup throws is thrown to whoever cancelled it", async () => {
    const program = runVirtual(() =>
      moveOnAfter(5, () =>
        runApart(function* () {
          try {
            yield* sleepForever();
          } finally {
            yield* sleep(1);
            throw new RangeError("cleanup");
          }
        }),
      ),
    );
    await expect(program).rejects.toThrow(new RangeError("cleanup"));
  });

  test("S2: of a caller that is cancelled already nothing is begun", async () => {
    let begun = false;
    await runVirtual(() =>
      cancelScope(function* (scope) {
        scope.cancel();
        yield* runApart(function* () {
          begun = true;
          yield;
        });
      }),
    );
    expect(begun).toBe(false);
  });

  test("behind a shield of the caller's it goes on", async () => {
    const value = await runVirtual(function* () {
      let seen = 0;
      yield* moveOnAfter(5, () =>
        shield(function* () {
          seen = yield* runApart(function* () {
            yield* sleep(10);
            return 3;
          });
        }),
      );
      return seen;
    });
    expect(value).toBe(3);
  });

  test("is abandoned with the cleanup of its caller, when that exceeds its bound", async () => {
    const lines: string[] = [];
    const reports: Report[] = [];
    await runVirtual(
      function* () {
        yield* moveOnAfter(
          5,
          () =>
            runApart(function* () {
              createTask(() => unwinding(lines, "left", 500));
              yield* unwinding(lines, "main", 500);
            }),
          { cleanupTimeout: 50 },
        );
        expect(runningLoop().time()).toBe(55);
        expect(runningLoop().tasks()).toHaveLength(1);
      },
      { onReport: (report) => reports.push(report) },
    );
    expect(lines).toEqual(["main begins cleanup", "left begins cleanup"]);
    expect(reports.map(({ kind }) => kind)).toContain("cleanup-abandoned");
  });

  test("ends with the run of its caller, whose time to shut down is its own", async () => {
    const lines: string[] = [];
    const abort = new AbortController();
    const ended = runVirtual(
      function* () {
        createTask(function* () {
          yield* sleep(5);
          abort.abort(new Error("stop"));
        });
        yield* runApart(() => unwinding(lines, "main", 500));
      },
      { signal: abort.signal, shutdownTimeout: 20, onReport: () => {} },
    );
    await expect(ended).rejects.toThrow("stop");
    expect(lines).toEqual(["main begins cleanup"]);
  });

  test("S12: a deadlock in it is one of its caller's run, and tells of both", async () => {
    const caught = await runVirtual(function* () {
      yield* runApart(
        function* stuck() {
          yield* new Event({ name: "never" }).wait();
        },
        { label: () => "its part" },
      );
    }).catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(DeadlockError);
    expect((caught as Error).message).toContain(
      'main#1 waits for its part\n  stuck#2 waits for event "never"',
    );
  });

  test("S12: a circle through it is found: it is the one inside that hears", async () => {
    await runVirtual(function* () {
      const caller = currentTask()!;
      createTask(() => sleep(1000)); // the loop is not idle
      try {
        yield* runApart(function* () {
          yield* caller;
        });
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(DeadlockError);
        expect(runningLoop().time()).toBe(0);
      }
    });
  });

  test("what is reported of it the listener of its caller's run hears", async () => {
    const heard: string[] = [];
    await run(
      () =>
        runApart(function* () {
          const fails = (message: string): void =>
            void createTask(function* () {
              throw new Error(message);
            });
          fails("first");
          fails("second");
          yield* sleepForever();
        }),
      { onReport: ({ kind }) => heard.push(kind) },
    ).catch((error: unknown) => heard.push(String(error)));
    expect(heard).toEqual(["suppressed-error", "Error: first"]);
  });

  test("works in a runSync", () => {
    expect(
      runSync(() =>
        runApart(function* () {
          const task = createTask(function* () {
            yield;
            return 2;
          });
          return (yield* task) + 1;
        }),
      ),
    ).toBe(3);
  });
});

describe("callOutside", () => {
  test("no task runs in it, and the one around it goes on", async () => {
    await runVirtual(function* () {
      const task = currentTask();
      expect(callOutside(() => currentTask())).toBeUndefined();
      expect(() => callOutside(() => createTask(() => sleep(1)))).toThrow("no run is going on");
      expect(currentTask()).toBe(task);
      yield* sleep(1);
    });
  });
});
