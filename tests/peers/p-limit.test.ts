// The tests of npm's p-limit, by their names, written anew for the adapter: order instead of time.
import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import pLimit, { limitFunction } from "./p-limit.ts";

const delay = <T>(ms: number, value?: T): Promise<T> =>
  new Promise((resolve) => setTimeout(resolve, ms, value));

/** Work that ends when it is told to, however slow the machine is; and a moment for what is ready to begin. */
function gate() {
  let open!: () => void;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, pass: () => passed };
}
const moment = (): Promise<void> => delay(1);

test("concurrency: 1", async () => {
  const limit = pLimit(1);
  const ended: number[] = [];
  const input: [value: number, ms: number][] = [
    [10, 30],
    [20, 20],
    [30, 10],
  ];
  const mapper = ([value, ms]: [number, number]): Promise<number> =>
    limit(async () => {
      await delay(ms);
      ended.push(value);
      return value;
    });
  expect(await Promise.all(input.map((one) => mapper(one)))).toEqual([10, 20, 30]);
  expect(ended).toEqual([10, 20, 30]);
});

test("concurrency: 4", async () => {
  const concurrency = 5;
  let running = 0;
  let most = 0;
  const limit = pLimit(concurrency);
  const input = Array.from({ length: 100 }, () =>
    limit(async () => {
      running++;
      most = Math.max(most, running);
      await delay(Math.random() * 3);
      running--;
    }),
  );
  await Promise.all(input);
  expect(most).toBe(concurrency);
});

test("propagates async execution context properly", async () => {
  const concurrency = 2;
  const limit = pLimit(concurrency);
  const store = new AsyncLocalStorage<{ readonly id: number }>();
  const checkId = async (id: number): Promise<void> => {
    await Promise.resolve();
    expect(store.getStore()?.id).toBe(id);
  };
  const startContext = async (id: number): Promise<void> => store.run({ id }, () => limit(checkId, id));
  await Promise.all(Array.from({ length: 100 }, (_, id) => startContext(id)));
});

test("non-promise returning function", async () => {
  await expect(pLimit(1)(() => null)).resolves.toBe(null);
});

test("continues after sync throw", async () => {
  const limit = pLimit(1);
  let ran = false;
  const promises = [
    limit(() => {
      throw new Error("err");
    }),
    limit(() => {
      ran = true;
    }),
  ];
  await Promise.all(promises).catch(() => {});
  await promises[1];
  expect(ran).toBe(true);
});

test("accepts additional arguments", async () => {
  const symbol = Symbol("test");
  expect(await pLimit(1)((a: symbol) => a, symbol)).toBe(symbol);
});

test("does not ignore errors", async () => {
  const limit = pLimit(1);
  const error = new Error("🦄");
  const promises = [
    limit(() => delay(3)),
    limit(async () => {
      await delay(8);
      throw error;
    }),
    limit(() => delay(5)),
  ];
  await expect(Promise.all(promises)).rejects.toBe(error);
});

test("runs all tasks asynchronously", async () => {
  const limit = pLimit(3);
  let value = 1;
  const first = limit(() => 1);
  const second = limit(() => value);
  expect(limit.activeCount).toBe(0);
  value = 2;
  expect(await Promise.all([first, second])).toEqual([1, 2]);
});

test("activeCount and pendingCount properties", async () => {
  const limit = pLimit(5);
  expect([limit.activeCount, limit.pendingCount]).toEqual([0, 0]);
  const one = gate();
  const running = limit(one.pass);
  expect([limit.activeCount, limit.pendingCount]).toEqual([0, 1]);
  await expect.poll(() => [limit.activeCount, limit.pendingCount]).toEqual([1, 0]);
  one.open();
  await running;
  expect([limit.activeCount, limit.pendingCount]).toEqual([0, 0]);
  const [first, second] = [gate(), gate()];
  const immediate = Array.from({ length: 5 }, () => limit(first.pass));
  const delayed = Array.from({ length: 3 }, () => limit(second.pass));
  await expect.poll(() => [limit.activeCount, limit.pendingCount]).toEqual([5, 3]);
  first.open();
  await Promise.all(immediate);
  await expect.poll(() => [limit.activeCount, limit.pendingCount]).toEqual([3, 0]);
  second.open();
  await Promise.all(delayed);
  expect([limit.activeCount, limit.pendingCount]).toEqual([0, 0]);
});

test("clearQueue", async () => {
  const limit = pLimit(1);
  const one = gate();
  const first = limit(one.pass);
  let later = 0;
  for (let n = 0; n < 3; n++) void limit(() => later++);
  await expect.poll(() => limit.pendingCount).toBe(3);
  limit.clearQueue();
  expect(limit.pendingCount).toBe(0);
  one.open();
  await first;
  await moment();
  expect(later).toBe(0);
});

test("map", async () => {
  const limit = pLimit(1);
  expect(await limit.map([1, 2, 3, 4, 5, 6, 7], (input) => input + 1)).toEqual([2, 3, 4, 5, 6, 7, 8]);
});

test("map passes index and preserves order with concurrency", async () => {
  const limit = pLimit(3);
  const inputs = [10, 10, 10, 10, 10];
  const results = await limit.map(inputs, async (input, index) => {
    await delay((5 - index) * 2);
    return input + index;
  });
  expect(results).toEqual([10, 11, 12, 13, 14]);
});

test("throws on invalid concurrency argument", () => {
  for (const concurrency of [0, -1, 1.2, undefined, true] as number[]) {
    expect(() => pLimit({ concurrency }), `${concurrency}`).toThrow(TypeError);
  }
});

/** How many ran at once when each of ten began; the concurrency was changed when the first ones had. */
async function changed(from: number, to: number): Promise<number[]> {
  const limit = pLimit(from);
  const first = gate();
  let running = 0;
  const log: number[] = [];
  const promises = Array.from({ length: 10 }, () =>
    limit(async () => {
      log.push(++running);
      await first.pass();
      await moment();
      --running;
    }),
  );
  await expect.poll(() => running).toBe(from);
  limit.concurrency = to;
  expect(limit.concurrency).toBe(to);
  first.open();
  await Promise.all(promises);
  return log;
}

test("change concurrency to smaller value", async () => {
  expect((await changed(4, 2)).slice(4).every((running) => running <= 2)).toBe(true);
});

test("change concurrency to bigger value", async () => {
  expect(Math.max(...(await changed(2, 4)))).toBe(4);
});

test("limitFunction()", async () => {
  const limited = limitFunction(
    async (input: number) => {
      await delay(input);
      return input;
    },
    { concurrency: 1 },
  );
  expect(await Promise.all([limited(4), limited(1)])).toEqual([4, 1]);
});

test("accepts options object", async () => {
  const limit = pLimit({ concurrency: 1 });
  expect(await limit(() => 123)).toBe(123);
});
