import { describe, expect, test } from "vitest";
import {
  CancelledError,
  coroutine,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  TimeoutError,
  type Awaitable,
  type Task,
  type TaskGroup,
} from "../index.ts";
import { runVirtual } from "../testing/index.ts";

const failing = coroutine(function* failing(ms: number, error: unknown): Awaitable<never> {
  yield* sleep(ms);
  throw error;
});
const badCleanup = coroutine(function* badCleanup(error: unknown): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    throw error;
  }
});

const all = { errors: "all", name: "crawl" } as const;
/** What a group throws, however it is run. */
async function failure(
  body: (group: TaskGroup) => Awaitable<unknown>,
  around: (group: () => Awaitable<unknown>) => Awaitable<unknown> = (group) => group(),
): Promise<unknown> {
  const reports: string[] = [];
  const program = runVirtual(() => around(() => taskGroup(body, all)), {
    onReport: ({ kind }) => reports.push(kind),
  });
  const error: unknown = await program.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
  expect(reports).toEqual([]); // none gives way to another
  return error;
}

describe('S12: taskGroup({errors: "all"})', () => {
  test("throws an AggregateError of one failure too", async () => {
    const error = await failure(function* (group) {
      group.createTask(failing(1, new Error("one")));
    });
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({
      message: 'An error in group "crawl": Error: one',
      errors: [new Error("one")],
    });
  });

  test("throws those of the body, of tasks and of their cleanup, in the order in which they happened", async () => {
    const error = await failure(function* (group) {
      group.createTask(badCleanup("cleanup of a task"));
      group.createTask(failing(10, "second in the same turn"));
      group.createTask(failing(5, "first"));
      group.createTask(failing(5, "second"));
      yield* badCleanup("cleanup of the body");
    });
    expect(error).toMatchObject({
      message: '4 errors in group "crawl", the first: first',
      errors: ["first", "second", "cleanup of the body", "cleanup of a task"],
    });
    expect(suppressedErrors(error)).toEqual([]);
  });

  test("throws the body's own error in its place among them", async () => {
    const error = await failure(function* (group) {
      group.createTask(badCleanup("cleanup"));
      yield* sleep(1);
      throw new Error("body");
    });
    expect(error).toMatchObject({ errors: [new Error("body"), "cleanup"] });
  });

  test("throws an error once, also where the body has awaited who failed, and whatever it is", async () => {
    for (const thrown of [new Error("one"), "text", undefined, Number.NaN]) {
      const error = await failure(function* (group) {
        const task = group.createTask(failing(1, thrown));
        yield* task;
      });
      expect((error as AggregateError).errors).toEqual([thrown]);
    }
  });

  test("throws a thousand", async () => {
    const error = await failure(function* (group) {
      for (let i = 0; i < 1000; i++) group.createTask(failing(5, i));
    });
    expect((error as AggregateError).errors).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test("in one that fails in the same turn: each throws its own, the inner's among the outer's", async () => {
    const error = await failure(function* (outer) {
      outer.createTask(failing(5, "outer"));
      yield* taskGroup(function* (inner) {
        inner.createTask(failing(5, "inner"));
        yield* sleepForever();
      }, all);
    });
    const { errors } = error as AggregateError;
    expect(errors).toMatchObject(["outer", { errors: ["inner"] }]);
  });

  test("throws an error of each task, also where they are equal primitives", async () => {
    const error = await failure(function* (group) {
      group.createTask(failing(1, "x"));
      group.createTask(failing(1, "x"));
    });
    expect(error).toMatchObject({
      message: '2 errors in group "crawl", the first: x',
      errors: ["x", "x"],
    });
  });

  test("throws one object once, also where two tasks throw it", async () => {
    const one = new Error("one");
    const error = await failure(function* (group) {
      group.createTask(failing(1, one));
      group.createTask(failing(1, one));
    });
    expect((error as AggregateError).errors).toEqual([one]);
  });

  test("gives its value where nothing failed", async () => {
    expect(await failure(() => sleep(1))).toEqual({ value: undefined });
  });

  test("throws an AggregateError where `group.cancel()` cut the body short, too, of a CancelledError", async () => {
    const error = await failure(function* (group) {
      group.cancel("enough");
      yield* sleep(1);
    });
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors).toEqual([expect.any(CancelledError)]);
    expect((error as AggregateError).message).toMatch(
      /^An error in group "crawl": CancelledError: group "crawl" was cancelled by main#\d+: enough$/,
    );
  });

  test("throws the failures alone where tasks of a group that was cancelled fail", async () => {
    const error = await failure(function* (group) {
      group.createTask(badCleanup("cleanup"));
      yield* sleep(1);
      group.cancel("enough");
      yield* sleep(1);
    });
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors).toEqual(["cleanup"]);
  });

  test.each<[string, (task: Task<void>) => Awaitable<unknown>]>([
    ["its body awaits a task that was cancelled", (task) => task],
    ["its body awaits one behind a shield", (task) => shield(() => task)],
  ])("throws an AggregateError where %s", async (_, wait) => {
    for (const cancelAll of [true, false]) {
      const error = await failure(function* (group) {
        const task = group.createTask(() => sleepForever());
        yield* sleep(1);
        if (cancelAll) group.cancel("enough");
        else void task.cancel("enough");
        yield* wait(task);
      });
      expect(error).toBeInstanceOf(AggregateError);
      expect((error as AggregateError).errors).toMatchObject([{ name: "CancelledError", reason: "enough" }]);
    }
  });

  test("throws an AggregateError where its cleanup took too long, of what had failed until then", async () => {
    const hanging = function* () {
      try {
        yield* failing(1, "body");
      } finally {
        yield* sleepForever();
      }
    };
    const program = runVirtual(
      () =>
        taskGroup(
          function* (group) {
            group.createTask(failing(1, "task"));
            yield* hanging();
          },
          { ...all, cleanupTimeout: 5 },
        ),
      { onReport: () => {} },
    );
    const error: unknown = await program.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors).toEqual(expect.arrayContaining(["task"]));
  });

  test("throws what fails after a cancellation from outside, or keeps it beside an earlier error", async () => {
    const body = (group: TaskGroup): Awaitable<unknown> => {
      group.createTask(badCleanup("cleanup"));
      return sleepForever();
    };
    const moved = await failure(body, (group) => moveOnAfter(1, group));
    expect(moved).toMatchObject({ errors: ["cleanup"] });
    const program = runVirtual(() => timeout(1, () => taskGroup(body, all)));
    const error: unknown = await program.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(suppressedErrors(error)).toMatchObject([{ errors: ["cleanup"] }]);
  });

  test("refuses other words", () => {
    expect(() => taskGroup(() => sleep(1), { errors: "some" as never })).toThrow(
      new TypeError('Cannot make a group that throws "some" of its errors: `errors` is "first" or "all".'),
    );
  });
});
