import { describe, expectTypeOf, test } from "vitest";
import {
  cede,
  coroutine,
  createTask,
  Future,
  run,
  runSync,
  sleep,
  sleepForever,
  toAsync,
  until,
  type Awaitable,
  type Coroutine,
  type Task,
} from "../index.ts";

const answer = coroutine(function* answer() {
  yield* sleep(1);
  return 42;
});

describe("coroutine", () => {
  test("infers what it gives", () => {
    expectTypeOf(answer).toEqualTypeOf<(this: unknown) => Coroutine<number>>();
    expectTypeOf(answer()).toEqualTypeOf<Coroutine<number>>();
    expectTypeOf(coroutine(function* () {})()).toEqualTypeOf<Coroutine<void>>();
    const either = coroutine(function* (flag: boolean) {
      if (flag) return "text" as const;
      yield;
      return { n: 1 };
    });
    expectTypeOf(either).returns.toEqualTypeOf<Coroutine<"text" | { n: number }>>();
  });

  test("keeps parameters: their names aside, all of them", () => {
    const page = coroutine(function* (url: string, retries?: number, fast: boolean = true, ...rest: Date[]) {
      yield;
      return [url, retries, fast, rest] as const;
    });
    expectTypeOf(page).parameters.toEqualTypeOf<
      [url: string, retries?: number | undefined, fast?: boolean | undefined, ...rest: Date[]]
    >();
    // @ts-expect-error -- an argument is missing
    page();
    // @ts-expect-error -- a wrong one
    page("url", "twice");
  });

  test("keeps generics", () => {
    const after = coroutine(function* after<T, const K extends string>(ms: number, value: T, key: K) {
      yield* sleep(ms);
      return { value, key };
    });
    expectTypeOf(after(1, [1, "a"], "k")).toEqualTypeOf<
      Coroutine<{ value: (number | string)[]; key: "k" }>
    >();
    const first = coroutine(function* first<T>(items: readonly T[]): Awaitable<T | undefined> {
      yield;
      return items[0];
    });
    expectTypeOf(first([1, 2])).toEqualTypeOf<Coroutine<number | undefined>>();
  });

  test("keeps `this`", () => {
    const counter = {
      n: 1,
      count: coroutine(function* (this: { n: number }) {
        yield;
        return this.n;
      }),
    };
    expectTypeOf(counter.count()).toEqualTypeOf<Coroutine<number>>();
    const { count } = counter;
    // @ts-expect-error -- it needs its `this`
    count();
  });

  test("of a recursive function needs an annotation, and then has it", () => {
    const count = coroutine(function* count(n: number): Awaitable<number> {
      return n === 0 ? 0 : 1 + (yield* count(n - 1));
    });
    expectTypeOf(count).returns.toEqualTypeOf<Coroutine<number>>();
  });

  test("refuses what is no generator function", () => {
    // @ts-expect-error -- an async function
    const load = (): unknown => coroutine(async () => 1);
    // @ts-expect-error -- an async generator function
    const stream = (): unknown => coroutine(async function* () {});
    // @ts-expect-error -- a function that gives nothing to await
    const nothing = (): unknown => coroutine(() => 1);
    expectTypeOf(load || stream || nothing).toBeFunction();
  });
});

describe("yield*", () => {
  test("gives exactly what is awaited", () => {
    coroutine(function* () {
      expectTypeOf(yield* answer()).toEqualTypeOf<number>();
      expectTypeOf(yield* sleep(1)).toEqualTypeOf<void>();
      expectTypeOf(yield* cede()).toEqualTypeOf<void>();
      expectTypeOf(yield* new Future<string>()).toEqualTypeOf<string>();
      expectTypeOf(yield* createTask(answer())).toEqualTypeOf<number>();
      expectTypeOf(yield* createTask(answer()).cancel()).toEqualTypeOf<void>();
      expectTypeOf(yield* until(Promise.resolve({ a: 1 }))).toEqualTypeOf<{ a: number }>();
      const literal: "a" | "b" = yield* choose();
      expectTypeOf(literal).toEqualTypeOf<"a" | "b">();
      yield* sleepForever();
    });
    function* choose(): Awaitable<"a" | "b"> {
      yield;
      return "a";
    }
  });

  test("of a plain helper needs no annotation", () => {
    function* helper() {
      const n = yield* answer();
      return `${n}`;
    }
    coroutine(function* () {
      expectTypeOf(yield* helper()).toEqualTypeOf<string>();
    });
  });

  test("of what cannot be awaited is an error", () => {
    coroutine(function* () {
      // @ts-expect-error -- a promise
      yield* Promise.resolve(1);
      // @ts-expect-error -- the function instead of its call
      yield* answer;
      // @ts-expect-error -- a number
      yield* 5;
      yield;
    });
    // @ts-expect-error -- an array: it yields its items
    coroutine(function* () {
      yield* [1, 2];
    });
  });
});

describe("yield", () => {
  test("of anything is an error: a coroutine yields nothing", () => {
    // @ts-expect-error -- a number
    coroutine(function* () {
      yield 5;
    });
    // @ts-expect-error -- a promise
    coroutine(function* () {
      yield Promise.resolve(1);
    });
    // @ts-expect-error -- a coroutine: did you write `yield` for `yield*`?
    coroutine(function* () {
      yield answer();
    });
    // @ts-expect-error -- a task
    coroutine(function* () {
      yield createTask(answer());
    });
    // @ts-expect-error -- a wait
    coroutine(function* () {
      yield sleep(1);
    });
  });

  test("of anything is an error at its line, where the function is annotated", () => {
    coroutine(function* (): Awaitable<void> {
      yield;
      // @ts-expect-error -- a number
      yield 5;
      // @ts-expect-error -- a coroutine
      yield answer();
    });
  });

  test("of anything is an error in bodies, too", () => {
    // @ts-expect-error -- a number
    void run(function* () {
      yield 5;
    });
    // @ts-expect-error -- a coroutine
    runSync(function* () {
      yield answer();
    });
    // @ts-expect-error -- a promise
    createTask(function* () {
      yield Promise.resolve();
    });
  });

  test("alone gives nothing back", () => {
    coroutine(function* (): Awaitable<void> {
      const nothing: void = yield;
      expectTypeOf(nothing).toEqualTypeOf<void>();
    });
  });
});

describe("bodies", () => {
  test("give their type on", () => {
    expectTypeOf(run(answer)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(run(answer())).toEqualTypeOf<Promise<number>>();
    expectTypeOf(run(() => sleep(1))).toEqualTypeOf<Promise<void>>();
    expectTypeOf(runSync(function* () { return "x" as const; })).toEqualTypeOf<"x">(); // prettier-ignore
    expectTypeOf(createTask(answer())).toEqualTypeOf<Task<number>>();
    expectTypeOf(createTask(createTask(answer()))).toEqualTypeOf<Task<number>>();
  });

  test("that cannot be awaited are errors", () => {
    // @ts-expect-error -- an async function
    void run(async () => 1);
    // @ts-expect-error -- a promise
    void run(Promise.resolve(1));
    // @ts-expect-error -- nothing
    void run();
    // @ts-expect-error -- a function with a parameter
    void run((n: number) => sleep(n));
    // @ts-expect-error -- an array
    createTask([answer()]);
  });

  test("toAsync keeps parameters and result", () => {
    const load = toAsync(function* (url: string, retries?: number) {
      yield* sleep(retries ?? 0);
      return url.length;
    });
    expectTypeOf(load).parameters.toEqualTypeOf<[url: string, retries?: number | undefined]>();
    expectTypeOf(load).returns.toEqualTypeOf<Promise<number>>();
    expectTypeOf(load.with).returns.parameters.toEqualTypeOf<[url: string, retries?: number | undefined]>();
    expectTypeOf(load.with({ shutdownTimeout: 5 })("url")).toEqualTypeOf<Promise<number>>();
  });
});

describe("tasks and futures", () => {
  test("do not show that they are iterators", () => {
    type Shown = keyof Task<number> | keyof Future<number>;
    expectTypeOf<Extract<Shown, "next" | "return" | "throw">>().toBeNever();
  });

  test("are awaited in async functions with their type", () => {
    const look = async (task: Task<number>, future: Future<string>): Promise<void> => {
      expectTypeOf(await task).toEqualTypeOf<number>();
      expectTypeOf(await future).toEqualTypeOf<string>();
      expectTypeOf(task.result()).toEqualTypeOf<number>();
      expectTypeOf(task.error()).toEqualTypeOf<unknown>();
    };
    expectTypeOf(look).toBeFunction();
  });

  test("a future takes only its own type", () => {
    const future = new Future<number>();
    future.setResult(1);
    // @ts-expect-error -- a string
    future.setResult("1");
    // @ts-expect-error -- nothing
    future.setResult();
    new Future<void>().setResult();
  });

  test("their state is read-only, and one of four", () => {
    const task = null as unknown as Task<number>;
    expectTypeOf<Task<number>["state"]>().toEqualTypeOf<"ready" | "running" | "parked" | "done">();
    const write = (): void => {
      // @ts-expect-error -- read-only
      task.state = "done";
      // @ts-expect-error -- read-only
      task.done = true;
    };
    expectTypeOf(write).toBeFunction();
  });
});
