import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  map,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  type Awaitable,
} from "../index.ts";
import { cancelEverywhere, runVirtual, transcript } from "../testing/index.ts";

const double = coroutine(function* double(n: number): Awaitable<number> {
  yield* sleep(n);
  return 2 * n;
});

describe("the results", () => {
  test("are in the order of the items, whoever is first", async () => {
    expect(await runVirtual(() => map([30, 10, 20], double))).toEqual([60, 20, 40]);
  });

  test("of no items are none", async () => {
    expect(await runVirtual(() => map([], double))).toEqual([]);
  });

  test("S5: of no items are waited for all the same: it is a checkpoint", async () => {
    const program = runVirtual(
      cancelScope(function* (scope) {
        scope.cancel();
        yield* map([], double);
        throw new Error("went on");
      }),
    );
    await expect(program).resolves.toEqual({ cancelled: true, value: undefined });
  });

  test("of items that need no waiting come without any", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      log(String(yield* map([1, 2, 3], () => sleep(0))));
    });
    expect(log.lines).toEqual(["0 ,,"]);
  });

  test("fn is given the item and its index", async () => {
    const seen: unknown[] = [];
    await runVirtual(() =>
      map("abc", function* (...args: unknown[]) {
        seen.push(args);
      }),
    );
    expect(seen).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 2],
    ]);
  });

  test("fn may be a plain generator function, or an arrow that gives any awaitable", async () => {
    expect(
      await runVirtual(() =>
        map([1, 2], function* (n) {
          yield;
          return n;
        }),
      ),
    ).toEqual([1, 2]);
    expect(await runVirtual(() => map([1, 2], (n) => sleep(n)))).toEqual([undefined, undefined]);
  });
});

describe("concurrency", () => {
  test("all at once, unless told otherwise", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      yield* map([10, 10, 10, 10], double);
      log("all");
    });
    expect(log.lines).toEqual(["10 all"]);
  });

  test("never more at once than was said, and the next begins as soon as one has ended", async () => {
    const log = transcript({ tasks: false });
    let running = 0;
    let most = 0;
    await runVirtual(() =>
      map(
        [10, 20, 10, 10, 10],
        function* (ms, i) {
          most = Math.max(most, ++running);
          log(`${i} begins`);
          yield* sleep(ms);
          running--;
        },
        { concurrency: 2 },
      ),
    );
    expect(log.lines).toEqual(["0 0 begins", "0 1 begins", "10 2 begins", "20 3 begins", "20 4 begins"]);
    expect(most).toBe(2);
  });

  test("one at a time is one after the other", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(() =>
      map(
        [5, 5, 5],
        function* (ms, i) {
          yield* sleep(ms);
          log(`${i}`);
        },
        { concurrency: 1 },
      ),
    );
    expect(log.lines).toEqual(["5 0", "10 1", "15 2"]);
  });

  test("an endless iterable is read only as far as it is needed", async () => {
    let made = 0;
    let closed = false;
    function* numbers() {
      try {
        for (;;) yield made++;
      } finally {
        closed = true;
      }
    }
    const result = await runVirtual(() =>
      moveOnAfter(25, () => map(numbers(), () => sleep(10), { concurrency: 3 })),
    );
    expect(result.expired).toBe(true);
    expect(made).toBe(9);
    expect(closed).toBe(true);
  });

  test.each([0, -1, 1.5, NaN, "2", null])("of %s is a RangeError", (concurrency) => {
    expect(() => map([1], double, { concurrency: concurrency as number })).toThrow(
      new RangeError(
        `Cannot map with a concurrency of ${String(concurrency)}: it is a whole number from 1, or Infinity.`,
      ),
    );
  });
});

describe("failures", () => {
  test("S16: the first one cancels the others, waits for their cleanup, and is thrown", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      try {
        yield* map([1, 2, 3], function* (n) {
          if (n === 2) {
            yield* sleep(10);
            throw new Error("two");
          }
          try {
            yield* sleepForever();
          } finally {
            yield* sleep(n);
            log(`cleaned ${n}`);
          }
        });
      } catch (error) {
        log(String(error));
      }
    });
    expect(log.lines).toEqual(["11 cleaned 1", "13 cleaned 3", "13 Error: two"]);
  });

  test("no item is begun after one has failed, and the iterable is closed", async () => {
    const begun: number[] = [];
    let closed = false;
    function* numbers() {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        closed = true;
      }
    }
    const program = runVirtual(() =>
      map(
        numbers(),
        function* (n) {
          begun.push(n);
          yield* sleep(10);
          if (n === 2) throw new Error("two");
        },
        { concurrency: 2 },
      ),
    );
    await expect(program).rejects.toThrow("two");
    expect(begun).toEqual([0, 1, 2, 3]); // 2 and 3 began together
    expect(closed).toBe(true);
  });

  test("an iterable that throws fails it, and what was begun is cancelled", async () => {
    let cleaned = false;
    function* numbers() {
      yield 1;
      yield 2;
      throw new Error("no more");
    }
    const program = runVirtual(() =>
      map(
        numbers(),
        function* (n) {
          try {
            yield* sleep(n * 10);
          } finally {
            cleaned = n === 2;
          }
        },
        { concurrency: 2 },
      ),
    );
    await expect(program).rejects.toThrow("no more");
    expect(cleaned).toBe(true);
  });

  test("an fn that throws before it gives anything is a failure like any other", async () => {
    const program = runVirtual(() =>
      map([1], () => {
        throw new Error("at once");
      }),
    );
    await expect(program).rejects.toThrow("at once");
  });

  test("S25: an async fn is explained", async () => {
    const program = runVirtual(() => map([1], (async () => 1) as never));
    await expect(program).rejects.toThrow(
      new TypeError(
        "Cannot run a promise: write the body as `function*` instead of `async`, or return `until(promise)`.",
      ),
    );
  });

  test.each([
    [5, "5"],
    [null, "null"],
    [undefined, "undefined"],
    [{}, "an object (Object)"],
  ])("S25: items that cannot be iterated over are named where map is called: %s", (items, words) => {
    expect(() => map(items as never, double)).toThrow(
      new TypeError(`Cannot map ${words}: it takes an array, or another iterable, of items.`),
    );
  });
});

describe("S1: cancellation", () => {
  // `fn` was delegated to natively, in the worker's frame: its suspending cleanup was cut as an escape.
  test("a plain generator function is a body: its cleanup may suspend", async () => {
    const log = transcript({ tasks: false });
    const result = await runVirtual(() =>
      moveOnAfter(5, () =>
        map([1, 2], function* (n) {
          try {
            yield* sleep(10);
          } finally {
            yield* sleep(n);
            log(`cleaned ${n}`);
          }
        }),
      ),
    );
    expect(result.expired).toBe(true);
    expect(log.lines).toEqual(["6 cleaned 1", "7 cleaned 2"]);
  });

  test("a program with map ends wherever it is cancelled", async () => {
    let open = 0;
    await cancelEverywhere(
      () =>
        map(
          [3, 1, 2, 0],
          function* (n) {
            open++;
            try {
              yield* sleep(n);
            } finally {
              yield* shield(() => sleep(1));
              open--;
            }
          },
          { concurrency: 2 },
        ),
      { check: () => expect(open).toBe(0) },
    );
  });
});
