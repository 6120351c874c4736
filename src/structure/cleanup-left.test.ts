// What is left where cleanup was abandoned: nothing. Tasks do not outlive their owner, what is used is released after
// whoever uses it, and no rejection is lost.
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import {
  asCompleted,
  ContextVar,
  coroutine,
  createTask,
  defer,
  EventLoop,
  Future,
  moveOnAfter,
  resource,
  sleep,
  sleepForever,
  supervise,
  taskGroup,
  use,
  type Awaitable,
  type Resource,
  type Task,
  type TaskGroup,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { abandoned, bound, outcome, twice } from "../../tests/support/cleanup-bounds.ts";
import type { Log } from "../../tests/support/small.ts";

const orphan = coroutine(function* orphan(log: Log): Awaitable<void> {
  log("wrong");
  yield* sleep(20);
  throw new Error("nobody hears this");
});

const over = (what: string, wait?: string): string =>
  `30 The cleanup of ${what} exceeded its bound and was abandoned${wait === undefined ? "" : ` while it waited for ${wait}`}.`;

describe("S10: where cleanup is abandoned, no task outlives its owner", () => {
  test.each([
    [
      "opens another group",
      'group "tasks", 1 of 1 left',
      (log: Log) =>
        taskGroup(function* (group) {
          group.createTask(() => orphan(log));
        }),
    ],
    [
      "loops over asCompleted",
      "the next of 1 to complete",
      function* (log: Log): Awaitable<void> {
        for (const next of asCompleted([() => orphan(log)])) yield* next;
      },
    ],
  ])("when that %s, in the step that it has by itself", async (_, wait, next) => {
    const lines = await outcome(function* (log) {
      yield* moveOnAfter(
        10,
        function* () {
          try {
            yield* sleepForever();
          } finally {
            try {
              yield* taskGroup((group) => group.createTask(sleepForever));
            } finally {
              yield* next(log);
            }
          }
        },
        bound,
      );
    });
    expect(lines).toEqual([
      `30 ${abandoned("sleepForever")}`,
      `30 ${abandoned("a generator in main", wait)}`,
      "undefined",
    ]);
  });

  test("when it is created in cleanup that is told to return: it has its first step, and is told, too", async () => {
    let group!: TaskGroup;
    const lines = await outcome(function* (log) {
      yield* moveOnAfter(
        10,
        () =>
          taskGroup(function* (it) {
            group = it;
            it.createTask(() => twice(() => create()), { name: "creator" });
            yield* twice(() => {});
          }),
        bound,
      );
      function create(): void {
        group.createTask(
          function* created() {
            try {
              log("was handed something");
              yield* sleepForever();
            } finally {
              log("gives it back");
              yield* sleep(20);
              log("wrong");
            }
          },
          { start: "always" },
        );
      }
      expect(() => group.createTask(sleepForever)).toThrow(
        /^Cannot create a task in group "tasks": it has ended/,
      );
    });
    expect(lines).toEqual([
      `30 ${abandoned("creator")}`,
      "30 was handed something",
      "30 gives it back",
      `30 ${abandoned("created", "sleep 20 ms")}`,
      `30 ${abandoned("coroutine twice in main")}`,
      "undefined",
    ]);
  });

  test("a group that is cut takes no more tasks, so that this ends", async () => {
    const lines = await outcome((log) =>
      moveOnAfter(
        10,
        () =>
          taskGroup(function* (group) {
            const again = (): Task<void> =>
              group.createTask(() => twice(() => void again()), { start: "always", name: "again" });
            yield* twice(() => void again());
            log("wrong");
          }),
        bound,
      ),
    );
    expect(lines.slice(0, -1)).toEqual([
      `30 ${abandoned("again")}`,
      `30 ${abandoned("coroutine twice in main")}`,
    ]);
    expect(lines.at(-1)).toMatch(/^InvalidStateError: Cannot create a task in group "tasks": it has ended/);
  });

  test("when its group is polled by hand, and left parked: it is abandoned with it", async () => {
    const lines = await outcome((log) =>
      coroutine(function* byHand(): Awaitable<void> {
        yield* sleep(0);
        const group = taskGroup(function* (it): Awaitable<void> {
          it.createTask(() => twice(() => log("told to return")), { start: "always", name: "child" });
          yield* sleepForever();
        });
        group[Symbol.iterator]().next(undefined);
      })(),
    );
    expect(lines).toEqual([
      "0 told to return",
      "0 The cleanup of child lost its owner and was abandoned while it waited for sleep for ever.",
      expect.stringMatching(
        /^InvalidStateError: Cannot go on with coroutine byHand: it polled an awaitable by hand/,
      ),
    ]);
  });

  test("its error is the group's", async () => {
    const lines = await outcome(() =>
      moveOnAfter(
        10,
        () =>
          taskGroup((group) =>
            twice(() => {
              group.createTask(
                function* () {
                  throw new Error("failed");
                },
                { start: "always" },
              );
            }),
          ),
        bound,
      ),
    );
    expect(lines).toEqual([`30 ${abandoned("coroutine twice in main")}`, "Error: failed"]);
  });

  test("S13: the failures in a supervise are told, and what its `onFailure` throws fails the run", async () => {
    const fail = function* fail(): Awaitable<void> {
      throw new Error("failed");
    };
    const lines = await outcome((log) =>
      moveOnAfter(
        10,
        () =>
          supervise(
            (group) =>
              twice(() => {
                group.createTask(fail, { start: "always" });
                group.createTask(fail, { start: "always" });
              }),
            {
              onFailure() {
                log("told");
                throw new Error("no handler");
              },
            },
          ),
        bound,
      ),
    );
    expect(lines).toEqual([
      `30 ${abandoned("coroutine twice in main")}`,
      "30 told",
      "30 told",
      "Error: no handler, besides Error: failed, besides Error: no handler",
    ]);
  });

  test("S14: shutdownTimeout bounds also what is created by cleanup that it abandons", async () => {
    const lines = await outcome(function* () {
      createTask(() => twice(() => createTask(() => twice(() => {}), { start: "always", name: "second" })), {
        name: "first",
      });
      yield* sleep(10);
    }, 20);
    expect(lines).toEqual([
      over("first", "sleep for ever"),
      over("second", "sleep for ever").replace("30", "50"),
      "undefined",
    ]);
  });
});

describe("S2: what is used is released after whoever uses it, where that is abandoned", () => {
  /** Says when it is released, as far as it comes without waiting. */
  const named = (log: Log, name: string, ms: number = 0): Resource<string> =>
    resource(function* connection(provide) {
      try {
        yield* provide(name);
      } finally {
        log(`${name} is released`);
        if (ms > 0) yield* sleep(ms);
        if (ms > 0) log("wrong");
      }
    });
  const user = coroutine(function* user(log: Log): Awaitable<void> {
    yield* use(named(log, "a", 5));
    yield* use(named(log, "b"));
    yield* twice(() => log("uses them"));
  });

  test("in a scope with a bound", async () => {
    const lines = await outcome((log) => moveOnAfter(10, () => user(log), bound));
    expect(lines).toEqual([
      "30 uses them",
      "30 b is released",
      "30 a is released",
      `30 ${abandoned("connection", "sleep 5 ms")}`,
      `30 ${abandoned("coroutine twice in main")}`,
      '{"expired":true}',
    ]);
  });

  test("in a run that shuts down", async () => {
    const lines = await outcome(function* (log) {
      createTask(user(log));
      yield* sleep(10);
    }, 20);
    expect(lines).toEqual([
      "30 uses them",
      "30 b is released",
      "30 a is released",
      over("connection", "sleep 5 ms"),
      over("user", "sleep for ever"),
      "undefined",
    ]);
  });

  test("while it is released, or acquired, it is abandoned first: whoever waits for that goes on", async () => {
    const slow = resource(function* slow(provide) {
      yield* provide(1);
      yield* sleep(100);
    });
    const never = resource<number>(function* never(provide) {
      yield* twice(() => {});
      yield* provide(1);
    });
    const lines = await outcome(function* (log) {
      for (const one of [slow, never]) {
        yield* moveOnAfter(
          10,
          function* () {
            defer(() => log("goes on"));
            yield* coroutine(function* () {
              yield* use(one);
            })();
            yield* sleepForever();
          },
          bound,
        );
      }
    });
    expect(lines.filter((line) => /goes on/.test(line))).toHaveLength(2);
    expect(lines.join()).not.toMatch(/generator|main/);
  });
});

describe("S9: a release that is abandoned in the step in which it begins", () => {
  test.each(["scope", "run"])("is heard of when its promise rejects: one of a %s", async (what) => {
    const reports: string[] = [];
    const host = new VirtualClock();
    const loop = new EventLoop({ host, onReport: ({ kind }) => reports.push(kind) });
    const given = new Future<void>("given");
    const releasing = coroutine(function* releasing(): Awaitable<void> {
      // oxlint-disable-next-line require-await
      defer(async () => {
        throw new Error("close failed");
      });
      try {
        yield* sleepForever();
      } finally {
        yield* given;
      }
    });
    const ended = loop.runUntilComplete(
      function* () {
        const first = (): Awaitable<void> => twice(() => given.setResult());
        if (what === "scope") {
          yield* moveOnAfter(
            10,
            () =>
              taskGroup(function* (group) {
                group.createTask(first);
                group.createTask(releasing());
              }),
            bound,
          );
        } else {
          createTask(first);
          createTask(releasing());
          yield* sleep(10);
        }
      },
      { shutdownTimeout: 20 },
    );
    host.runAll();
    await ended;
    await new Promise(setImmediate);
    expect(reports.at(-1)).toBe("late-error");
  });
});

describe("S27: cleanup that is abandoned", () => {
  test.each(["scope", "run"])("runs inside the context of its task: that of a %s", async (what) => {
    const storage = new AsyncLocalStorage<string>();
    const variable = new ContextVar<string>("variable");
    const seen: unknown[] = [];
    const host = new VirtualClock();
    const loop = new EventLoop({ host, onReport: () => {} });
    const ended = storage.run("outside", () => {
      const all = loop.runUntilComplete(
        function* () {
          storage.run("inside", () =>
            createTask(function* () {
              variable.set("inside");
              const body = (): Awaitable<void> => twice(() => seen.push(storage.getStore(), variable.get()));
              if (what === "scope") yield* moveOnAfter(5, body, bound);
              else yield* body();
            }),
          );
          yield* sleep(what === "scope" ? 100 : 5);
        },
        { shutdownTimeout: 20 },
      );
      host.runAll();
      return all;
    });
    await ended;
    expect(seen).toEqual(["inside", "inside"]);
  });
});
