/** On the platform's own host: it is the subject. */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import {
  all,
  call,
  cede,
  ContextVar,
  coroutine,
  createTask,
  defer,
  EventLoop,
  Future,
  moveOnAfter,
  resource,
  run,
  runningLoop,
  runSync,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  toAsync,
  until,
  use,
  type Awaitable,
} from "../index.ts";
import { runVirtual } from "../testing/index.ts";
import { asyncContexts, contextsOf } from "./async-context.ts";

const als = new AsyncLocalStorage<string>();
const other = new AsyncLocalStorage<number>();
const store = (): string | undefined => als.getStore();

const NODE_OPTIONS = ["--conditions=@cede/source", "--experimental-strip-types", "--input-type=module"];
/** Other tasks take turns with the one that puts something in a storage: none of it is theirs. */
const firstUses: Record<string, [main: string, ...printed: string[]]> = {
  run: [
    `als.run("first", () => createTask(() => note("inside")));
     createTask(() => note("beside"));
     yield* sleep(1);
     yield* note("later");`,
    "inside first",
    "beside undefined",
    "later undefined",
  ],
  enterWith: [
    `createTask(() => note("beside"));
     als.enterWith("first");
     yield* createTask(() => note("child"));`,
    "beside undefined",
    "child first",
  ],
};

const after = coroutine(function* after(ms: number): Awaitable<string | undefined> {
  yield* sleep(ms);
  return store();
});

/** Every kind of wait. */
const waits: Record<string, () => Awaitable<unknown>> = {
  "a bare yield": function* () {
    yield;
  },
  "cede()": cede,
  "a sleep": () => sleep(1),
  "a promise": () =>
    until(new Promise((resolve) => als.run("whoever settles", () => setTimeout(resolve, 1)))),
  "a promise that has settled": () => until(Promise.resolve()),
  "a call": () => call(async () => Promise.resolve()),
  "a future that somebody else sets": () => {
    const future = new Future<void>();
    als.run("whoever sets", () => setTimeout(() => future.setResult(), 1));
    return future;
  },
  "a task with another store": () => als.run("a task", () => createTask(after(1))),
  "a group": () =>
    taskGroup(function* (group) {
      als.run("a child", () => group.createTask(after(1)));
    }),
  "a timeout": () => moveOnAfter(1, sleepForever),
  "a coroutine": () => after(1),
  "a resource": coroutine(function* () {
    yield* use(
      resource(function* (provide) {
        yield* provide(1);
        yield* sleep(1);
      }),
    );
  }),
};

describe("S27: an AsyncLocalStorage's store is the same before and after", () => {
  test.each(Object.entries(waits))("%s", async (_, wait) => {
    const stores = await als.run("request", () =>
      run(function* () {
        const seen = [store()];
        yield* wait();
        seen.push(store());
        yield* wait();
        return [...seen, store()];
      }),
    );
    expect(stores).toEqual(["request", "request", "request"]);
    expect(store()).toBe(undefined);
  });

  test.each(Object.entries(waits))("%s: where there is none, too", async (_, wait) => {
    const stores = await run(function* () {
      const seen = [store()];
      yield* wait();
      return [...seen, store()];
    });
    expect(stores).toEqual([undefined, undefined]);
  });

  test.each(Object.entries(waits))("%s: in cleanup, too", async (_, wait) => {
    const seen: unknown[] = [];
    await als.run("request", () =>
      run(() =>
        moveOnAfter(1, function* () {
          defer(function* () {
            seen.push(store());
            yield* wait();
            seen.push(store());
          });
          yield* sleepForever();
        }),
      ),
    );
    expect(seen).toEqual(["request", "request"]);
  });
});

describe("S27: the store of the place where it was made is the one of", () => {
  test("a task that a coroutine creates inside `als.run`, and of the tasks that this creates", async () => {
    const stores = await run(() =>
      als.run("outer", () =>
        createTask(function* () {
          const inner = als.run("inner", () =>
            createTask(function* () {
              yield* sleep(1);
              return [store(), yield* createTask(after(1))].join();
            }),
          );
          return [yield* inner, store(), yield* all([after(1), after(2)])].flat();
        }),
      ),
    );
    expect(stores).toEqual(["inner,inner", "outer", "outer", "outer"]);
  });

  test.each(Object.entries(firstUses))(
    "tasks in the first program of a process that calls %s, in a coroutine",
    async (_, [main, ...printed]) => {
      const program = `
        import { AsyncLocalStorage } from "node:async_hooks";
        import { createTask, run, sleep } from "cede";
        const als = new AsyncLocalStorage();
        function* note(name) {
          console.log(name, als.getStore());
        }
        await run(function* () { ${main} });
      `;
      const { stdout } = await promisify(execFile)(process.execPath, [...NODE_OPTIONS, "--eval", program]);
      expect(stdout.trim().split("\n")).toEqual(printed);
    },
  );

  test("what is made once a store is there, though nothing was before", () => {
    const contexts = contextsOf({ AsyncLocalStorage, AsyncResource });
    expect(contexts.inUse).toBe(false);
    expect(contexts.capture()).toBe(null);
    als.run("first", () => expect(contexts.inUse).toBe(true));
    expect(AsyncLocalStorage.prototype.run.name).toBe("run");
  });

  test("callbacks: of futures and tasks, soon, later, at a time", async () => {
    const seen = await run(function* () {
      const loop = runningLoop();
      const done = ["future", "task", "soon", "later", "at"].map((name) => new Future<unknown>(name));
      const [future, task, soon, later, at] = done as [
        Future<unknown>,
        Future<unknown>,
        Future<unknown>,
        Future<unknown>,
        Future<unknown>,
      ];
      const trigger = new Future<void>();
      als.run("here", () => {
        trigger.addDoneCallback(() => future.setResult(store()));
        als.run("the task's", () => createTask(after(1))).addDoneCallback(() => task.setResult(store()));
        loop.callSoon(() => soon.setResult(store()));
        loop.callLater(1, () => later.setResult(store()));
        loop.callAt(loop.time() + 1, () => at.setResult(store()));
      });
      als.run("there", () => trigger.setResult());
      return yield* all(done);
    });
    expect(seen).toEqual(["here", "here", "here", "here", "here"]);
  });

  test("calls into the loop from outside, and a loop of one's own", async () => {
    const loop = new EventLoop();
    const seen = await als.run("outside", async () => [
      await new Promise((resolve) => loop.callSoon(() => resolve(store()))),
      await loop.createTask(after(1)),
      await toAsync(after)(1),
      runSync(function* () {
        yield;
        return store();
      }),
    ]);
    expect(seen).toEqual(["outside", "outside", "outside", "outside"]);
  });

  test("what a promise's function and an abort signal's listener run in", async () => {
    const seen: unknown[] = [];
    await als.run("request", () =>
      run(() =>
        moveOnAfter(5, () =>
          call(async (signal) => {
            seen.push(store());
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            seen.push(store());
          }),
        ),
      ),
    );
    expect(seen).toEqual(["request", "request"]);
  });
});

test("S27: a hundred runs that take turns in one loop keep their stores apart, and those of all storages", async () => {
  const wrong: unknown[] = [];
  const request = coroutine(function* request(i: number): Awaitable<void> {
    for (let turn = 0; turn < 20; turn++) {
      const expected = i % 10 === 0 ? undefined : `request ${i}`;
      if (store() !== expected || other.getStore() !== (expected === undefined ? undefined : i))
        wrong.push([i, turn, store(), other.getStore()]);
      if (turn % 3 === 0) yield* sleep(i % 3);
      else if (turn % 3 === 1) yield;
      else yield* until(Promise.resolve());
    }
  });
  await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      i % 10 === 0
        ? run(() => request(i))
        : als.run(`request ${i}`, () => other.run(i, () => run(() => all([request(i), request(i)])))),
    ),
  );
  expect(wrong).toEqual([]);
});

test("S27: under a virtual clock as well; whoever wakes a task does not give it its store", async () => {
  const stores = await runVirtual(function* () {
    const trigger = new Future<void>();
    const waiter = createTask(function* () {
      yield* trigger;
      return store();
    });
    yield* als.run("waker", () =>
      createTask(function* () {
        yield* sleep(1);
        trigger.setResult();
      }),
    );
    return [yield* waiter, yield* after(1)];
  });
  expect(stores).toEqual([undefined, undefined]);
});

test("together with context variables: each keeps to its own", async () => {
  const user = new ContextVar("user", { default: "nobody" });
  const both = coroutine(function* both(): Awaitable<string> {
    yield* sleep(1);
    return `${store()} ${user.get()}`;
  });
  const seen = await als.run("request", () =>
    run(function* () {
      const before = yield* both();
      const inside = yield* user.with("Ann", () => all([both(), als.run("inner", () => createTask(both))]));
      const after = yield* both();
      return [before, ...inside, after];
    }),
  );
  expect(seen).toEqual(["request nobody", "request Ann", "inner Ann", "request nobody"]);
});

test("a step that throws, a timeout and an escape leave the store as it was", async () => {
  const seen: unknown[] = [];
  await als.run("request", () =>
    run(function* () {
      try {
        yield* timeout(1, () => all([after(5), createTask(sleepForever)]));
      } catch {
        seen.push(store());
      }
      try {
        yield* createTask(function* () {
          throw new Error("failed");
        });
      } catch {
        seen.push(store());
      }
    }),
  );
  expect([...seen, store()]).toEqual(["request", "request", undefined]);
});

describe("a platform", () => {
  test("that shows nothing of its contexts has them in use from the start", () => {
    class Opaque {
      readonly #kept = { before: "text" };
      runInAsyncScope<This, T>(fn: (this: This) => T, self: This): T {
        return this.#kept.before === "text" ? fn.call(self) : fn.call(self);
      }
    }
    const contexts = contextsOf({ AsyncResource: Opaque, AsyncLocalStorage: class {} });
    expect(contexts.inUse).toBe(true);
    expect(contexts.capture()!.enter({ step: () => true })).toBe(true);
  });

  test("whose methods cannot be wrapped has them in use from the start", () => {
    const Frozen = class {
      run(): void {}
      enterWith(): void {}
    };
    Object.freeze(Frozen.prototype);
    expect(contextsOf({ AsyncResource, AsyncLocalStorage: Frozen }).inUse).toBe(true);
  });

  test("whose methods somebody else has wrapped meanwhile keeps that", () => {
    const Wrapped = class {
      run(): string {
        return "run";
      }
      enterWith(): void {}
    };
    const contexts = contextsOf({ AsyncResource, AsyncLocalStorage: Wrapped });
    const ours = Wrapped.prototype.run;
    const theirs = function (this: InstanceType<typeof Wrapped>): string {
      return `theirs: ${ours.call(this)}`;
    };
    Wrapped.prototype.run = theirs;
    expect([contexts.inUse, new Wrapped().run(), contexts.inUse]).toEqual([false, "theirs: run", true]);
    expect(Wrapped.prototype.run).toBe(theirs);
  });

  test("is asked once", () => {
    expect(asyncContexts()).toBe(asyncContexts());
  });
});
