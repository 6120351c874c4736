import { describe, expect, test } from "vitest";
import {
  CancellationEscapedError,
  cede,
  coroutine,
  createTask,
  sleep,
  sleepForever,
  suppressedErrors,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";

interface Outcome {
  readonly error: unknown;
  readonly lines: readonly string[];
  readonly reports: readonly string[];
}
type Program = (log: (line: string) => void) => () => Awaitable<unknown>;

/** Cancels `body`'s task at 1 ms, catches whatever can be caught, and tells how the run ended. */
async function cancelled(program: Program, engine: Engine = async (run) => run()): Promise<Outcome> {
  const log = transcript({ tasks: false });
  const reports: string[] = [];
  const error: unknown = await engine(() =>
    runVirtual(
      function* () {
        const task = createTask(program(log));
        yield* sleep(1);
        try {
          yield* task.cancel();
        } catch {}
        yield* sleep(1);
        log("main goes on");
      },
      { onReport: ({ kind }) => reports.push(kind) },
    ).then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  return { error, lines: log.lines, reports };
}

const wentOn = (suspended: boolean): CancellationEscapedError =>
  new CancellationEscapedError(
    "Cannot cancel coroutine body: it went on as if it had not been cancelled. " +
      (suspended
        ? "A plain helper that it called with `yield*` suspends in its `finally` (mark the helper with " +
          "`coroutine(…)`), or a"
        : "A") +
      " `finally` ends with `return`, `break` or `continue` or throws what is caught further out (let the " +
      "cancellation pass), or a hand-written iterator's `return(value)` does not answer `{done: true, value}`.",
  );
const used = new CancellationEscapedError(
  "Cannot use this value: it is what a helper gave back while its caller was being cancelled. The caller has gone on " +
    "by mistake: the helper's `finally` suspends. Mark the helper with `coroutine(…)`.",
);

type Engine = (run: () => Promise<unknown>) => Promise<unknown>;
/** Runs with another stack API than V8's. */
function withCapture(capture: ((holder: { stack?: unknown }) => void) | undefined): Engine {
  return async (run) => {
    const own = Error.captureStackTrace;
    Error.captureStackTrace = capture as typeof own;
    try {
      return await run();
    } finally {
      Error.captureStackTrace = own;
    }
  };
}
const { captureStackTrace } = Error;
/** As hardened programs have it. */
const frozen: Engine = async (run) => {
  const names = ["prepareStackTrace", "stackTraceLimit"] as const;
  const own = names.map((name) => Object.getOwnPropertyDescriptor(Error, name));
  const fixed = { value: undefined, writable: false, configurable: true };
  for (const name of names) Object.defineProperty(Error, name, fixed);
  try {
    return await run();
  } finally {
    for (const name of names) {
      const before = own.shift();
      if (before === undefined)
        delete (Error as { prepareStackTrace?: unknown })[name as "prepareStackTrace"];
      else Object.defineProperty(Error, name, before);
    }
  }
};
/** Engines that do not show their built-in frames. */
const engines: Record<string, Engine> = {
  "without a stack API": withCapture(undefined),
  "with a frozen one": frozen,
  "with stacks of text": withCapture((holder) => {
    holder.stack = "return@[native code]\nreturnToken@escape.ts:1:1";
  }),
  "with call sites, but none of its own": withCapture((holder) => {
    captureStackTrace(holder);
    const sites = holder.stack as NodeJS.CallSite[];
    holder.stack = sites.filter((site) => site.getFileName() !== null);
  }),
};

describe("(a) a plain helper whose `finally` suspends, on an engine", () => {
  const helper = function* (
    log: (line: string) => void,
    suspend: () => Awaitable<unknown>,
  ): Awaitable<string> {
    try {
      yield* sleepForever();
      return "never";
    } finally {
      yield* suspend();
      log("helper cleaned up");
    }
  };
  /** What runs wrong, and the errors: that of the run, and those beside it. */
  const programs: Record<string, [Program, lines: string[], errors: CancellationEscapedError[]]> = {
    "that goes on is told so at its end": [
      (log) =>
        coroutine(function* body(): Awaitable<void> {
          yield* helper(log, () => sleep(1));
          log("wrong");
          yield* sleep(1);
          log("wrong again");
        }),
      ["2 helper cleaned up", "2 wrong", "3 wrong again"],
      [wentOn(true)],
    ],
    "that uses what the helper gave is stopped there": [
      (log) =>
        coroutine(function* body(): Awaitable<string> {
          const value = yield* helper(log, () => sleep(1));
          log("wrong");
          return value.toUpperCase();
        }),
      ["2 helper cleaned up", "2 wrong"],
      [used],
    ],
    "that uses it, and catches the explanation, is told at its end, too": [
      (log) =>
        coroutine(function* body(): Awaitable<string> {
          const value = yield* helper(log, () => cede());
          try {
            return value.toUpperCase();
          } catch (error) {
            log((error as Error).name);
            return "caught";
          }
        }),
      ["1 helper cleaned up", "1 CancellationEscapedError"],
      [used, wentOn(true)],
    ],
    "that hands it to a coroutine, which uses it, is told": [
      (log) => {
        const shout = coroutine(function* shout(text: string): Awaitable<string> {
          return `${text}!`;
        });
        return coroutine(function* body(): Awaitable<string> {
          return yield* shout(yield* helper(log, () => cede()));
        });
      },
      ["1 helper cleaned up"],
      [used],
    ],
    "that hands it to a coroutine, which gives it back, is told": [
      (log) => {
        const same = coroutine(function* same<T>(value: T): Awaitable<T> {
          return value;
        });
        return coroutine(function* body(): Awaitable<string> {
          return yield* same(yield* helper(log, () => cede()));
        });
      },
      ["1 helper cleaned up"],
      [used],
    ],
    "that yields it is told": [
      (log) =>
        coroutine(function* body(): Awaitable<void> {
          yield (yield* helper(log, () => cede())) as never;
        }),
      ["1 helper cleaned up"],
      [used],
    ],
    // Nobody can see this: it ended with the very value that it was to end with. But nothing wrong ran.
    "that returns it at once passes": [
      (log) =>
        coroutine(function* body(): Awaitable<string> {
          return yield* helper(log, () => sleep(1));
        }),
      ["2 helper cleaned up", "3 main goes on"],
      [],
    ],
  };
  for (const [name, engine] of Object.entries(engines)) {
    test.each(Object.entries(programs))(`${name}: a frame %s`, async (_, [program, lines, errors]) => {
      const outcome = await cancelled(program, engine);
      expect([outcome.error, ...suppressedErrors(outcome.error)]).toEqual(
        errors.length > 0 ? errors : [undefined],
      );
      expect(outcome.lines).toEqual(lines);
      expect(outcome.reports.filter((kind) => kind === "escape")).toHaveLength(errors.length);
    });
  }
});

type Body = (log: (line: string) => void) => Awaitable<unknown>;

/** A wait, as an iterator of one's own that goes about its `return` in its own way. */
const foreign = (end: PropertyDescriptor): Awaitable<number> => ({
  [Symbol.iterator]() {
    const inner = sleepForever()[Symbol.iterator]();
    return Object.defineProperty({ next: (value: void) => inner.next(value) }, "return", end);
  },
});

describe("a frame that goes on is told so at its end:", () => {
  const bodies: Record<string, [body: Body, lines: string[], suspended: boolean]> = {
    "(a) a helper's bare `yield` in its `finally`, which looks like the frame's own": [
      function* (log) {
        yield* (function* (): Awaitable<void> {
          try {
            yield* sleepForever();
          } finally {
            yield;
            log("helper");
          }
        })();
        log("wrong");
      },
      ["1 helper", "1 wrong"],
      true,
    ],
    "(b) a throw in a `finally`, caught further out": [
      function* (log) {
        try {
          try {
            yield* sleepForever();
          } finally {
            throw new Error("cleanup failed"); // eslint-disable-line no-unsafe-finally
          }
        } catch {
          log("wrong");
        }
      },
      ["1 wrong"],
      false,
    ],
    "(b) an error of a coroutine in a `finally`, caught further out": [
      function* (log) {
        const failing = coroutine(function* failing(): Awaitable<void> {
          yield* sleep(1);
          throw new Error("cleanup failed");
        });
        try {
          try {
            yield* sleepForever();
          } finally {
            yield* failing();
          }
        } catch (error) {
          log((error as Error).message);
        }
        yield* sleep(1);
        log("wrong");
      },
      ["2 cleanup failed", "3 wrong"],
      true,
    ],
    "(b) a throw in a `finally` of a plain helper, caught by its caller": [
      function* (log) {
        try {
          yield* (function* (): Awaitable<void> {
            try {
              yield* sleepForever();
            } finally {
              throw new Error("cleanup failed"); // eslint-disable-line no-unsafe-finally
            }
          })();
        } catch {
          log("wrong");
        }
      },
      ["1 wrong"],
      false,
    ],
    "(c) `return` in a `finally`": [
      function* () {
        try {
          yield* sleepForever();
        } finally {
          return "result"; // eslint-disable-line no-unsafe-finally
        }
      },
      [],
      false,
    ],
    "(c) `return` in a `finally`, of nothing": [
      function* () {
        try {
          yield* sleepForever();
        } finally {
          return; // eslint-disable-line no-unsafe-finally
        }
      },
      [],
      false,
    ],
    "(c) `return` in a `finally` that suspends": [
      function* () {
        try {
          yield* sleepForever();
        } finally {
          return yield* sleep(1); // eslint-disable-line no-unsafe-finally
        }
      },
      [],
      true,
    ],
    "(c) `break` in a `finally`": [
      function* (log) {
        for (;;) {
          try {
            yield* sleepForever();
          } finally {
            break; // eslint-disable-line no-unsafe-finally
          }
        }
        log("wrong");
      },
      ["1 wrong"],
      false,
    ],
    "(c) `continue` in a `finally`, some times": [
      function* (log) {
        for (let i = 1; i <= 3; i++) {
          try {
            yield* sleep(10);
          } finally {
            log(`${i}`);
            continue; // eslint-disable-line no-unsafe-finally
          }
        }
      },
      ["1 1", "11 2", "21 3"],
      true,
    ],
    "(c) `return` in a `finally` of a plain helper": [
      function* (log) {
        const value = yield* (function* (): Awaitable<string> {
          try {
            return yield* sleepForever();
          } finally {
            return "helper's"; // eslint-disable-line no-unsafe-finally
          }
        })();
        log(`wrong ${value}`);
      },
      [],
      false,
    ],
    "(d) a foreign iterator whose return() answers another value": [
      function* () {
        yield* foreign({ value: () => ({ done: true, value: 7 }) });
      },
      [],
      false,
    ],
    "(d) a foreign iterator whose return() answers nothing": [
      function* () {
        yield* foreign({ value: () => ({ done: true }) });
      },
      [],
      false,
    ],
    "(d) a foreign iterator whose return() is not done, once": [
      function* (log) {
        let polled = 0;
        yield* {
          [Symbol.iterator]: () => ({
            next: (value) =>
              polled++ === 0 ? sleepForever()[Symbol.iterator]().next(value) : { done: true, value: 7 },
            return() {
              log("not done");
              return { done: false, value: undefined };
            },
          }),
        };
      },
      ["1 not done"],
      true,
    ],
    "(d) a foreign iterator whose return() throws what its frame catches": [
      function* (log) {
        try {
          yield* foreign({
            value() {
              throw new Error("cannot return");
            },
          });
        } catch {
          log("wrong");
        }
      },
      ["1 wrong"],
      false,
    ],
  };

  test.each(Object.entries(bodies))("%s", async (_, [body, lines, suspended]) => {
    const marked = coroutine(Object.defineProperty(body, "name", { value: "body" }));
    const { error, lines: got, reports } = await cancelled((log) => () => marked(log));
    expect(error).toEqual(wentOn(suspended));
    expect(got).toEqual(lines);
    expect(reports).toEqual(["escape"]);
  });
});
