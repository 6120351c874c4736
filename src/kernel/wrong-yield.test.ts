import { describe, expect, test } from "vitest";
import {
  cede,
  coroutine,
  createTask,
  Future,
  moveOnAfter,
  sleep,
  sleepForever,
  suppressedErrors,
  type Awaitable,
} from "../index.ts";
import { runVirtual } from "../testing/index.ts";

const answer = coroutine(function* answer(): Awaitable<number> {
  yield* sleep(1);
  return 42;
});

/** As JavaScript without types would yield it. */
const wrong = (value: unknown): undefined => value as undefined;

const NOTHING = "a coroutine yields nothing (`yield;` gives way for one turn) or delegates with `yield*`.";
const STAR = "did you write `yield` for `yield*`?";

class Page {}

const withoutNumbers = (error: unknown): string => (error as Error).message.replace(/#\d+/g, "");

describe("S20: a wrong yield", () => {
  const mistakes: [what: string, make: () => unknown, message: string][] = [
    ["a number", () => 5, `Cannot yield 5 in main: ${NOTHING}`],
    ["null", () => null, `Cannot yield null in main: ${NOTHING}`],
    ["a boolean", () => false, `Cannot yield false in main: ${NOTHING}`],
    ["a bigint", () => 5n, `Cannot yield 5 in main: ${NOTHING}`],
    ["a symbol", () => Symbol("s"), `Cannot yield Symbol(s) in main: ${NOTHING}`],
    ["a string", () => "abc", `Cannot yield "abc" in main: ${NOTHING}`],
    ["a long string", () => "x".repeat(50), `Cannot yield "${"x".repeat(39)}…" in main: ${NOTHING}`],
    ["an object", () => new Page(), `Cannot yield an object (Page) in main: ${NOTHING}`],
    [
      "an object without a class",
      () => Object.create(null),
      `Cannot yield an object (no class) in main: ${NOTHING}`,
    ],
    [
      "an array",
      () => [answer()],
      "Cannot yield an array in main: to wait for several at once, write `yield* all([…])`.",
    ],
    ["a promise", () => Promise.resolve(), "Cannot yield a promise in main: write `yield* until(promise)`."],
    ["a thenable", () => ({ then() {} }), "Cannot yield a promise in main: write `yield* until(promise)`."],
    ["a coroutine", () => answer(), `Cannot yield the coroutine answer(…) in main: ${STAR}`],
    ["a nameless coroutine", () => coroutine(function* () {})(), `Cannot yield a coroutine in main: ${STAR}`],
    ["a plain generator", () => (function* () {})(), `Cannot yield a generator in main: ${STAR}`],
    [
      "an async generator",
      () => (async function* () {})(),
      `Cannot yield an async iterable in main: ${NOTHING}`,
    ],
    ["a sleep", () => sleep(20), `Cannot yield sleep 20 ms in main: ${STAR}`],
    ["a future", () => new Future("the answer"), `Cannot yield future "the answer" in main: ${STAR}`],
    ["another awaitable", () => cede(), `Cannot yield an object (Object) in main: ${STAR}`],
    ["a function", () => answer, "Cannot yield the function answer in main: call it, and write `yield*`."],
    ["a nameless function", () => () => {}, "Cannot yield a function in main: call it, and write `yield*`."],
  ];

  test.each(mistakes)("of %s throws at its line, and is named", async (_, make, message) => {
    const log: unknown[] = [];
    await runVirtual(function* () {
      try {
        yield wrong(make());
        log.push("went on");
      } catch (error) {
        log.push(error);
      }
      log.push("caught");
      yield* sleep(1); // all is well
    });
    expect(log).toEqual([expect.any(TypeError), "caught"]);
    expect(withoutNumbers(log[0])).toBe(message);
  });

  // The stack cannot: it shows the loop only.
  test("says which coroutine it is in, as often as that has a name, and otherwise which task", async () => {
    const inner = coroutine(function* inner() {
      yield wrong(5);
    });
    const nameless = coroutine(function* () {
      yield wrong(5);
    });
    const messages: string[] = [];
    for (const body of [
      inner,
      nameless,
      () => inner(),
      function* body() {
        yield wrong(5);
      },
    ]) {
      await runVirtual(() => body(), { name: "page" }).catch((error: unknown) =>
        messages.push(withoutNumbers(error)),
      );
    }
    const inPlace = (place: string) => `Cannot yield 5 in ${place}: ${NOTHING}`;
    expect(messages).toEqual([
      inPlace("coroutine inner"),
      inPlace("page"),
      inPlace("coroutine inner"),
      inPlace("page"),
    ]);
  });

  test("of a task is named by the task", async () => {
    const program = runVirtual(function* () {
      yield wrong(createTask(answer(), { name: "page" }));
    });
    await expect(program).rejects.toThrow(
      /^Cannot yield task page#\d+ in main#\d+: did you write `yield` for `yield\*`\?$/,
    );
  });

  // The error came from inside the loop, which then stood still.
  test("of what throws when it is looked at throws that", async () => {
    const broken = new Proxy({}, { get: () => fail(), has: () => fail() });
    const fail = (): never => {
      throw new Error("a broken proxy");
    };
    const program = runVirtual(function* () {
      yield wrong(broken);
    });
    await expect(program).rejects.toThrow("a broken proxy");
  });

  test("throws in the frame that yields it, not in its caller", async () => {
    const log: string[] = [];
    const inner = coroutine(function* inner() {
      try {
        yield wrong(5);
      } catch {
        log.push("inner");
      }
      return "fine";
    });
    const result = await runVirtual(function* () {
      try {
        return yield* inner();
      } catch {
        log.push("outer");
      }
    });
    expect(log).toEqual(["inner"]);
    expect(result).toBe("fine");
  });

  test("throws in the frame that yields it at its second step, too", async () => {
    const log: string[] = [];
    const inner = coroutine(function* inner() {
      yield* sleep(1);
      try {
        yield wrong(5);
      } catch {
        log.push("inner");
      }
    });
    await runVirtual(function* () {
      yield* inner();
    });
    expect(log).toEqual(["inner"]);
  });

  test("throws inside a plain helper, through which it came", async () => {
    const log: string[] = [];
    function* helper() {
      try {
        yield wrong(Promise.resolve());
      } catch (error) {
        log.push(`helper: ${String(error)}`);
        throw error;
      }
    }
    await runVirtual(
      coroutine(function* caller() {
        try {
          yield* helper();
        } catch (error) {
          log.push(`caller: ${String(error)}`);
        }
      }),
    );
    expect(log).toEqual([
      "helper: TypeError: Cannot yield a promise in coroutine caller: write `yield* until(promise)`.",
      "caller: TypeError: Cannot yield a promise in coroutine caller: write `yield* until(promise)`.",
    ]);
  });

  test("again and again, throws each time", async () => {
    const caught = await runVirtual(function* () {
      let caught = 0;
      for (let i = 0; i < 3; i++) {
        try {
          yield wrong(i);
        } catch {
          caught++;
        }
      }
      return caught;
    });
    expect(caught).toBe(3);
  });

  test("that nobody catches fails its task", async () => {
    await expect(
      runVirtual(
        coroutine(function* page() {
          yield wrong(5);
        }),
      ),
    ).rejects.toThrow(new TypeError(`Cannot yield 5 in coroutine page: ${NOTHING}`));
  });

  test("through `yield*` of an array gives the language's own error, and the explanation beside it", async () => {
    const error: unknown = await runVirtual(function* () {
      yield* [1, 2] as unknown as Awaitable<void>;
    }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TypeError);
    expect(suppressedErrors(error)).toEqual([expect.any(TypeError)]);
    expect(suppressedErrors(error).map(withoutNumbers)).toEqual([`Cannot yield 1 in main: ${NOTHING}`]);
  });

  test("of an array as a body, too", async () => {
    const error: unknown = await runVirtual([answer()] as never).catch((error: unknown) => error);
    expect(suppressedErrors(error).map(withoutNumbers)).toEqual([
      `Cannot yield the coroutine answer(…) in main: ${STAR}`,
    ]);
  });

  test("in cleanup throws there", async () => {
    const log: string[] = [];
    await runVirtual(() =>
      moveOnAfter(1, function* () {
        try {
          yield* sleepForever();
        } finally {
          try {
            yield wrong(5);
          } catch (error) {
            log.push(withoutNumbers(error));
          }
          yield* sleep(1);
          log.push("cleaned up");
        }
      }),
    );
    expect(log).toEqual([`Cannot yield 5 in main: ${NOTHING}`, "cleaned up"]);
  });

  test("in cleanup that nobody catches is the cleanup's failure", async () => {
    const program = runVirtual(() =>
      moveOnAfter(1, function* () {
        try {
          yield* sleepForever();
        } finally {
          yield wrong(5);
        }
      }),
    );
    await expect(program.catch(withoutNumbers)).resolves.toBe(`Cannot yield 5 in main: ${NOTHING}`);
  });

  test("of the parked signal, with nothing arranged, is refused", async () => {
    function* parked(): Awaitable<void> {
      yield Symbol.for("cede.parked") as never;
    }
    await expect(runVirtual(parked)).rejects.toThrow(
      new TypeError(
        "Cannot park: nothing was arranged to wake the task. An awaitable of your own parks with `park` of " +
          "cede/lowlevel.",
      ),
    );
  });
});
