import { describe, expectTypeOf, test } from "vitest";
import {
  coroutine,
  gracefulShutdown,
  repeat,
  retry,
  Schedule,
  singleFlight,
  sleep,
  supervise,
  type Awaitable,
  type Coroutine,
  type RetryPolicy,
  type ShutdownResult,
} from "../index.ts";

const one = coroutine(function* one(): Awaitable<number> {
  return 1;
});

describe("Schedule", () => {
  test("is for any use until a predicate says what it looks at", () => {
    const schedule = Schedule.exponential(1).jittered().limit(3).upTo(100);
    expectTypeOf(schedule).toEqualTypeOf<Schedule>();
    expectTypeOf(schedule.until((n: number) => n > 1)).toEqualTypeOf<Schedule<number>>();
    expectTypeOf(schedule.until((n: number) => n > 1).limit(1)).toEqualTypeOf<Schedule<number>>();
    expectTypeOf(Schedule.fixed(1).until((last) => last === 1)).toEqualTypeOf<Schedule>();
  });
  test("is refused where something else is given", () => {
    const numbers = Schedule.fixed(1).until((n: number) => n > 1);
    // @ts-expect-error: errors may be anything
    void retry(one, numbers);
    // @ts-expect-error: these are strings
    void repeat(() => text(), numbers);
  });
});

declare function text(): Awaitable<string>;

test("retry() gives what its function gives", () => {
  expectTypeOf(retry(one)).toEqualTypeOf<Coroutine<number>>();
  expectTypeOf(
    retry(function* (attempt) {
      expectTypeOf(attempt).toEqualTypeOf<number>();
      yield* sleep(1);
      return "text";
    }),
  ).toEqualTypeOf<Coroutine<string>>();
  expectTypeOf<Parameters<NonNullable<RetryPolicy["when"]>>[0]>().toEqualTypeOf<unknown>();
});

test("repeat() gives the last value, if there is one", () => {
  expectTypeOf(repeat(one, Schedule.fixed(1))).toEqualTypeOf<Coroutine<number>>();
  expectTypeOf(
    repeat(
      one,
      Schedule.fixed(1).until((n: number) => n > 1),
    ),
  ).toEqualTypeOf<Coroutine<number>>();
  expectTypeOf(repeat(one, Schedule.fixed(1), { immediate: false })).toEqualTypeOf<
    Coroutine<number | undefined>
  >();
});

test("singleFlight() keeps parameters and result", () => {
  const load = singleFlight(
    coroutine(function* load(id: number, deep?: boolean): Awaitable<string> {
      return `${id} ${deep}`;
    }),
    {
      key(id, deep) {
        expectTypeOf(id).toEqualTypeOf<number>();
        expectTypeOf(deep).toEqualTypeOf<boolean | undefined>();
        return id;
      },
    },
  );
  expectTypeOf(load).parameters.toEqualTypeOf<[id: number, deep?: boolean | undefined]>();
  expectTypeOf(load).returns.toEqualTypeOf<Coroutine<string>>();
  // A key of fewer parameters leaves the others theirs.
  const join = singleFlight((a: string, b: number) => one_(a, b), { key: (a) => a });
  expectTypeOf(join).parameters.toEqualTypeOf<[a: string, b: number]>();
  expectTypeOf(join).returns.toEqualTypeOf<Coroutine<number>>();
  // @ts-expect-error: it is a string
  singleFlight((a: string) => one_(a, 1), { key: (a: number) => a });
});

declare function one_(a: string, b: number): Awaitable<number>;

test("gracefulShutdown() tells whether there is a value", () => {
  const ending = gracefulShutdown(sleep(1), (shutdown) => {
    expectTypeOf(shutdown.begun).toEqualTypeOf<boolean>();
    return one();
  });
  expectTypeOf(ending).toEqualTypeOf<Coroutine<ShutdownResult<number>>>();
  // @ts-expect-error: it is neither a signal nor an awaitable
  void gracefulShutdown(1000, one);
});

test("a task that may begin anew gives what its function gives", () => {
  supervise(
    function* (group) {
      expectTypeOf(yield* group.createTask(one, { restart: { limit: 1 } })).toEqualTypeOf<number>();
      group.createTask(one, { restart: false, background: true });
    },
    { restart: { limit: 3, within: 1000, delay: Schedule.fixed(10) } },
  );
});
