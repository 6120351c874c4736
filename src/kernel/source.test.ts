import { describe, expect, test } from "vitest";
import {
  all,
  coroutine,
  createTask,
  Future,
  InvalidStateError,
  run,
  runSync,
  shield,
  sleep,
  taskGroup,
  timeout,
  toAsync,
  type Awaitable,
} from "../index.ts";
import { park } from "../lowlevel.ts";
import { runVirtual } from "../testing/index.ts";

const answer = coroutine(function* answer(): Awaitable<number> {
  yield* sleep(1);
  return 42;
});

describe("a body", () => {
  class Pages {
    static {
      coroutine(this.prototype.marked);
    }
    readonly first = 42;
    *marked(): Awaitable<number> {
      yield* sleep(1);
      return this.first;
    }
    *plain(): Awaitable<number> {
      yield* sleep(1);
      return this.first;
    }
  }
  const pages = new Pages();

  /** Each anew, since a generator is awaited once. Called inside a task. */
  const bodies: [string, () => Awaitable<number> | (() => Awaitable<number>)][] = [
    ["a coroutine", () => answer()],
    ["a coroutine function", () => answer],
    ["an arrow that gives a coroutine", () => () => answer()],
    ["an arrow that gives a wait", () => () => until42()],
    [
      "a generator function",
      () =>
        function* () {
          yield;
          return 42;
        },
    ],
    [
      "a plain generator",
      () =>
        (function* () {
          yield* sleep(1);
          return 42;
        })(),
    ],
    ["a marked method's coroutine", () => pages.marked()],
    ["a plain method's generator", () => pages.plain()],
    ["an arrow over a plain method", () => () => pages.plain()],
    ["a task", () => createTask(answer())],
    ["an arrow that gives a task", () => () => createTask(answer())],
    ["a future", () => until42()],
    ["a group", () => taskGroup(() => answer())],
    ["a timeout", () => timeout(10, () => answer())],
    ["a shield", () => shield(answer)],
    [
      "an iterable of one's own",
      () => ({
        *[Symbol.iterator]() {
          yield* sleep(1);
          return 42;
        },
      }),
    ],
  ];

  function until42(): Future<number> {
    const future = new Future<number>();
    future.setResult(42);
    return future;
  }
  const asFunction = (body: Awaitable<number> | (() => Awaitable<number>)): (() => Awaitable<number>) =>
    typeof body === "function" ? body : () => body;

  test.each(bodies)("may be %s: of a task, a group, a timeout, a shield, all", async (_, make) => {
    await runVirtual(function* () {
      expect(yield* createTask(make())).toBe(42);
      expect(yield* createTask(asFunction(make()))).toBe(42);
      expect(yield* taskGroup((group) => group.createTask(make()))).toBe(42);
      expect(yield* taskGroup(asFunction(make()))).toBe(42);
      expect(yield* timeout(100, asFunction(make()))).toBe(42);
      expect(yield* shield(asFunction(make()))).toBe(42);
      expect(yield* all([make(), asFunction(make())])).toEqual([42, 42]);
      const body = make();
      if (typeof body !== "function") expect(yield* body).toBe(42);
    });
  });

  test("may be another task, twice, and in two tasks", async () => {
    await runVirtual(function* () {
      const task = createTask(answer());
      const [one, two] = [createTask(task), createTask(() => task)];
      expect([yield* one, yield* two, yield* task]).toEqual([42, 42, 42]);
    });
  });

  test("that throws before it gives anything fails like any other", async () => {
    const throwing = () => {
      throw new Error("at once");
    };
    await expect(runVirtual(throwing)).rejects.toThrow("at once");
    await expect(runVirtual(() => taskGroup(throwing))).rejects.toThrow("at once");
    const caught = await runVirtual(function* () {
      try {
        yield* timeout(10, throwing);
      } catch (error) {
        return String(error);
      }
    });
    expect(caught).toBe("Error: at once");
  });

  const RUN = "what is run is an awaitable, or a function that returns one (a `function*`, say).";
  const NOT_ASYNC = "write the body as `function*` instead of `async`, or return `until(promise)`.";
  const NOTHING = "there is nothing to await. Write the body as `function*`, or return an awaitable.";

  const notAwaitable: [string, unknown, string][] = [
    ["a number", 5, `Cannot run 5: ${RUN}`],
    ["a string", "answer", `Cannot run "answer": ${RUN}`],
    ["nothing", undefined, `Cannot run undefined: ${NOTHING}`],
    ["null", null, `Cannot run null: ${RUN}`],
    ["an object", { then: 1 }, `Cannot run an object (Object): ${RUN}`],
    ["a promise", Promise.resolve(1), `Cannot run a promise: ${NOT_ASYNC}`],
    [
      "an async generator",
      (async function* () {})(),
      "Cannot run an async iterable: write the body as `function*` instead of `async function*`.",
    ],
  ];

  test.each(notAwaitable)("that is %s is refused where the task is created", async (_, wrong, message) => {
    const error = new TypeError(message);
    await runVirtual(function* () {
      expect(() => createTask(wrong as never)).toThrow(error);
      yield* taskGroup(function* (group) {
        expect(() => group.createTask(wrong as never)).toThrow(error);
      });
    });
    await expect(run(wrong as never)).rejects.toThrow(error);
    expect(() => runSync(wrong as never)).toThrow(error);
  });

  test.each(notAwaitable)("that gives %s fails its task", async (_, wrong, message) => {
    const error = new TypeError(message);
    const body = () => wrong as never;
    await expect(run(body)).rejects.toThrow(error);
    await expect(toAsync(body)()).rejects.toThrow(error);
    expect(() => runSync(body)).toThrow(error);
    for (const awaitable of [
      () => taskGroup(body),
      () => timeout(9, body),
      () => shield(body),
      () => all([body]),
    ]) {
      await expect(run(awaitable)).rejects.toThrow(error);
    }
  });

  test("that is an async function by mistake is told so", async () => {
    const load = async () => 42;
    await expect(run(load as never)).rejects.toThrow(new TypeError(`Cannot run a promise: ${NOT_ASYNC}`));
  });

  test("that gives a function is not called twice", async () => {
    await expect(run((() => answer) as never)).rejects.toThrow(
      new TypeError(`Cannot run the function answer: ${RUN}`),
    );
  });

  test("that is wrong leaves nothing behind in its group", async () => {
    const result = await runVirtual(() =>
      taskGroup(function* (group) {
        expect(() => group.createTask(5 as never)).toThrow(TypeError);
        yield;
        return "ended";
      }),
    );
    expect(result).toBe("ended");
  });
});

describe("S28: a coroutine is awaited once", () => {
  const again = new InvalidStateError(
    "Cannot await the coroutine answer(…) again: a coroutine is awaited once, by one task. Call its function " +
      "again, or start it with `createTask` and await the task as often as you like.",
  );

  test("a second `yield*` is an error, at its line", async () => {
    const log: unknown[] = [];
    await runVirtual(function* () {
      const one = answer();
      log.push(yield* one);
      try {
        yield* one;
      } catch (error) {
        log.push(error);
      }
    });
    expect(log).toEqual([42, again]);
  });

  test("a coroutine given to two tasks is refused where the second is created", async () => {
    await runVirtual(function* () {
      const one = answer();
      const task = createTask(one);
      expect(() => createTask(one)).toThrow(again);
      expect(yield* task).toBe(42);
    });
  });

  test("a coroutine given to a task and awaited here is an error here", async () => {
    await runVirtual(function* () {
      const one = answer();
      const task = createTask(one);
      try {
        yield* one;
        expect.unreachable();
      } catch (error) {
        expect(error).toEqual(again);
      }
      expect(yield* task).toBe(42);
    });
  });

  test("one that is awaited already cannot be given to a task", async () => {
    await runVirtual(function* () {
      const one = answer();
      yield* one;
      expect(() => createTask(one)).toThrow(again);
    });
  });

  test("a body that gives the same coroutine twice is refused the second time", async () => {
    const one = answer();
    await runVirtual(function* () {
      yield* createTask(() => one);
      try {
        yield* createTask(() => one);
        expect.unreachable();
      } catch (error) {
        expect(error).toEqual(again);
      }
    });
  });

  test("a plain generator given to two tasks is refused as well", async () => {
    await runVirtual(function* () {
      const generator = (function* () {
        yield;
      })();
      createTask(generator);
      expect(() => createTask(generator)).toThrow(
        "Cannot await a generator again: a coroutine is awaited once",
      );
    });
  });

  test("a task, a future and a sleep are awaited as often as you like", async () => {
    await runVirtual(function* () {
      const pause = sleep(5);
      const task = createTask(answer());
      const future = new Future<number>();
      future.setResult(1);
      for (let i = 0; i < 3; i++) {
        yield* pause;
        expect(yield* task).toBe(42);
        expect(yield* future).toBe(1);
      }
    });
  });
});

describe("a forgotten `yield*`", () => {
  const forgotten = new TypeError(
    "Cannot return the coroutine answer(…), which nobody has awaited: did you forget `yield*`? Write " +
      "`return yield* answer(…)`.",
  );

  test.each([
    ["a task's function", () => runVirtual(function* () { return answer(); })], // prettier-ignore
    ["a coroutine that never waits", () => runVirtual(function* () {
      return yield* coroutine(function* inner() { return answer(); })();
    })], // prettier-ignore
    ["a coroutine that waits first", () => runVirtual(function* () {
      return yield* coroutine(function* inner() { yield; return answer(); })();
    })], // prettier-ignore
    ["a group's body", () => runVirtual(() => taskGroup(function* () { return answer(); }))], // prettier-ignore
    ["a function of all", () => runVirtual(() => all([function* () { return answer(); }]))], // prettier-ignore
  ] as [string, () => Promise<unknown>][])("on return from %s is explained", async (_, program) => {
    await expect(program()).rejects.toThrow(forgotten);
  });

  test("can be caught by the caller", async () => {
    const careless = coroutine(function* careless() {
      return answer();
    });
    const caught = await runVirtual(function* () {
      try {
        yield* careless();
      } catch (error) {
        return String(error);
      }
    });
    expect(caught).toContain("did you forget `yield*`?");
  });

  test("of what else only waits when it is awaited", () => {
    for (const make of [
      () => sleep(5),
      () => timeout(5, () => sleep(1)),
      () => park({ label: "x" }, () => {}),
    ]) {
      expect(() =>
        runSync(function* (): Awaitable<unknown> {
          return make();
        }),
      ).toThrow(/^Cannot return .*, which nobody has awaited: did you forget `yield\*`\?/);
    }
  });

  test("of a nameless coroutine leaves its name open", () => {
    expect(() =>
      runSync(function* () {
        return coroutine(function* () {})();
      }),
    ).toThrow(
      "Cannot return a coroutine, which nobody has awaited: did you forget `yield*`? Write `return yield* …(…)`.",
    );
  });

  test("is not looked for in what may be returned: a strict proxy is not asked for anything", () => {
    const strict = new Proxy({}, { get: () => expect.unreachable(), has: () => expect.unreachable() });
    const give = coroutine(function* give() {
      return strict;
    });
    expect(
      runSync(function* () {
        return { same: (yield* give()) === strict };
      }),
    ).toEqual({ same: true });
  });

  test("is none where the coroutine was given to a task", () => {
    const result: unknown = runSync(function* () {
      const one = answer();
      createTask(one).cancel();
      return { one };
    });
    expect(result).toBeDefined();
  });
});

test("S26: `await` of a coroutine says what to write", async () => {
  const words = new InvalidStateError(
    "Cannot await the coroutine answer(…) with `await`: write `yield*` in a coroutine, or `await run(() => …)` " +
      "in an async function.",
  );
  await expect((async () => await (answer() as unknown as Promise<number>))()).rejects.toThrow(words);
  await expect(Promise.resolve(answer())).rejects.toThrow(words);
});
