import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  defer,
  EventLoop,
  Future,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  type Awaitable,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { abandoned, bound, outcome, stuck, twice } from "../../tests/support/cleanup-bounds.ts";
import type { Log } from "../../tests/support/small.ts";

describe("S2: a cleanup that is abandoned at its scope's cleanupTimeout", () => {
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
    expect(lines).toEqual([over("child", "sleep for ever"), over("parent", "sleep for ever"), "undefined"]);
  });

  test("comes to whoever waits for tasks of its own after these: what they use is released last", async () => {
    const lines = await outcome((log) =>
      moveOnAfter(
        5,
        () =>
          taskGroup(function* (outer) {
            outer.createTask(function* user() {
              try {
                yield* taskGroup((inner) => inner.createTask(() => twice(() => log("uses it"))));
              } finally {
                log("released");
              }
            });
          }),
        { cleanupTimeout: 10 },
      ),
    );
    expect(lines.filter((line) => /uses|released/.test(line))).toEqual(["15 uses it", "15 released"]);
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
