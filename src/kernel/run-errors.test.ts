/** Of several errors of a run: which of them it fails with. */
import { describe, expect, test } from "vitest";
import {
  CancellationEscapedError,
  coroutine,
  createTask,
  defer,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  type Awaitable,
} from "../index.ts";
import { runVirtual } from "../testing/index.ts";
import { failing } from "../../tests/support/small.ts";

describe("S12: of errors that are nobody's, and main's own", () => {
  test("two in one turn: the first is thrown, the second is kept beside it", async () => {
    const error: unknown = await runVirtual(function* () {
      createTask(failing(10, "first"));
      createTask(failing(10, "second"));
      yield* sleepForever();
    }).catch((error: unknown) => error);
    expect(error).toMatchObject({ message: "first" });
    expect(suppressedErrors(error)).toMatchObject([{ message: "second" }]);
  });

  /** Throws, and its cleanup has a task in the background end with whatever `end` does. */
  const failsTwice = (end: () => Awaitable<void>) =>
    function* (): Awaitable<void> {
      let going = true;
      createTask(function* () {
        while (going) yield* sleep(1);
        yield* end();
      });
      defer(function* () {
        going = false;
        yield* sleep(10);
      });
      yield* sleep(5);
      throw new Error("main's own");
    };
  const inBackground = failsTwice(function* () {
    throw new Error("in the background");
  });
  for (const [title, main] of [
    ["a body", inBackground],
    ["a coroutine", coroutine(inBackground)],
    ["a group", () => taskGroup(inBackground)],
    ["within a timeout", () => timeout(1000, inBackground)],
    [
      "in a call",
      function* (): Awaitable<void> {
        yield* coroutine(inBackground)();
      },
    ],
  ] as const) {
    test(`S12: an error on its way out of main is the first, though what is done there brings up others (${title})`, async () => {
      const error: unknown = await runVirtual(main).catch((error: unknown) => error);
      expect(error).toMatchObject({ message: "main's own" });
      expect(suppressedErrors(error)).toMatchObject([{ message: "in the background" }]);
    });
  }

  test("S12: an escape outranks that error, too", async () => {
    const escapes = failsTwice(function* () {
      const task = createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          return; // oxlint-disable-line no-unsafe-finally
        }
      });
      yield;
      yield* task.cancel();
    });
    const error: unknown = await runVirtual(escapes, { onReport() {} }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(CancellationEscapedError);
    expect(suppressedErrors(error)).toMatchObject([{ message: "main's own" }]);
  });

  test("S12: an error that main catches is none of them", async () => {
    let going = true;
    const failing = coroutine(function* (): Awaitable<void> {
      defer(function* () {
        going = false;
        yield* sleep(10);
      });
      yield* sleep(5);
      throw new Error("caught");
    });
    const program = runVirtual(function* () {
      createTask(function* () {
        while (going) yield* sleep(1);
        throw new Error("in the background");
      });
      try {
        yield* failing();
      } catch {
        yield* sleepForever();
      }
    });
    await expect(program).rejects.toThrow("in the background");
  });

  test("the same error twice is not beside itself", async () => {
    const same = new Error("same");
    const error: unknown = await runVirtual(function* () {
      for (let i = 0; i < 2; i++) {
        createTask(function* () {
          yield;
          throw same;
        });
      }
      yield* sleepForever();
    }).catch((error: unknown) => error);
    expect(error).toBe(same);
    expect(suppressedErrors(error)).toEqual([]);
  });
});
