import { describe, expect, test } from "vitest";
import {
  cancelScope,
  cede,
  coroutine,
  createTask,
  defer,
  InvalidStateError,
  run,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  use,
  type Awaitable,
} from "../index.ts";
import { cancelEverywhere, runVirtual, transcript } from "../testing/index.ts";

class File implements Disposable {
  readonly name: string;
  readonly #log: string[];
  constructor(name: string, log: string[]) {
    this.name = name;
    this.#log = log;
    log.push(`open ${name}`);
  }
  [Symbol.dispose](): void {
    this.#log.push(`close ${this.name}`);
  }
}

class Socket implements AsyncDisposable {
  readonly #log: string[];
  readonly #error: Error | undefined;
  constructor(log: string[], error?: Error) {
    this.#log = log;
    this.#error = error;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#log.push("close socket");
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.#error !== undefined) throw this.#error;
    this.#log.push("socket closed");
  }
}

describe("use", () => {
  test("gives what it is given, and disposes of it, last used first, when the coroutine is left", async () => {
    const log: string[] = [];
    const work = coroutine(function* work() {
      const a = yield* use(new File("a", log));
      const b = yield* use(new File("b", log));
      defer(() => void log.push("deferred"));
      log.push(a.name + b.name);
    });
    await runVirtual(function* () {
      yield* work();
      log.push("left");
    });
    expect(log).toEqual(["open a", "open b", "ab", "deferred", "close b", "close a", "left"]);
  });

  test("a hundred in a loop, which one of them ends: those that were opened are closed", async () => {
    const log: string[] = [];
    const reached = await runVirtual(function* () {
      try {
        yield* coroutine(function* () {
          for (let i = 0; i < 100; i++) {
            if (i === 3) throw new Error(`file ${i} cannot be opened`);
            yield* use(new File(`${i}`, log));
          }
        })();
      } catch (error) {
        return String(error);
      }
    });
    expect(reached).toBe("Error: file 3 cannot be opened");
    expect(log).toEqual(["open 0", "open 1", "open 2", "close 2", "close 1", "close 0"]);
  });

  test.each(["its return", "a cancellation"])(
    "S8: the promise of Symbol.asyncDispose is awaited on the way out by %s, and nothing cancels that",
    async (way) => {
      const log: string[] = [];
      await runVirtual(() =>
        cancelScope(function* (scope) {
          yield* coroutine(function* () {
            yield* use(new File("a", log));
            yield* use(new Socket(log));
            createTask(function* () {
              yield;
              scope.cancel();
              log.push("cancelled");
            });
            if (way === "a cancellation") yield* sleepForever();
          })();
          log.push("left");
          yield;
          log.push("wrong: went on");
        }),
      );
      const [first, second] =
        way === "its return" ? ["close socket", "cancelled"] : ["cancelled", "close socket"];
      expect(log.filter((line) => line !== "left")).toEqual([
        "open a",
        first,
        second,
        "socket closed",
        "close a",
      ]);
      expect(log.includes("left")).toBe(way === "its return");
    },
  );

  test("S15: what a disposal throws or rejects with is the outcome; of several, the first", async () => {
    const error = await runVirtual(function* () {
      yield* use({
        [Symbol.dispose]() {
          throw new Error("later");
        },
      });
      yield* use(new Socket([], new Error("first")));
    }).catch((error: unknown) => error);
    expect([error, ...suppressedErrors(error)].map(String)).toEqual(["Error: first", "Error: later"]);
  });

  test("prefers Symbol.asyncDispose, which may give an awaitable; what Symbol.dispose gives is ignored", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      yield* use({
        [Symbol.dispose](): unknown {
          log("dispose");
          return sleep(100);
        },
      });
      yield* use({
        [Symbol.dispose]: () => log("wrong: dispose"),
        *[Symbol.asyncDispose](): Awaitable<void> {
          yield* sleep(5);
          log("asyncDispose");
        },
      } as never);
    });
    expect(log.lines).toEqual(["5 asyncDispose", "5 dispose"]);
  });

  test("S5: is a checkpoint, by which what it was given is the coroutine's already", async () => {
    const log: string[] = [];
    const { cancelled } = await runVirtual(() =>
      cancelScope(function* (scope) {
        scope.cancel();
        yield* use(new File("a", log));
        log.push("wrong: went on");
      }),
    );
    expect([cancelled, log]).toEqual([true, ["open a", "close a"]]);
  });

  test("takes null and undefined, as `using` does", async () => {
    const maybe = (): File | undefined => undefined;
    expect(
      await runVirtual(function* () {
        return [yield* use(null), yield* use(maybe())];
      }),
    ).toEqual([null, undefined]);
  });

  test("S30: in a plain helper disposes when its caller is left", async () => {
    const log: string[] = [];
    function* helper(): Awaitable<void> {
      yield* use(new File("a", log));
    }
    await runVirtual(function* () {
      yield* helper();
      log.push("main goes on");
    });
    expect(log).toEqual(["open a", "main goes on", "close a"]);
  });

  test("leaves nothing open wherever the program is cancelled", async () => {
    let open: string[] = [];
    const files = coroutine(function* files(names: string[]): Awaitable<void> {
      for (const name of names) {
        open.push(name);
        yield* use({
          *[Symbol.asyncDispose](): Awaitable<void> {
            yield* sleep(1);
            expect(open.pop()).toBe(name);
          },
        } as never);
        yield* sleep(1);
      }
    });
    await cancelEverywhere(
      function* () {
        open = [];
        yield* files(["a", "b", "c"]);
        yield* shield(() => files(["d"]));
      },
      { check: () => expect(open).toEqual([]) },
    );
  });

  test.each<[string, unknown, string]>([
    ["a number", 5, "Cannot use 5: it cannot be released."],
    ["an object without methods", {}, "Cannot use an object (Object): it cannot be released."],
    [
      "a promise",
      Promise.resolve(),
      "Cannot use a promise: await it first, `yield* use(yield* until(promise))`.",
    ],
    [
      "a coroutine",
      coroutine(function* open() {})(),
      "Cannot use the coroutine open(…): await it first, `yield* use(yield* …)`.",
    ],
    ["another awaitable", cede(), "Cannot use an object (Object): await it first"],
    [
      "a function",
      () => {},
      "Cannot use a function: it cannot be released. Give it a method [Symbol.dispose]",
    ],
  ])("refuses %s", async (_, wrong, message) => {
    await runVirtual(function* () {
      expect(() => use(wrong as never)).toThrow(TypeError);
      expect(() => use(wrong as never)).toThrow(message);
    });
  });

  test("refuses to be called outside every task", () => {
    expect(() => use(new File("a", []))).toThrow(InvalidStateError);
    expect(() => use(new File("a", []))).toThrow("Cannot use an object (File): no task is running here");
  });
});

describe("the language's own `using` in a coroutine", () => {
  const inner = coroutine(function* inner(log: string[], wait: () => Awaitable<unknown>): Awaitable<string> {
    using a = new File("a", log);
    {
      using _b = new File("b", log);
      yield* wait();
    }
    return a.name;
  });

  test("disposes at the end of its block, on the way out by a return, an error and a cancellation", async () => {
    const log: string[] = [];
    await runVirtual(function* () {
      log.push(yield* inner(log, () => sleep(1)));
      try {
        yield* inner(log, function* () {
          throw new Error("failed");
        });
      } catch (error) {
        log.push(String(error));
      }
      const task = createTask(inner(log, sleepForever));
      yield* sleep(1);
      yield* task.cancel();
      expect(task.cancelled).toBe(true);
    });
    const used = ["open a", "open b", "close b", "close a"];
    expect(log).toEqual([...used, "a", ...used, "Error: failed", ...used]);
  });

  test("S15: a disposal that throws under cancellation is the task's failure", async () => {
    const error = await runVirtual(function* () {
      const task = createTask(function* () {
        using _broken = {
          [Symbol.dispose]() {
            throw new Error("dispose");
          },
        };
        yield* sleepForever();
      });
      yield;
      try {
        yield* task.cancel();
      } catch (error) {
        return error;
      }
    });
    expect(String(error)).toBe("Error: dispose");
  });

  test("leaves nothing open wherever the program is cancelled", async () => {
    let log: string[] = [];
    await cancelEverywhere(
      function* () {
        log = [];
        yield* inner(log, () => sleep(1));
        yield* inner(log, () => inner(log, cede));
      },
      {
        check() {
          const count = (word: string): number => log.filter((line) => line.startsWith(word)).length;
          expect(count("close")).toBe(count("open"));
        },
      },
    );
  });

  test("works on the platform's own loop", async () => {
    const log: string[] = [];
    expect(await run(() => inner(log, () => sleep(1)))).toBe("a");
    expect(log).toEqual(["open a", "open b", "close b", "close a"]);
  });
});
