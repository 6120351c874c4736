import { describe, expect, expectTypeOf, test } from "vitest";
import {
  all,
  asCompleted,
  call,
  cancelScope,
  ContextVar,
  coroutine,
  createTask,
  defer,
  EventLoop,
  Future,
  InvalidStateError,
  map,
  moveOnAfter,
  resource,
  run,
  runningLoop,
  runSync,
  sleep,
  sleepForever,
  taskGroup,
  until,
  use,
  type Awaitable,
  type ContextToken,
} from "../index.ts";
import { cancelEverywhere, runVirtual } from "../testing/index.ts";

const user = new ContextVar("user", { default: "nobody" });
/** Who it is after a wait, to be awaited. */
const who = coroutine(function* who(): Awaitable<string> {
  yield* sleep(1);
  return user.get();
});

describe("S27: a task has the values of the place where it was created", () => {
  /** Everything that creates a task, and gives what the task has. */
  const creators: Record<string, () => Awaitable<unknown>> = {
    "a call": () => who(),
    createTask: () => createTask(who),
    "a group's createTask": () => taskGroup((group) => group.createTask(who())),
    all: () => all([who()]),
    map: () => map([1], who),
    asCompleted: coroutine(function* () {
      for (const next of asCompleted([who()])) return yield* next;
    }),
    "a resource": coroutine(function* () {
      return yield* use(
        resource(function* (provide) {
          yield* provide(yield* who());
        }),
      );
    }),
    "a task of a task": () =>
      createTask(function* () {
        return yield* createTask(who());
      }),
    "callSoon, which tasks are created in": coroutine(function* () {
      const future = new Future<string>();
      const loop = runningLoop();
      loop.callSoon(() => loop.createTask(who).addDoneCallback((task) => future.setResult(task.result())));
      return yield* future;
    }),
    "a callback of a future": coroutine(function* () {
      const [trigger, future] = [new Future<void>(), new Future<string>()];
      trigger.addDoneCallback(() => future.setResult(user.get()));
      yield* taskGroup(function* (group) {
        group.createTask(() =>
          user.with("whoever sets it", function* () {
            trigger.setResult();
          }),
        );
      });
      return yield* future;
    }),
    "a callback at a time": coroutine(function* () {
      const future = new Future<string>();
      runningLoop().callLater(1, () => future.setResult(user.get()));
      return yield* future;
    }),
  };

  test.each(Object.entries(creators))("%s", async (_, create) => {
    const result = await runVirtual(() =>
      user.with("Ann", () =>
        coroutine(function* () {
          const value = yield* create();
          return [value, user.get()].flat();
        })(),
      ),
    );
    expect(result).toEqual(["Ann", "Ann"]);
  });

  test("a run, and a loop of one's own", async () => {
    const [first, second] = await run(() =>
      user.with("Ann", () => all([until(run(afterATurn)), until(EventLoop.run(afterATurn))])),
    );
    expect([first, second]).toEqual(["Ann", "Ann"]);
  });
  function* afterATurn(): Awaitable<string> {
    yield;
    return user.get();
  }

  test("and keeps them, whatever its creator sets later; what it sets itself, its creator does not see", async () => {
    const log: string[] = [];
    await runVirtual(function* () {
      user.set("Ann");
      const task = createTask(function* () {
        yield* sleep(5);
        log.push(`task ${user.get()}`);
        user.set("Cid");
        yield* sleep(5);
        log.push(`task ${user.get()}`);
      });
      user.set("Bob");
      yield* task;
      log.push(`main ${user.get()}`);
    });
    expect(log).toEqual(["task Ann", "task Cid", "main Bob"]);
  });

  test("while a thousand tasks take turns, each with its own", async () => {
    const wrong: string[] = [];
    await runVirtual(() =>
      taskGroup(function* (group) {
        for (let i = 0; i < 1000; i++) {
          const name = `user ${i}`;
          group.createTask(() =>
            user.with(name, function* () {
              for (let turn = 0; turn < 5; turn++) {
                yield;
                if (user.get() !== name) wrong.push(name);
                if (i % 3 === 0) yield* sleep(1);
              }
            }),
          );
          group.createTask(function* () {
            yield* sleep(1);
            if (user.get() !== "nobody") wrong.push("nobody");
          });
        }
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe("a value that is set with a body", () => {
  test("is there in the body, what it calls, and its cleanup; and on every way out it is the one from before", async () => {
    const log: string[] = [];
    const note = (where: string): void => void log.push(`${where} ${user.get()}`);
    const body = coroutine(function* (end: () => Awaitable<void>): Awaitable<void> {
      defer(function* () {
        yield* sleep(1);
        note("deferred");
      });
      try {
        yield* user.with("inner", () => end());
        note("after");
      } finally {
        yield* sleep(1);
        note("finally");
      }
    });
    await runVirtual(() =>
      user.with("outer", function* () {
        yield* body(() => sleep(1));
        try {
          yield* body(function* () {
            yield* sleep(1);
            throw new Error("failed");
          });
        } catch {
          note("caught");
        }
        yield* moveOnAfter(5, () =>
          body(function* () {
            try {
              yield* sleepForever();
            } finally {
              yield* sleep(1);
              note("inside");
            }
          }),
        );
        note("end");
      }),
    );
    expect(log).toEqual([
      "after outer",
      "finally outer",
      "deferred outer",
      "finally outer",
      "deferred outer",
      "caught outer",
      "inside inner",
      "finally outer",
      "deferred outer",
      "end outer",
    ]);
  });

  test("gives what the body gives; the body's own frame is unwound right, also when its cleanup waits", async () => {
    expect(runSync(() => user.with("Ann", () => taskGroup(() => all([createTask(now)]))))).toEqual(["Ann"]);
    function* now(): Awaitable<string> {
      return user.get();
    }
    const log: string[] = [];
    await runVirtual(() =>
      cancelScope(function* (scope) {
        yield* user.with("Ann", function* () {
          try {
            scope.cancel();
            yield;
          } finally {
            yield* sleep(1);
            log.push(user.get());
          }
        });
        log.push("wrong: went on");
      }),
    );
    expect(log).toEqual(["Ann"]);
  });

  test("is not there for whoever comes after, wherever the program is cancelled", async () => {
    const seen = new Set<string>();
    await cancelEverywhere(function* () {
      defer(() => void seen.add(`deferred ${user.get()}`));
      yield* user.with("Ann", function* () {
        yield* user.with("Bob", () => who());
        seen.add(`inner ${yield* who()}`);
      });
      seen.add(`outer ${yield* who()}`);
    });
    expect(seen).toEqual(new Set(["inner Ann", "outer nobody", "deferred nobody"]));
  });
});

describe("set and reset", () => {
  test("a value that is set is there for the rest of the task, its callers included, until it is reset", async () => {
    const seen: string[] = [];
    const inner = coroutine(function* inner(): Awaitable<ContextToken<string>> {
      const token = user.set("Ann");
      user.reset(user.set("Bob"));
      yield* sleep(1);
      return token;
    });
    await runVirtual(function* () {
      const token = yield* inner();
      seen.push(user.get());
      user.reset(token);
      seen.push(user.get(), user.get("fallback"));
    });
    expect(seen).toEqual(["Ann", "nobody", "fallback"]);
  });

  test("with `using`, a value is reset at the end of the block, by a cancellation too", async () => {
    const seen: string[] = [];
    await runVirtual(() =>
      user.with("outer", function* () {
        yield* moveOnAfter(1, function* () {
          using token = user.set("inner");
          expect(token.variable).toBe(user);
          seen.push(user.get());
          yield* sleepForever();
        });
        seen.push(user.get());
        {
          using token = user.set("by hand");
          user.reset(token);
        }
        seen.push(user.get());
      }),
    );
    expect(seen).toEqual(["inner", "outer", "outer"]);
  });

  test("several variables do not touch each other", async () => {
    const trace = new ContextVar<number>("trace");
    await runVirtual(function* () {
      const first = trace.set(1);
      const token = user.set("Ann");
      trace.set(2);
      user.reset(token);
      expect([user.get(), trace.get()]).toEqual(["nobody", 2]);
      trace.reset(first);
      expect(trace.get(undefined)).toBe(undefined);
    });
  });

  test("undefined is a value, and so is a default of undefined", async () => {
    const maybe = new ContextVar<string | undefined>("maybe");
    expect(() => maybe.get()).toThrow(InvalidStateError);
    expect(new ContextVar<string | undefined>("maybe", { default: undefined }).get()).toBe(undefined);
    runSync(function* () {
      maybe.set(undefined);
      expect(maybe.get("fallback")).toBe(undefined);
    });
  });
});

test("a promise brings no values along, and takes none away", async () => {
  const values = await run(() =>
    user.with("Ann", function* () {
      const outside = yield* until(Promise.resolve().then(() => user.get()));
      const inside = yield* call(async () => user.get());
      return [outside, inside, user.get()];
    }),
  );
  expect(values).toEqual(["nobody", "Ann", "Ann"]);
});

test("types: the value's, and the fallback's", () => {
  const id = new ContextVar<number>("id");
  expectTypeOf(() => id.get()).returns.toEqualTypeOf<number>();
  expectTypeOf(() => id.get(null)).returns.toEqualTypeOf<number | null>();
  expectTypeOf(user).toEqualTypeOf<ContextVar<string>>();
  expectTypeOf(() => user.with("Ann", who)).returns.toEqualTypeOf<Awaitable<string>>();
  // @ts-expect-error -- not of its type
  expect(() => id.set("text")).toThrow();
});

describe("mistakes with context variables", () => {
  const id = new ContextVar<number>("id");
  test.each<[string, () => unknown, string]>([
    ["get without a value", () => id.get(), 'Cannot get context variable "id": nothing is set here.'],
    [
      "a token of another",
      () => id.reset(user.set("Ann") as never),
      'with a token of context variable "user"',
    ],
    [
      "no token",
      () => id.reset(5 as never),
      'Cannot reset context variable "id" with 5: it takes what its `set`',
    ],
    [
      "a token twice",
      () => {
        const token = id.set(1);
        id.reset(token);
        id.reset(token);
      },
      'Cannot reset context variable "id": this token was used. Each is used once.',
    ],
    [
      "no name",
      () => new ContextVar(5 as never),
      "Cannot make a context variable named 5: its name is a string",
    ],
  ])("%s", (_, mistake, message) => {
    expect(() =>
      runSync(function* () {
        mistake();
      }),
    ).toThrow(message);
  });

  test("a token of another task", async () => {
    await expect(
      runVirtual(function* main() {
        const token = id.set(1);
        yield* createTask(function* child() {
          id.reset(token);
        });
      }),
    ).rejects.toThrow(/^Cannot reset context variable "id" in child#\d+: it was set in main#\d+\./);
  });

  test("outside every task there is nothing to set it in; reading it gives the default", () => {
    expect(() => id.set(1)).toThrow('Cannot set context variable "id": no task is running here');
    expect(user.get()).toBe("nobody");
  });
});
