import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  currentDeadline,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  supervise,
  taskGroup,
  timeout,
  timeoutAt,
  waitFor,
  type Awaitable,
} from "../index.ts";
import { cancelEverywhere } from "../testing/index.ts";
import { abandoned, bound, outcome, stuck } from "../../tests/support/cleanup-bounds.ts";

describe("S2: cleanup that exceeds its scope's cleanupTimeout", () => {
  test("is abandoned frame by frame, and reported with task and place; the caller goes on", async () => {
    const lines = await outcome(function* (log) {
      const { cancelled } = yield* cancelScope(function* (scope) {
        scope.deadline = 10;
        yield* stuck(log);
      }, bound);
      log(`cancelled: ${cancelled}`);
      yield* sleep(5);
      return "value";
    });
    expect(lines).toEqual([
      "10 inner begins",
      "30 told to return",
      "30 outer begins",
      `30 ${abandoned("coroutine inner in main")}`,
      "30 cancelled: true",
      '"value"',
    ]);
  });

  const scopes: Record<string, [(body: () => Awaitable<unknown>) => Awaitable<unknown>, string]> = {
    timeout: [(body) => timeout(10, body, bound), "TimeoutError: Timed out after 10 ms."],
    timeoutAt: [(body) => timeoutAt(10, body, bound), "TimeoutError: Timed out after 10 ms."],
    waitFor: [(body) => waitFor(10, body, bound), "TimeoutError: Timed out after 10 ms."],
    moveOnAfter: [(body) => moveOnAfter(10, body, bound), '{"expired":true}'],
    "a group that fails": [
      (body) =>
        taskGroup(function* (group) {
          group.createTask(function* () {
            yield* sleep(10);
            throw new Error("failed");
          });
          yield* body();
        }, bound),
      "Error: failed",
    ],
    "a group around which time is up": [
      (body) => moveOnAfter(10, () => taskGroup(body, bound)),
      '{"expired":true}',
    ],
    "a supervised group that is cancelled": [
      (body) =>
        moveOnAfter(10, () =>
          supervise(function* () {
            yield* body();
          }, bound),
        ),
      '{"expired":true}',
    ],
  };
  test.each(Object.entries(scopes))("%s", async (_, [scope, end]) => {
    const lines = await outcome((log) => scope(() => stuck(log)));
    expect(lines).toEqual([
      "10 inner begins",
      "30 told to return",
      "30 outer begins",
      `30 ${abandoned("coroutine inner in main")}`,
      end,
    ]);
  });

  test("of tasks of a group, and of groups in them: each is abandoned, and the group ends", async () => {
    const lines = await outcome(function* (log) {
      const { expired } = yield* moveOnAfter(10, () =>
        taskGroup(function* (group) {
          group.createTask(
            stuck(() => {}),
            { name: "one" },
          );
          group.createTask(
            () =>
              taskGroup((nested) =>
                nested.createTask(
                  stuck(() => {}),
                  { name: "two" },
                ),
              ),
            { name: "nest" },
          );
          group.createTask(stuck(log, 5), { name: "three" });
        }, bound),
      );
      log(`expired: ${expired}`);
    });
    expect(lines).toEqual([
      "10 inner begins",
      "15 inner ends",
      "15 told to return",
      "15 outer begins",
      "20 outer ends",
      `30 ${abandoned("one")}`,
      `30 ${abandoned("two")}`,
      "30 expired: true",
      "undefined",
    ]);
  });

  test("of the body and of a task at once", async () => {
    const lines = await outcome((log) =>
      moveOnAfter(10, () =>
        taskGroup(function* (group) {
          group.createTask(
            stuck(() => {}),
            { name: "one" },
          );
          yield* stuck(log);
        }, bound),
      ),
    );
    expect(lines).toEqual([
      "10 inner begins",
      `30 ${abandoned("one")}`,
      "30 told to return",
      "30 outer begins",
      `30 ${abandoned("coroutine inner in main")}`,
      '{"expired":true}',
    ]);
  });

  test("of tasks in the background, when the others have ended", async () => {
    const lines = await outcome((log) =>
      taskGroup(function* (group) {
        group.createTask(stuck(log), { name: "beat", background: true });
        yield* sleep(10);
        return "value";
      }, bound),
    );
    expect(lines).toEqual([
      "10 inner begins",
      "30 told to return",
      "30 outer begins",
      `30 ${abandoned("beat")}`,
      '"value"',
    ]);
  });

  test("of tasks in the background leaves alone what these have created", async () => {
    const lines = await outcome((log) =>
      taskGroup(function* (group) {
        group.createTask(
          function* () {
            try {
              yield* sleepForever();
            } finally {
              group.createTask(function* () {
                yield* sleep(50);
                log("the late one ends");
              });
            }
          },
          { background: true },
        );
        yield* sleep(10);
      }, bound),
    );
    expect(lines).toEqual(["60 the late one ends", "undefined"]);
  });

  test("that is in time is no matter, and a scope that is not cancelled has all the time", async () => {
    const lines = await outcome(function* (log) {
      yield* taskGroup(function* (group) {
        group.createTask(() => sleep(100));
      }, bound);
      yield* moveOnAfter(10, () => stuck(log, 9), bound);
      return "value";
    });
    expect(lines).toEqual([
      "110 inner begins",
      "119 inner ends",
      "119 told to return",
      "119 outer begins",
      "128 outer ends",
      '"value"',
    ]);
  });
});

describe("S2: currentDeadline() in cleanup", () => {
  test("is the bound of the cleanup, the earliest of those around it", async () => {
    const lines = await outcome(function* (log) {
      const tell = (where: string): void => log(`${where}: ${currentDeadline()}`);
      yield* moveOnAfter(
        10,
        () =>
          taskGroup(function* (group) {
            tell("before");
            group.createTask(function* () {
              try {
                yield* sleepForever();
              } finally {
                tell("a task's cleanup");
                yield* shield(function* () {
                  tell("a shield in it");
                });
                yield* timeout(5, function* () {
                  tell("a timeout in it");
                });
              }
            });
            try {
              yield* cancelScope(() => sleepForever(), { cleanupTimeout: 15 });
            } finally {
              yield* sleep(1);
              tell("the body's cleanup");
            }
          }),
        bound,
      );
      tell("after");
    });
    expect(lines).toEqual([
      "0 before: 10",
      "10 a task's cleanup: 30",
      "10 a shield in it: 30",
      "10 a timeout in it: 15",
      "11 the body's cleanup: 30",
      "11 after: Infinity",
      "undefined",
    ]);
  });
});

describe("options", () => {
  test.each([-1, Number.NaN, null as never])("a cleanupTimeout of %s is refused by all", (cleanupTimeout) => {
    const options = { cleanupTimeout };
    const body = (): Awaitable<void> => sleep(1);
    for (const call of [
      () => taskGroup(body, options),
      () => supervise(body, options),
      () => cancelScope(body, options),
      () => timeout(1, body, options),
      () => timeoutAt(1, body, options),
      () => moveOnAfter(1, body, options),
      () => waitFor(1, body, options),
    ]) {
      expect(call).toThrow(
        new RangeError(
          `Cannot limit cleanup to ${cleanupTimeout} ms: a delay is a number of milliseconds, 0 or more (or Infinity).`,
        ),
      );
    }
  });

  test("a body that is no function is refused by all", () => {
    for (const call of [taskGroup, supervise, cancelScope, shield]) {
      expect(() => call(sleep(1) as never)).toThrow(
        new TypeError(
          "Cannot run sleep 1 ms as a body: a body is a function that returns what is awaited. Write `() => …`, or " +
            "`function* () { … }`.",
        ),
      );
    }
    for (const call of [timeout, timeoutAt, moveOnAfter])
      expect(() => call(5, sleep(1) as never)).toThrow("as a body");
  });
});

test("a bound program ends wherever it is cancelled", async () => {
  let open = 0;
  const held = coroutine(function* held(cleanup: number): Awaitable<void> {
    open++;
    try {
      yield* sleep(2);
    } finally {
      try {
        yield* sleep(cleanup);
      } finally {
        open--;
      }
    }
  });
  await cancelEverywhere(
    () =>
      taskGroup(
        function* (group) {
          group.createTask(held(1));
          group.createTask(held(100), { background: true });
          yield* moveOnAfter(1, () => held(100), { cleanupTimeout: 2 });
          createTask(held(0));
        },
        { cleanupTimeout: 5 },
      ),
    { check: () => expect(open).toBe(0) },
  );
});
