import { describe, expectTypeOf, test } from "vitest";
import { coroutine, sleep, type Awaitable, type Coroutine, type Sender, type Task } from "../index.ts";
import { runningLoop } from "../index.ts";
import { inline, threads, type Job, type JobResult, type Jobs } from "./index.ts";

const module = {
  add: (a: number, b: number) => a + b,
  optional: (a: number, b?: string) => `${a}${b}`,
  rest: (...all: string[]) => all.length,
  later: async (text: string) => [text],
  slow: coroutine(function* slow(ms: number) {
    yield* sleep(ms);
    return { ms };
  }),
  *plain(ms: number): Awaitable<boolean> {
    yield* sleep(ms);
    return true;
  },
  arrow: (ms: number): Coroutine<void> => coroutine(() => sleep(ms))(),
  nothing: () => {},
  generic: <T>(value: T): T => value,
  overloaded: over,
  produce: coroutine(function* produce(sender: Sender<number>) {
    yield* sender.send(1);
  }),
  version: "1.0",
  list: [1, 2],
  Picture: class {
    width = 1;
  },
};
function over(value: string): string;
function over(value: number): number;
function over(value: string | number): string | number {
  return value;
}

type Module = typeof module;
declare const jobs: Jobs<Module>;

describe("the jobs of a module", () => {
  test("have the parameters of the functions, and give their results", () => {
    expectTypeOf(jobs.add).parameters.toEqualTypeOf<[a: number, b: number]>();
    expectTypeOf(jobs.add(1, 2)).toEqualTypeOf<Awaitable<number>>();
    expectTypeOf(jobs.optional).parameters.toEqualTypeOf<[a: number, b?: string | undefined]>();
    expectTypeOf(jobs.rest).parameters.toEqualTypeOf<string[]>();
    expectTypeOf(jobs.nothing()).toEqualTypeOf<Awaitable<void>>();
    expectTypeOf(jobs.produce).parameters.toEqualTypeOf<[sender: Sender<number>]>();
    // @ts-expect-error -- one too few
    jobs.add(1);
    // @ts-expect-error -- of another type
    jobs.add("1", 2);
  });
  test("unwrap promises, coroutines and whatever can be awaited", () => {
    expectTypeOf(jobs.later("a")).toEqualTypeOf<Awaitable<string[]>>();
    expectTypeOf(jobs.slow(1)).toEqualTypeOf<Awaitable<{ ms: number }>>();
    expectTypeOf(jobs.plain(1)).toEqualTypeOf<Awaitable<boolean>>();
    expectTypeOf(jobs.arrow(1)).toEqualTypeOf<Awaitable<void>>();
    expectTypeOf<JobResult<Module["later"]>>().toEqualTypeOf<string[]>();
    expectTypeOf<JobResult<() => Task<number>>>().toEqualTypeOf<number>();
    expectTypeOf<JobResult<() => never>>().toEqualTypeOf<never>();
    expectTypeOf<JobResult<() => any>>().toEqualTypeOf<any>();
    expectTypeOf<JobResult<() => Map<string, number>>>().toEqualTypeOf<Map<string, number>>();
  });
  test("give nothing where they are async generators, which cannot be sent", () => {
    async function* pages(from: number): AsyncGenerator<number, void, boolean> {
      yield from;
    }
    expectTypeOf<JobResult<typeof pages>>().toEqualTypeOf<never>();
  });
  test("are the functions alone", () => {
    expectTypeOf<keyof Jobs<Module>>().toEqualTypeOf<
      | "add"
      | "optional"
      | "rest"
      | "later"
      | "slow"
      | "plain"
      | "arrow"
      | "nothing"
      | "generic"
      | "overloaded"
      | "produce"
    >();
    // @ts-expect-error -- a class is no job
    void jobs.Picture;
    // @ts-expect-error -- nor is there one of that name
    void jobs.missing;
    // @ts-expect-error -- and none can be put there
    jobs.add = jobs.optional as never;
  });
  test("lose type parameters, and all overloads but the last, as every mapped function does", () => {
    expectTypeOf(jobs.generic(1)).toEqualTypeOf<Awaitable<unknown>>();
    expectTypeOf(jobs.overloaded).parameters.toEqualTypeOf<[value: number]>();
  });
  test("with options take the same", () => {
    expectTypeOf(jobs.slow.with({ timeout: 1 })).toEqualTypeOf<(ms: number) => Awaitable<{ ms: number }>>();
    expectTypeOf(jobs.add).toEqualTypeOf<Job<Module["add"]>>();
    // @ts-expect-error -- there is no such option
    jobs.add.with({ timout: 1 });
    // @ts-expect-error -- it is a number
    jobs.add.with({ priority: "high" });
  });
});

describe("executors", () => {
  test("inline infers its jobs", () => {
    expectTypeOf(inline(module)).toEqualTypeOf<Awaitable<Jobs<Module>>>();
    // @ts-expect-error -- no module
    inline(5);
  });
  test("threads is told", () => {
    expectTypeOf(threads<Module>(new URL("file:///jobs.ts"))).toEqualTypeOf<Awaitable<Jobs<Module>>>();
    // @ts-expect-error -- threads have a number
    threads<Module>(new URL("file:///jobs.ts"), { workers: "two" });
    // @ts-expect-error -- what Node would leave out
    threads<Module>(new URL("file:///jobs.ts"), { resourceLimits: { maxOldGenerationSizeMb: "64" } });
  });
  test("runInExecutor knows names, parameters and results", () => {
    expectTypeOf(runningLoop().runInExecutor(jobs, "slow", 1)).toEqualTypeOf<Task<{ ms: number }>>();
    // @ts-expect-error -- no such job
    runningLoop().runInExecutor(jobs, "missing");
    // @ts-expect-error -- of another type
    runningLoop().runInExecutor(jobs, "slow", "1");
  });
});
