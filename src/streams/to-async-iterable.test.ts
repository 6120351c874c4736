import { describe, expect, test } from "vitest";
import { sleep } from "../index.ts";
import { stream, toAsyncIterable, toReadableStream } from "./index.ts";

/** A stream that notes when it is released, which takes a while. */
const noting = (log: string[], count = Infinity) =>
  stream(async function* () {
    log.push("opened");
    try {
      for (let n = 1; n <= count; n++) yield n;
    } finally {
      await new Promise((resolve) => setTimeout(resolve, 1));
      log.push("closed");
    }
  });

describe("toAsyncIterable()", () => {
  test("is read with for await, to its end, as often as one likes", async () => {
    const log: string[] = [];
    const iterable = toAsyncIterable(
      noting(log, 3).map(function* (n) {
        yield* sleep(1);
        return n * 2;
      }),
    );
    expect(log).toEqual([]);
    for (let time = 0; time < 2; time++) {
      const all: number[] = [];
      for await (const n of iterable) all.push(n);
      expect(all).toEqual([2, 4, 6]);
    }
    expect(log).toEqual(["opened", "closed", "opened", "closed"]);
  });

  test("leaving the loop early cancels it, and waits until it is released", async () => {
    const log: string[] = [];
    for await (const n of toAsyncIterable(noting(log))) if (n === 3) break;
    expect(log).toEqual(["opened", "closed"]);
    const failing = (async () => {
      for await (const _ of toAsyncIterable(noting(log).buffer(2))) throw new Error("in the loop");
    })();
    await expect(failing).rejects.toThrow("in the loop");
    expect(log).toEqual(["opened", "closed", "opened", "closed"]);
  });

  test("left before it was begun, nothing is opened", async () => {
    const log: string[] = [];
    const iterator = toAsyncIterable(noting(log))[Symbol.asyncIterator]();
    expect(await iterator.return!()).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(log).toEqual([]);
  });

  test("several may ask at once; left while they wait, they are at the end", async () => {
    const iterator = toAsyncIterable(stream([1, 2]))[Symbol.asyncIterator]();
    const results = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);
    expect(results.map(({ done, value }) => (done === true ? "end" : value))).toEqual([1, 2, "end", "end"]);
    const never = toAsyncIterable(stream([1]).map(() => sleep(100_000)))[Symbol.asyncIterator]();
    const waiting = [never.next(), never.next()];
    await never.return!();
    expect(await Promise.all(waiting)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  test("an error comes to whoever asks, once", async () => {
    const failing = stream([1, 2]).map((n) => {
      if (n === 2) throw new Error("two");
      return n;
    });
    const iterator = toAsyncIterable(failing)[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    await expect(iterator.next()).rejects.toThrow("two");
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test("a release that fails comes to whoever leaves", async () => {
    const failing = stream({
      *[Symbol.iterator]() {
        try {
          for (;;) yield 1;
        } finally {
          throw new Error("release"); // eslint-disable-line no-unsafe-finally
        }
      },
    });
    const loop = (async () => {
      for await (const _ of toAsyncIterable(failing)) break;
    })();
    await expect(loop).rejects.toThrow("release");
  });

  test("a signal cancels it from outside, also when nobody asks", async () => {
    const log: string[] = [];
    const stop = new AbortController();
    const iterator = toAsyncIterable(noting(log), { signal: stop.signal })[Symbol.asyncIterator]();
    await iterator.next();
    stop.abort(new Error("enough"));
    await expect(iterator.next()).rejects.toThrow("enough");
    expect(log).toEqual(["opened", "closed"]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});

describe("toReadableStream()", () => {
  test("is read as any web stream, and reads nothing ahead", async () => {
    let read = 0;
    const source = stream([1, 2, 3]).map((n) => {
      read++;
      return n;
    });
    const reader = toReadableStream(source).getReader();
    await sleepReally();
    expect(read).toBe(0);
    expect(await reader.read()).toEqual({ done: false, value: 1 });
    expect(read).toBe(1);
    expect((await reader.read()).value).toBe(2);
    expect((await reader.read()).value).toBe(3);
    expect((await reader.read()).done).toBe(true);
  });

  test("cancelling it releases the source first; an error comes to who reads", async () => {
    const log: string[] = [];
    const readable = toReadableStream(noting(log));
    const reader = readable.getReader();
    await reader.read();
    await reader.cancel();
    expect(log).toEqual(["opened", "closed"]);
    const failing = toReadableStream(
      stream([1]).map(() => {
        throw new Error("no");
      }),
    );
    await expect(failing.getReader().read()).rejects.toThrow("no");
  });

  test("there and back again", async () => {
    const there = toReadableStream(stream(["a", "b"]));
    const back: string[] = [];
    for await (const item of toAsyncIterable(stream(there))) back.push(item);
    expect(back).toEqual(["a", "b"]);
    expect(there.locked).toBe(false);
  });
});

const sleepReally = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
