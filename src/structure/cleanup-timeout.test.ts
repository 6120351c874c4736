import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  currentDeadline,
  defer,
  EventLoop,
  Future,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  supervise,
  suppressedErrors,
  taskGroup,
  timeout,
  timeoutAt,
  waitFor,
  type Awaitable,
} from "../index.ts";
import { cancelEverywhere, VirtualClock } from "../testing/index.ts";

type Log = (line: string) => void;

/** What was done and reported, and when; the last line is the outcome. */
function outcome(
  main: (log: Log) => Awaitable<unknown>,
  shutdownTimeout: number = Infinity,
): Promise<string[]> {
  const host = new VirtualClock();
  const lines: string[] = [];
  const log: Log = (line) => lines.push(`${host.now()} ${line.replaceAll(/#\d+/g, "")}`);
  const loop = new EventLoop({
    host,
    onReport({ kind, message }) {
      if (kind !== "suppressed-error" && kind !== "slow-cleanup") log(message);
    },
  });
  const ended = loop
    .runUntilComplete(() => main(log), { shutdownTimeout })
    .then(
      (value) => JSON.stringify(value) ?? "undefined",
      (error: unknown) => [error, ...suppressedErrors(error)].map(String).join(", besides "),
    );
  host.runAll();
  expect(loop.statistics).toEqual({ ready: 0, deadlines: 0, external: 0 });
  return ended.then((end) => [...lines, end.replaceAll(/#\d+/g, "")]);
}

/** Waits for ever, and cleans up in steps of `ms` milliseconds: one in each of two frames. */
const stuck = coroutine(function* stuck(log: Log, ms: number = Infinity): Awaitable<never> {
  try {
    return yield* inner(log, ms);
  } finally {
    log("outer begins");
    yield* sleep(ms);
    log("outer ends");
  }
});
const inner = coroutine(function* inner(log: Log, ms: number): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    try {
      log("inner begins");
      yield* sleep(ms);
      log("inner ends");
    } finally {
      log("told to return");
    }
  }
});
const abandoned = (what: string, wait: string = "sleep for ever", ms: number = 20) =>
  `The cleanup of ${what} exceeded its bound of ${ms} ms and was abandoned while it waited for ${wait}.`;
const bound = { cleanupTimeout: 20 };

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
      `30 ${abandoned("nest", 'group "tasks", 1 of 1 left')}`,
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

  test("is a shield, or in one: there is no more time for that", async () => {
    const lines = await outcome(function* (log) {
      yield* moveOnAfter(
        10,
        function* () {
          yield* shield(function* () {
            try {
              yield* sleep(100);
              log("wrong");
            } finally {
              log("told to return");
            }
          });
        },
        bound,
      );
      yield* moveOnAfter(
        10,
        () =>
          taskGroup(function* (group) {
            group.createTask(() => shield(() => sleep(100)), { name: "shielded" });
          }),
        bound,
      );
    });
    expect(lines).toEqual([
      "30 told to return",
      `30 ${abandoned("a generator in main", "sleep 100 ms")}`,
      `60 ${abandoned("shielded", "sleep 100 ms")}`,
      "undefined",
    ]);
  });

  test("is what is deferred, in frames above and in its own, one after another", async () => {
    const deferring = coroutine(function* deferring(log: Log, name: string): Awaitable<void> {
      defer(function* () {
        log(`${name} begins`);
        yield* sleep(100);
        log("wrong");
      });
      if (name === "outer") yield* deferring(log, "inner");
      else yield* sleepForever();
    });
    const lines = await outcome((log) => moveOnAfter(10, () => deferring(log, "outer"), bound));
    expect(lines).toEqual([
      "10 inner begins",
      "30 outer begins",
      `30 ${abandoned("a generator in main", "sleep 100 ms")}`,
      '{"expired":true}',
    ]);
  });

  test("when the body has returned keeps the body's value", async () => {
    const lines = await outcome(() =>
      cancelScope(function* (scope) {
        defer(() => sleep(100));
        scope.cancel();
        return "value";
      }, bound),
    );
    expect(lines).toEqual([
      `20 ${abandoned("a generator in main", "sleep 100 ms")}`,
      '{"cancelled":false,"value":"value"}',
    ]);
  });

  test("and throws when it is told to return: that is the scope's error", async () => {
    const lines = await outcome(() =>
      moveOnAfter(
        10,
        function* () {
          try {
            yield* sleepForever();
          } finally {
            try {
              yield* sleepForever();
            } finally {
              throw new Error("cleanup");
            }
          }
        },
        bound,
      ),
    );
    expect(lines).toEqual([`30 ${abandoned("a generator in main")}`, "Error: cleanup"]);
  });

  test("comes with the error that was on its way: it stays", async () => {
    const lines = await outcome((log) =>
      taskGroup(function* (group) {
        group.createTask(function* () {
          throw new Error("failed");
        });
        yield* stuck(log);
      }, bound),
    );
    expect(lines.at(-1)).toBe("Error: failed");
  });

  test("S7: what it waited for is not given to it any more", async () => {
    let future!: Future<string>;
    const lines = await outcome(function* (log) {
      future = new Future("late");
      yield* moveOnAfter(
        10,
        function* () {
          try {
            yield* sleepForever();
          } finally {
            log(`wrong: ${yield* future}`);
          }
        },
        bound,
      );
      future.setResult("late");
      yield* sleep(1);
    });
    expect(lines).toEqual([`30 ${abandoned("a generator in main", 'future "late"')}`, "undefined"]);
  });

  test("though it never waits for long: it runs turn after turn", async () => {
    const host = new VirtualClock();
    const loop = new EventLoop({ host, onReport: () => {} });
    let turns = 0;
    const ended = loop.runUntilComplete(() =>
      moveOnAfter(
        10,
        function* () {
          try {
            yield* sleepForever();
          } finally {
            for (;;) {
              yield* sleep(0.1);
              turns++;
            }
          }
        },
        bound,
      ),
    );
    host.runAll();
    expect(await ended).toEqual({ expired: true, value: undefined });
    expect(turns).toBeGreaterThan(100);
  });

  test("of 0 is cut where it waits first", async () => {
    const lines = await outcome((log) => moveOnAfter(10, () => stuck(log), { cleanupTimeout: 0 }));
    expect(lines).toEqual([
      "10 inner begins",
      "10 told to return",
      "10 outer begins",
      `10 ${abandoned("coroutine inner in main", undefined, 0)}`,
      '{"expired":true}',
    ]);
  });

  test("S4: never takes the first step from a task that always starts", async () => {
    const lines = await outcome((log) =>
      moveOnAfter(10, () =>
        taskGroup(function* (group) {
          try {
            yield* sleepForever();
          } finally {
            try {
              yield* sleepForever();
            } finally {
              group.createTask(
                function* () {
                  try {
                    log("was handed something");
                    yield* sleep(1);
                    log("wrong");
                  } finally {
                    log("released it");
                    yield* sleepForever();
                  }
                },
                { start: "always", name: "holder" },
              );
            }
          }
        }, bound),
      ),
    );
    expect(lines).toEqual([
      `30 ${abandoned("a generator in main")}`,
      "30 was handed something",
      "30 released it",
      `50 ${abandoned("holder")}`,
      '{"expired":true}',
    ]);
  });

  test("of an inner scope ends before that of an outer one", async () => {
    const lines = await outcome((log) =>
      moveOnAfter(
        10,
        function* () {
          try {
            yield* cancelScope(() => stuck(log), { cleanupTimeout: 5 });
          } finally {
            yield* stuck(() => {});
          }
        },
        bound,
      ),
    );
    expect(lines).toEqual([
      "10 inner begins",
      "15 told to return",
      "15 outer begins",
      `15 ${abandoned("coroutine inner in main", undefined, 5)}`,
      `30 ${abandoned("coroutine inner in main")}`,
      '{"expired":true}',
    ]);
  });

  test("leaves no timer behind where the run is abandoned before", async () => {
    const lines = await outcome(function* () {
      createTask(
        () =>
          taskGroup(function* (group) {
            group.createTask(() => stuck(() => {}), { name: "child" });
            yield* taskGroup(() => stuck(() => {}), bound);
          }, bound),
        { name: "parent" },
      );
      yield* sleep(10);
    }, 5);
    const over = (what: string, wait: string): string =>
      `15 The cleanup of ${what} exceeded its bound and was abandoned while it waited for ${wait}.`;
    expect(lines).toEqual([over("parent", "sleep for ever"), over("child", "sleep for ever"), "undefined"]);
  });

  test("in a cleanup is the cleanup's own", async () => {
    const lines = await outcome((log) =>
      moveOnAfter(10, function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* moveOnAfter(5, () => stuck(log), bound);
          log("cleaned up");
        }
      }),
    );
    expect(lines.slice(-2)).toEqual(["35 cleaned up", '{"expired":true}']);
  });

  test("in a scope that is entered when everything around it is cancelled begins there", async () => {
    const lines = await outcome(() =>
      cancelScope(function* (outer) {
        outer.cancel();
        yield* cancelScope(function* () {
          yield* shield(() => sleep(100));
        }, bound);
      }),
    );
    expect(lines).toEqual([`20 ${abandoned("a generator in main", "sleep 100 ms")}`, '{"cancelled":true}']);
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
  test.each([-1, Number.NaN, "5" as never])("a cleanupTimeout of %s is refused by all", (cleanupTimeout) => {
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
