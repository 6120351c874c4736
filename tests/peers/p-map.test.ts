// The tests of npm's p-map, by their names, written anew for the adapter: order instead of time.
import { expect, test } from "vitest";
import pMap, { pMapSkip } from "./p-map.ts";

const delay = <T>(ms: number, value?: T): Promise<T> =>
  new Promise((resolve) => setTimeout(resolve, ms, value));

const sharedInput: (readonly [value: number | Promise<number>, ms: number])[] = [
  [Promise.resolve(10), 6],
  [20, 4],
  [30, 2],
];
const longerSharedInput = [
  [10, 6],
  [20, 4],
  [30, 2],
  [40, 2],
  [50, 2],
  [60, 2],
] as const;

const mapper = async ([value, ms]: readonly [number | Promise<number>, number]): Promise<number> => {
  await delay(ms);
  return value;
};

class ThrowingIterator implements Iterator<number> {
  index = 0;
  readonly #throwOn: number;
  readonly #max: number;
  constructor(max: number, throwOn: number) {
    this.#max = max;
    this.#throwOn = throwOn;
  }
  [Symbol.iterator](): this {
    return this;
  }
  next(): IteratorResult<number> {
    const index = this.index++;
    if (index === this.#throwOn) throw new Error(`throwing on index ${index}`);
    return index < this.#max ? { done: false, value: index } : { done: true, value: undefined };
  }
}

/** How many mappers ran at once, at most. */
async function mostAtOnce(concurrency: number | undefined, count: number): Promise<number> {
  let running = 0;
  let most = 0;
  await pMap(
    Array.from({ length: count }).keys(),
    async () => {
      most = Math.max(most, ++running);
      await delay(Math.random() * 3);
      running--;
    },
    concurrency === undefined ? {} : { concurrency },
  );
  return most;
}

test("main", async () => {
  expect(await pMap(sharedInput, mapper)).toEqual([10, 20, 30]);
  expect(await mostAtOnce(undefined, 20)).toBe(20);
});

test("concurrency: 1", async () => {
  expect(await pMap(sharedInput, mapper, { concurrency: 1 })).toEqual([10, 20, 30]);
  expect(await mostAtOnce(1, 20)).toBe(1);
});

test("concurrency: 4", async () => {
  expect(await mostAtOnce(4, 100)).toBe(4);
});

test("handles empty iterable", async () => {
  expect(await pMap([], mapper)).toEqual([]);
});

test.each([
  ["random", [6, 3, 8, 1, 5]],
  ["problematic", [10, 20, 1, 5, 2]],
  ["out of order", [8, 1, 1, 1]],
])("async with concurrency: 2 (%s time sequence)", async (_, times) => {
  const result = await pMap(
    times,
    async (ms) => {
      await delay(ms);
      return ms;
    },
    { concurrency: 2 },
  );
  expect(result).toEqual(times);
});

test("enforce number in options.concurrency", async () => {
  for (const concurrency of [0, 1.5, -1, NaN]) {
    await expect(
      pMap([], () => {}, { concurrency }),
      `${concurrency}`,
    ).rejects.toThrow(RangeError);
  }
  for (const concurrency of [1, 10, Infinity]) await pMap([], () => {}, { concurrency });
});

test("immediately rejects when stopOnError is true", async () => {
  const done: number[] = [];
  const failing = pMap(
    [1, 2, 3],
    async (n) => {
      await delay(n * 5);
      if (n === 1) throw new Error("foo");
      done.push(n);
    },
    { concurrency: 3 },
  );
  await expect(failing).rejects.toThrow("foo");
  expect(done).toEqual([]);
});

test("aggregate errors when stopOnError is false", async () => {
  const mapErrors = (n: number): Promise<number> =>
    n % 2 === 0 ? Promise.reject(new Error(`${n}`)) : Promise.resolve(n);
  const failing = pMap([1, 2, 3, 4], mapErrors, { concurrency: 1, stopOnError: false });
  const error = await failing.catch((error: unknown) => error as AggregateError);
  expect((error as AggregateError).errors.map(({ message }: Error) => message)).toEqual(["2", "4"]);
  expect(await pMap([1, 3], mapErrors, { stopOnError: false })).toEqual([1, 3]);
});

test("pMapSkip", async () => {
  expect(await pMap([1, pMapSkip, 2] as const, (value) => value)).toEqual([1, 2]);
});

test("multiple pMapSkips", async () => {
  const input = [1, pMapSkip, 2, pMapSkip, 3, pMapSkip, pMapSkip, 4] as const;
  expect(await pMap(input, (value) => value)).toEqual([1, 2, 3, 4]);
});

test("all pMapSkips", async () => {
  expect(await pMap([pMapSkip, pMapSkip, pMapSkip], (value) => value)).toEqual([]);
});

test("all mappers should run when concurrency is infinite, even after stop-on-error happened", async () => {
  const begun: number[] = [];
  const failing = pMap([1, 2, 3], async (n) => {
    begun.push(n);
    await delay(n === 1 ? 1 : 5);
    if (n === 1) throw new Error("Oops!");
  });
  await expect(failing).rejects.toThrow("Oops!");
  expect(begun).toEqual([1, 2, 3]);
});

test.each([
  ["1st item", 0],
  ["2nd item", 1],
  ["2nd item after 1st item mapper throw", 1],
])("catches exception from source iterator - %s", async (name, throwOn) => {
  const input = new ThrowingIterator(100, throwOn);
  const mapped: number[] = [];
  const failing = pMap(
    input,
    async (value) => {
      mapped.push(value);
      await delay(1);
      if (name.includes("mapper throw")) throw new Error("mapper threw");
      return value;
    },
    { concurrency: 1, stopOnError: name !== "2nd item after 1st item mapper throw" },
  );
  await expect(failing).rejects.toThrow(`throwing on index ${throwOn}`);
  expect(input.index).toBe(throwOn + 1);
  expect(mapped).toEqual(Array.from({ length: throwOn }, (_, n) => n));
});

test("correct exception after stop-on-error", async () => {
  const input = [1, 2, 3];
  const failing = pMap(input, async (n) => {
    await delay(n);
    throw new Error(`${n}`);
  });
  await expect(failing).rejects.toThrow("1");
});

test("incorrect input type", async () => {
  let called = false;
  const task = pMap(123_456 as never, () => {
    called = true;
    return delay(1);
  });
  await expect(task).rejects.toThrow(TypeError);
  expect(called).toBe(false);
});

test("invalid mapper", async () => {
  await expect(pMap([], "invalid mapper" as never, { concurrency: 2 })).rejects.toThrow(TypeError);
});

test("does not run mapping after stop-on-error happened", async () => {
  const mapped: number[] = [];
  const failing = pMap(
    [1, 2, 3],
    async (n) => {
      mapped.push(n);
      await delay(2);
      if (n === 1) throw new Error("Oops!");
    },
    { concurrency: 1 },
  );
  await expect(failing).rejects.toThrow("Oops!");
  await delay(10);
  expect(mapped).toEqual([1]);
});

test("no unhandled rejected promises from mapper throws - infinite concurrency", async () => {
  const failing = pMap([1, 2, 3], async (n) => {
    await delay(n);
    throw new Error(`Oops! ${n}`);
  });
  await expect(failing).rejects.toThrow("Oops! 1");
  await delay(10); // an unhandled rejection would fail the test run
});

test("no unhandled rejected promises from mapper throws - concurrency 1", async () => {
  const failing = pMap(
    [1, 2, 3],
    async (n) => {
      await delay(n);
      throw new Error(`Oops! ${n}`);
    },
    { concurrency: 1 },
  );
  await expect(failing).rejects.toThrow("Oops! 1");
});

test("pMap - concurrency is respected for a longer input", async () => {
  expect(await pMap(longerSharedInput, mapper, { concurrency: 3 })).toEqual([10, 20, 30, 40, 50, 60]);
});

test("AbortSignal", async () => {
  const signal = AbortSignal.timeout(5);
  await expect(pMap([1000, 1000], (ms) => delay(ms), { signal })).rejects.toMatchObject({
    name: "TimeoutError",
  });
});

test("already aborted signal", async () => {
  const controller = new AbortController();
  controller.abort(new Error("gone"));
  await expect(pMap([1], () => delay(1), { signal: controller.signal })).rejects.toThrow("gone");
});
