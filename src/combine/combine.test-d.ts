import { describe, expectTypeOf, test } from "vitest";
import {
  all,
  allSettled,
  any,
  asCompleted,
  coroutine,
  createTask,
  Future,
  map,
  race,
  sleep,
  wait,
  type Awaitable,
  type Coroutine,
  type Task,
} from "../index.ts";

const one = coroutine(function* one() {
  yield;
  return 1;
});
const text = coroutine(function* text(): Awaitable<string> {
  yield;
  return "text";
});

describe("all", () => {
  test("of an array literal is a tuple", () => {
    expectTypeOf(all([one(), text()])).toEqualTypeOf<Coroutine<[number, string]>>();
    expectTypeOf(all([])).toEqualTypeOf<Coroutine<[]>>();
    expectTypeOf(
      all([
        one(),
        one,
        () => text(),
        function* () {
          yield;
          return true;
        },
        createTask(one()),
        new Future<Date>(),
        sleep(1),
      ]),
    ).toEqualTypeOf<Coroutine<[number, number, string, boolean, number, Date, void]>>();
  });

  test("of an array is an array", () => {
    const many = [1, 2, 3].map(() => one());
    expectTypeOf(all(many)).toEqualTypeOf<Coroutine<number[]>>();
    const readonly: readonly Awaitable<string>[] = [text()];
    expectTypeOf(all(readonly)).toEqualTypeOf<Coroutine<string[]>>();
    const mixed: (Awaitable<string> | (() => Awaitable<number>))[] = [];
    expectTypeOf(all(mixed)).toEqualTypeOf<Coroutine<(string | number)[]>>();
    const pair: [Awaitable<string>, ...Awaitable<number>[]] = [text()];
    expectTypeOf(all(pair)).toEqualTypeOf<Coroutine<[string, ...number[]]>>();
  });

  test("of a record is a record, whose keys may be written", () => {
    const both = all({ user: text(), count: one });
    expectTypeOf(both).toEqualTypeOf<Coroutine<{ user: string; count: number }>>();
    const byName: Record<string, Awaitable<number>> = {};
    expectTypeOf(all(byName)).toEqualTypeOf<Coroutine<Record<string, number>>>();
    coroutine(function* () {
      const { user, count } = yield* both;
      expectTypeOf(user).toEqualTypeOf<string>();
      expectTypeOf(count).toEqualTypeOf<number>();
      const results = yield* all({ user: text() });
      results.user = "another";
    });
  });

  test("of alls is what they give", () => {
    expectTypeOf(all({ a: all([one(), text()]), b: one() })).toEqualTypeOf<
      Coroutine<{ a: [number, string]; b: number }>
    >();
  });

  test("of what cannot be awaited is an error", () => {
    // @ts-expect-error -- a number
    all([one(), 5]);
    // @ts-expect-error -- a promise
    all({ a: Promise.resolve(1) });
    // @ts-expect-error -- a coroutine alone
    all(one());
    // @ts-expect-error -- a set
    all(new Set([one()]));
    // @ts-expect-error -- not as Promise.all is not called either
    all(one(), text());
  });
});

describe("allSettled", () => {
  test("tells how each ended, in their shape", () => {
    expectTypeOf(allSettled([one(), text])).toEqualTypeOf<
      Coroutine<[PromiseSettledResult<number>, PromiseSettledResult<string>]>
    >();
    expectTypeOf(allSettled({ a: one(), b: text() })).toEqualTypeOf<
      Coroutine<{ a: PromiseSettledResult<number>; b: PromiseSettledResult<string> }>
    >();
    expectTypeOf(allSettled([1, 2].map(() => one()))).toEqualTypeOf<
      Coroutine<PromiseSettledResult<number>[]>
    >();
    // @ts-expect-error -- a promise
    allSettled([Promise.resolve(1)]);
  });
});

describe.each([race, any])("race and any", (first) => {
  test("of an array give what any of them may give", () => {
    expectTypeOf(first([one(), text, new Future<Date>()])).toEqualTypeOf<Coroutine<number | string | Date>>();
    expectTypeOf(first([1, 2].map(() => one()))).toEqualTypeOf<Coroutine<number>>();
    // @ts-expect-error -- a promise
    first([one(), Promise.resolve(1)]);
    // @ts-expect-error -- not as many arguments
    first(one(), text());
  });

  test("of a record tell whose it is", () => {
    coroutine(function* () {
      const winner = yield* first({ answer: text(), stop: one });
      expectTypeOf(winner).toEqualTypeOf<
        { readonly key: "answer"; readonly value: string } | { readonly key: "stop"; readonly value: number }
      >();
      if (winner.key === "answer") expectTypeOf(winner.value).toEqualTypeOf<string>();
      const byName: Record<string, Awaitable<number>> = {};
      expectTypeOf(yield* first(byName, { cancel: true })).toEqualTypeOf<{
        readonly key: string;
        readonly value: number;
      }>();
    });
  });
});

describe("wait", () => {
  test("gives back what it is given", () => {
    coroutine(function* () {
      const task = createTask(one());
      const { done, pending } = yield* wait([task, new Future<string>()], { returnWhen: "firstError" });
      expectTypeOf(done).toEqualTypeOf<Set<Task<number> | Future<string>>>();
      expectTypeOf(pending).toEqualTypeOf<Set<Task<number> | Future<string>>>();
      expectTypeOf((yield* wait(new Set([task]))).done).toEqualTypeOf<Set<Task<number>>>();
      // @ts-expect-error -- a coroutine: nobody could ask it how it ended
      yield* wait([one()]);
      // @ts-expect-error -- not a word for it
      yield* wait([task], { returnWhen: "FIRST_COMPLETED" });
    });
  });
});

describe("asCompleted", () => {
  test("gives, one by one, something to await", () => {
    coroutine(function* () {
      for (const next of asCompleted([one(), text(), () => new Future<Date>()])) {
        expectTypeOf(next).toEqualTypeOf<Awaitable<number | string | Date>>();
        expectTypeOf(yield* next).toEqualTypeOf<number | string | Date>();
      }
      for (const next of asCompleted(new Set([one()]))) expectTypeOf(yield* next).toEqualTypeOf<number>();
    });
  });

  test("of what cannot be awaited is an error", () => {
    coroutine(function* () {
      yield;
      // @ts-expect-error -- a promise
      asCompleted([Promise.resolve(1)]);
      // @ts-expect-error -- a record
      asCompleted({ a: one() });
    });
  });
});

describe("map", () => {
  test("gives an array of what fn gives", () => {
    const items: readonly string[] = ["a"];
    const lengths = map(items, function* (item, index) {
      expectTypeOf(item).toEqualTypeOf<string>();
      expectTypeOf(index).toEqualTypeOf<number>();
      yield* sleep(1);
      return item.length;
    });
    expectTypeOf(lengths).toEqualTypeOf<Coroutine<number[]>>();
    expectTypeOf(map(new Set([1]), (n) => sleep(n))).toEqualTypeOf<Coroutine<void[]>>();
    expectTypeOf(map("abc", () => text(), { concurrency: 2 })).toEqualTypeOf<Coroutine<string[]>>();
  });

  test("takes no async function", () => {
    // @ts-expect-error -- a promise cannot be awaited with `yield*`
    map([1], async (n) => n);
  });
});
