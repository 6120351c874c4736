import { describe, expect, test } from "vitest";
import {
  all,
  call,
  CancellationEscapedError,
  cancelScope,
  cede,
  coroutine,
  createTask,
  EventLoop,
  Future,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  sleepUntil,
  suppressedErrors,
  taskGroup,
  timeout,
  until,
  type Awaitable,
} from "../index.ts";
import { park, type ParkedWait } from "../lowlevel.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";

const pause = coroutine(function* pause(): Awaitable<void> {
  yield* sleep(1);
});
const pauseDeep = coroutine(function* pauseDeep(depth: number): Awaitable<void> {
  if (depth > 0) yield* pauseDeep(depth - 1);
  else yield* sleep(1);
});
const cedeBare = coroutine(function* cedeBare(): Awaitable<void> {
  yield;
});
function* plainPause(): Awaitable<void> {
  yield* sleep(1);
}
const never = new Promise<void>(() => {});

/** Everything that suspends, and goes on. */
const pauses: Record<string, () => Awaitable<unknown>> = {
  "a sleep": () => sleep(1),
  "a sleep of no time": () => sleep(0),
  "sleepUntil()": () => sleepUntil(0),
  "cede()": () => cede(),
  "a coroutine": () => pause(),
  "a coroutine that only gives way": () => cedeBare(),
  "a coroutine that waits 10 deep": () => pauseDeep(10),
  "a coroutine that waits 400 deep": () => pauseDeep(400),
  "a plain helper": () => plainPause(),
  "a task": () => createTask(pause),
  "the end of a task that is cancelled": () => createTask(sleepForever(), { start: "always" }).cancel(),
  "a group": () => taskGroup(() => pause()),
  "a group whose body ends at once": () =>
    taskGroup(function* (group) {
      group.createTask(pause());
    }),
  "a group that is empty": () => taskGroup(function* () {}),
  "a shield": () => shield(() => pause()),
  "a shield whose body ends at once": () => shield(function* () {}),
  "a timeout": () => timeout(10, () => pause()),
  "a timeout of zero": () => moveOnAfter(0, () => pause()),
  "a scope that is cancelled": () =>
    cancelScope(function* (scope) {
      scope.cancel();
      yield* sleepForever();
    }),
  all: () => all([pause()]),
};
const suspensions: typeof pauses = {
  ...pauses,
  "sleepForever()": () => sleepForever(),
  "a future": () => new Future<void>(),
  "a promise": () => until(never),
  "a call": () => call(() => never),
  "a wait of one's own": () => park({ label: "a tick" }, () => {}),
};

interface Outcome {
  readonly error: unknown;
  readonly lines: readonly string[];
  readonly reports: readonly string[];
}

/** Cancels `body`'s task at 1 ms, catches whatever can be caught, and tells how the run ended. */
async function cancelled(body: (log: (line: string) => void) => () => Awaitable<unknown>): Promise<Outcome> {
  const log = transcript({ tasks: false });
  const reports: string[] = [];
  const ended = runVirtual(
    function* () {
      const task = createTask(body(log));
      yield* sleep(1);
      try {
        yield* task.cancel();
      } catch {}
      yield* sleep(1);
      log("main goes on");
    },
    { onReport: ({ kind, message }) => reports.push(`${kind}: ${message.replace(/#\d+/g, "")}`) },
  );
  const error: unknown = await ended.then(
    () => undefined,
    (error: unknown) => error,
  );
  return { error, lines: log.lines, reports };
}

const helperError = (helper: string): RegExp =>
  new RegExp(
    `^Cannot finish the cleanup of ${helper} \\(.*escape-helper.test.ts:\\d+\\), a plain helper of coroutine body: its ` +
      "`finally` suspends, and the language would then go on after the helper's `yield\\*` as if nothing had " +
      "been cancelled. What was left of that cleanup was cut. Mark the helper with `coroutine\\(…\\)`.$",
  );

describe("(a) a plain helper whose `finally` suspends", () => {
  test.each(Object.entries(suspensions))("on %s: no wrong line runs", async (_, suspend) => {
    const { error, lines, reports } = await cancelled((log) => {
      function* helper(): Awaitable<void> {
        try {
          yield* sleepForever();
        } finally {
          log("helper begins");
          yield* suspend();
          log("wrong: helper");
        }
      }
      return coroutine(function* body(): Awaitable<void> {
        try {
          try {
            yield* helper();
            log("wrong: body");
          } catch {
            log("wrong: caught");
          }
          log("wrong: behind the catch");
        } finally {
          yield* sleep(1);
          log("body cleaned up");
        }
      });
    });
    expect(error).toBeInstanceOf(CancellationEscapedError);
    expect((error as Error).message).toMatch(helperError("helper"));
    expect(suppressedErrors(error)).toEqual([]);
    expect(lines).toEqual(["1 helper begins", "2 body cleaned up"]);
    expect(reports).toEqual([`escape: ${(error as Error).message}`]);
  });

  test("in a helper of a helper: the one whose `finally` it is is named, the others clean up", async () => {
    const { error, lines } = await cancelled((log) => {
      const leaf = coroutine(function* leaf(): Awaitable<void> {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(1);
          log("leaf");
        }
      });
      function* inner(): Awaitable<void> {
        try {
          yield* leaf();
          log("wrong: inner");
        } finally {
          log("inner");
        }
      }
      function* middle(): Awaitable<void> {
        try {
          yield* inner();
          log("wrong: middle");
        } finally {
          yield* sleep(1);
        }
      }
      function* outer(): Awaitable<void> {
        try {
          yield* middle();
          log("wrong: outer");
        } finally {
          log("outer");
        }
      }
      return coroutine(function* body(): Awaitable<void> {
        try {
          yield* outer();
          log("wrong: body");
        } finally {
          yield* sleep(1);
          log("body");
        }
      });
    });
    expect((error as Error).message).toMatch(helperError("middle"));
    expect(lines).toEqual(["2 leaf", "2 inner", "2 outer", "3 body"]);
  });

  test("again and again: each is cut and told, the first is the error", async () => {
    const { error, lines, reports } = await cancelled((log) => {
      function* helper(): Awaitable<void> {
        try {
          try {
            yield* sleepForever();
          } finally {
            yield* sleep(1);
            log("wrong: innermost");
          }
        } finally {
          yield* sleep(2);
          log("wrong: helper");
        }
      }
      function* outer(): Awaitable<void> {
        try {
          yield* helper();
        } finally {
          yield* sleep(3);
          log("wrong: outer");
        }
      }
      return coroutine(function* body(): Awaitable<void> {
        yield* outer();
        log("wrong: body");
      });
    });
    expect(lines).toEqual([]);
    expect([error, ...suppressedErrors(error)]).toMatchObject(
      ["helper", "helper", "outer"].map((name) => ({ message: expect.stringMatching(helperError(name)) })),
    );
    expect(reports.map((report) => report.split(":", 1)[0])).toEqual([
      "escape",
      "escape",
      "suppressed-error",
      "escape",
      "suppressed-error",
    ]);
  });

  test("what its cleanup had begun is taken back, in the order that it came", async () => {
    let given!: ParkedWait<void>;
    const { error, lines } = await cancelled((log) => {
      const begun = coroutine(function* begun(): Awaitable<void> {
        try {
          yield* park<void>({ label: "a tick" }, (wait) => {
            given = wait;
            log("arranged");
            return () => log("undone");
          });
        } finally {
          log("begun is told to return");
          yield* sleep(1);
          log("wrong: begun");
        }
      });
      function* helper(): Awaitable<void> {
        try {
          yield* sleepForever();
        } finally {
          yield* timeout(1000, begun);
        }
      }
      return coroutine(function* body(): Awaitable<void> {
        yield* helper();
      });
    });
    expect((error as Error).message).toMatch(helperError("helper"));
    expect(lines).toEqual(["1 arranged", "1 undone", "1 begun is told to return"]);
    expect([given.complete(), given.fail(new Error("no"))]).toEqual([false, false]);
  });

  test("leaves no timer and no wait for the outside behind", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock, onReport: () => {} });
    function* helper(): Awaitable<void> {
      try {
        yield* sleepForever();
      } finally {
        try {
          yield* sleep(1000);
        } finally {
          yield* new Future<void>();
        }
      }
    }
    const ended = loop.runUntilComplete(() => moveOnAfter(5, coroutine(function* body() {
      yield* helper();
    }))); // prettier-ignore
    clock.runAll();
    await expect(ended).rejects.toThrow(helperError("helper"));
    expect(loop.statistics).toEqual({ ready: 0, deadlines: 0, external: 0, hostWork: 0 });
    expect(loop.time()).toBe(5);
  });

  test("an error of the cleanup that is cut is kept beside it", async () => {
    const { error } = await cancelled(() => {
      const failing = coroutine(function* failing(): Awaitable<void> {
        try {
          yield* sleep(1);
        } finally {
          throw new Error("begun failed"); // eslint-disable-line no-unsafe-finally
        }
      });
      const through = coroutine(function* through(): Awaitable<void> {
        yield* failing();
      });
      function* helper(): Awaitable<void> {
        try {
          yield* sleepForever();
        } finally {
          yield* through();
        }
      }
      return coroutine(function* body(): Awaitable<void> {
        try {
          yield* helper();
        } finally {
          throw new Error("body failed"); // eslint-disable-line no-unsafe-finally
        }
      });
    });
    expect((error as Error).message).toMatch(helperError("helper"));
    expect(suppressedErrors(error)).toMatchObject([{ message: "begun failed" }, { message: "body failed" }]);
  });

  test("a helper that is a method, or has no name, is told by its place", async () => {
    const nameless = (() =>
      function* (): Awaitable<void> {
        try {
          yield* sleepForever();
        } finally {
          yield* cede();
        }
      })();
    const object = {
      *close(): Awaitable<void> {
        try {
          yield* nameless();
        } finally {
          yield* cede();
        }
      },
    };
    const { error } = await cancelled(() =>
      coroutine(function* body(): Awaitable<void> {
        yield* object.close();
      }),
    );
    expect((error as Error).message).toMatch(helperError("\\(anonymous\\)"));
    expect(suppressedErrors(error)).toMatchObject([
      { message: expect.stringMatching(helperError("(Object\\.)?close")) },
    ]);
  });

  test("is no escape while nothing suspends: what it waits for is there", async () => {
    const { error, lines } = await cancelled((log) => {
      const ready = new Future<string>();
      ready.setResult("ready");
      const atOnce = coroutine(function* atOnce(): Awaitable<string> {
        return yield* ready;
      });
      function* helper(): Awaitable<void> {
        try {
          yield* sleepForever();
        } finally {
          log(yield* ready);
          log(yield* atOnce());
        }
      }
      return function* () {
        yield* helper();
        log("wrong");
      };
    });
    expect([error, lines]).toEqual([undefined, ["1 ready", "1 ready", "2 main goes on"]]);
  });

  test.each(Object.entries(pauses))(
    "is no escape in what the frame's own `finally` calls anew: on %s",
    async (_, suspend) => {
      const { error, lines } = await cancelled((log) => {
        function* helper(): Awaitable<void> {
          try {
            yield* suspend();
          } finally {
            yield* suspend();
            log("helper");
          }
        }
        return function* () {
          try {
            yield* sleepForever();
          } finally {
            yield* helper();
            log("body");
          }
        };
      });
      expect(error).toBe(undefined);
      expect(lines.map((line) => line.slice(line.indexOf(" ") + 1))).toEqual([
        "helper",
        "body",
        "main goes on",
      ]);
    },
  );

  test("a program's own prepareStackTrace and stackTraceLimit are left as they are, and not called", async () => {
    const before = [Error.prepareStackTrace, Error.stackTraceLimit] as const;
    let calls = 0;
    const prepare = (): string => `called ${++calls}`;
    try {
      await cancelled(() => {
        function* helper(): Awaitable<void> {
          try {
            yield* sleepForever();
          } finally {
            Error.prepareStackTrace = prepare;
            Error.stackTraceLimit = 3;
            yield* sleep(1);
          }
        }
        return function* body() {
          try {
            yield* helper();
          } finally {
            expect([calls, Error.prepareStackTrace, Error.stackTraceLimit]).toEqual([0, prepare, 3]);
            calls = -1;
          }
        };
      });
      expect(calls).toBe(-1);
    } finally {
      [Error.prepareStackTrace, Error.stackTraceLimit] = before;
    }
  });
});
