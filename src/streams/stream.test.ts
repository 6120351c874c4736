import { describe, expect, test } from "vitest";
import {
  Broadcast,
  Channel,
  coroutine,
  createTask,
  currentTask,
  moveOnAfter,
  sleep,
  taskGroup,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import { dated, timed } from "../../tests/support/timed-streams.ts";
import { after, caught } from "../../tests/support/small.ts";
import { iterate, merge, stream, zip, type Source } from "./index.ts";

const collect = <T>(source: Source<T>): Promise<T[]> => runVirtual(() => stream(source).collect());

/** Counts what is open. */
const counted = (items: number) => {
  const count = { opened: 0, closed: 0, read: 0 };
  const source = function* () {
    count.opened++;
    try {
      for (; count.read < items;) yield count.read++;
    } finally {
      count.closed++;
    }
  };
  return { count, source };
};

describe("operators", () => {
  test("map, filter, take, drop, scan and chunk do as their names say", async () => {
    const numbers = stream([1, 2, 3, 4, 5, 6]);
    expect(await collect(numbers.map((n, index) => n * 10 + index))).toEqual([10, 21, 32, 43, 54, 65]);
    expect(await collect(numbers.filter((n) => n % 2 === 0))).toEqual([2, 4, 6]);
    expect(await collect(numbers.take(2))).toEqual([1, 2]);
    expect(await collect(numbers.take(0))).toEqual([]);
    expect(await collect(numbers.drop(4))).toEqual([5, 6]);
    expect(await collect(numbers.drop(9))).toEqual([]);
    expect(await collect(numbers.scan((sum, n) => sum + n, 0))).toEqual([1, 3, 6, 10, 15, 21]);
    expect(await collect(numbers.chunk(4))).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
    expect(await collect(numbers.chunk(3))).toHaveLength(2);
  });

  test("functions may give something to await", async () => {
    const slowly = coroutine(function* slowly(n: number): Awaitable<number> {
      yield* sleep(n);
      return n;
    });
    const numbers = stream([3, 1, 2]);
    expect(await collect(numbers.map(slowly))).toEqual([3, 1, 2]);
    expect(await collect(numbers.map((n) => after(1, n + 1)))).toEqual([4, 2, 3]);
    expect(
      await collect(
        numbers.filter(function* (n) {
          return (yield* slowly(n)) > 1;
        }),
      ),
    ).toEqual([3, 2]);
    expect(await collect(numbers.scan((sum, n) => after(1, sum + n), 0))).toEqual([3, 4, 6]);
    expect(await runVirtual(() => numbers.reduce((sum, n) => after(1, sum + n), 0))).toBe(6);
  });

  test("what is plain data is not awaited, though it can be iterated over", async () => {
    const headers = new Headers({ a: "b" });
    const set = new Set([1]);
    expect(await collect(stream([headers]).map((item) => item))).toEqual([headers]);
    expect(await collect(stream([1]).map(() => set))).toEqual([set]);
    expect(await collect(stream([1]).map((n) => [n]))).toEqual([[1]]);
  });

  test("a promise is neither data nor awaited", async () => {
    const later = async (): Promise<never> => Promise.resolve(false as never);
    const source = stream([1, 2]);
    const ends: Record<string, () => Awaitable<unknown>> = {
      map: () => source.map(later).collect(),
      "map, two at once": () => source.map(later, { concurrency: 2 }).collect(),
      filter: () => source.filter(later).collect(),
      scan: () => source.scan(later as never, 0).collect(),
      forEach: () => source.forEach(later),
      reduce: () => source.reduce(later as never, 0),
    };
    for (const [name, end] of Object.entries(ends)) {
      expect([name, String(await runVirtual(() => caught(end())))]).toEqual([
        name,
        "TypeError: Cannot run a promise: write the body as `function*` instead of `async`, or return `until(promise)`.",
      ]);
    }
  });

  test("take releases its source once it has its items, filter by a generator's end", async () => {
    const { count, source } = counted(100);
    await runVirtual(function* () {
      const items = yield* iterate(stream(source).take(2));
      while (yield* items.next());
      expect(count).toEqual({ opened: 1, closed: 1, read: 2 });
    });
  });

  test("nothing is opened before a loop begins, and each loop opens its own", async () => {
    const { count, source } = counted(1);
    const mapped = stream(source).map((n) => n);
    expect(count.opened).toBe(0);
    await collect(mapped);
    await collect(mapped);
    expect(count).toEqual({ opened: 2, closed: 2, read: 1 });
  });

  test("zip gives one of each, and releases the longer ones", async () => {
    const { count, source } = counted(100);
    expect(await collect(zip(["a", "b"], source))).toEqual([
      ["a", 0],
      ["b", 1],
    ]);
    expect(count.closed).toBe(1);
    expect(await collect(zip())).toEqual([]);
  });

  test("merge gives items as they come, and ends after all sources", async () => {
    const merged = merge(
      timed([
        [10, "a"],
        [30, "c"],
      ]),
      timed([[20, "b"]]),
    );
    expect(await dated(merged)).toEqual(["10 a", "20 b", "30 c", "30 end"]);
    expect(await collect(merge())).toEqual([]);
  });

  test("merge lets in whoever has waited longest, where all have items at once", async () => {
    expect(await collect(merge([1, 2, 3], [10, 20, 30]))).toEqual([1, 2, 10, 3, 20, 30]);
  });

  test("buffer reads ahead, as far as there is room", async () => {
    const { count, source } = counted(100);
    await runVirtual(function* () {
      const items = yield* iterate(stream(source).buffer(3));
      yield* sleep(1);
      expect(count.read).toBe(4); // one is in the task's hand
      yield* items.next();
      yield* sleep(1);
      expect(count.read).toBe(5);
      expect(items.value).toBe(0);
    });
    expect(count.closed).toBe(1);
  });

  test("buffer may drop, or fail", async () => {
    const dropped = async (overflow: "dropOldest" | "dropNewest" | "error") =>
      runVirtual(() =>
        caught(
          coroutine(function* () {
            const items = yield* iterate(stream([1, 2, 3, 4]).buffer(2, { overflow }));
            yield* sleep(1);
            const all: number[] = [];
            while (yield* items.next()) all.push(items.value);
            return all;
          })(),
        ),
      );
    expect(await dropped("dropOldest")).toEqual([3, 4]);
    expect(await dropped("dropNewest")).toEqual([1, 2]);
    expect(await dropped("error")).toMatchObject({ name: "ChannelFullError" });
  });

  test("map with a concurrency runs so many at once, in order or as they come", async () => {
    const run = async (ordered: boolean) => {
      let running = 0;
      let most = 0;
      const results = await dated(
        stream([40, 10, 20, 10]).map(
          function* (ms) {
            most = Math.max(most, ++running);
            yield* sleep(ms);
            running--;
            return ms;
          },
          { concurrency: 2, ordered },
        ),
      );
      expect(most).toBe(2);
      return results;
    };
    expect(await run(false)).toEqual(["10 10", "30 20", "40 40", "40 10", "40 end"]);
    expect(await run(true)).toEqual(["40 40", "40 10", "60 20", "60 10", "60 end"]);
  });

  test("map with a concurrency throws where one of its tasks is cancelled by itself", async () => {
    for (const ordered of [true, false]) {
      const error = await runVirtual(() =>
        caught(
          stream([1, 2, 3])
            .map(
              function* (n) {
                if (n === 2) void currentTask()!.cancel("not this one");
                yield* sleep(n);
              },
              { concurrency: 2, ordered },
            )
            .collect(),
        ),
      );
      expect(error).toMatchObject({ name: "CancelledError", reason: "not this one" });
    }
  });

  test("map with a concurrency does not run ahead of a loop that takes nothing", async () => {
    const { count, source } = counted(100);
    await runVirtual(function* () {
      const items = yield* iterate(stream(source).map((n) => after(1, n), { concurrency: 3 }));
      yield* sleep(100);
      expect(count.read).toBe(3);
      yield* items.next();
      yield* sleep(100);
      expect(count.read).toBe(4);
    });
    expect(count.closed).toBe(1);
  });

  test("timeout fails where an item is late, and releases the source", async () => {
    const error = await runVirtual(() =>
      caught(
        stream(
          timed([
            [5, "a"],
            [30, "b"],
          ]),
        )
          .timeout(10)
          .collect(),
      ),
    );
    expect(error).toMatchObject({
      name: "TimeoutError",
      message: expect.stringMatching(/^Timed out after 10 ms/) as string,
    });
    expect(await collect(stream([1, 2]).timeout(10))).toEqual([1, 2]);
  });

  test("a loop over very many items that are there lets others have a turn", async () => {
    let turns = 0;
    await runVirtual(function* () {
      const others = createTask(function* () {
        for (;;) {
          yield;
          turns++;
        }
      });
      yield* stream(Array.from({ length: 100_000 }, (_, n) => n)).forEach(() => {});
      yield* others.cancel();
    });
    expect(turns).toBeGreaterThan(50);
  });

  test("an operator that passes over very many lets others have a turn", async () => {
    let turns = 0;
    await runVirtual(function* () {
      const others = createTask(function* () {
        for (;;) {
          yield;
          turns++;
        }
      });
      let n = 0;
      yield* stream(
        (function* () {
          while (n < 100_000) yield n++;
        })(),
      )
        .filter(() => false)
        .collect();
      yield* others.cancel();
    });
    expect(turns).toBeGreaterThan(50);
  });
});

describe("ends of a stream", () => {
  test("first, forEach and reduce", async () => {
    const { count, source } = counted(5);
    expect(await runVirtual(() => stream(source).first())).toBe(0);
    expect(count).toEqual({ opened: 1, closed: 1, read: 1 });
    expect(await runVirtual(() => stream([]).first())).toBeUndefined();
    const log = transcript({ tasks: false });
    await runVirtual(() =>
      stream(["a", "b"]).forEach(function* (item, index) {
        yield* sleep(5);
        log(`${index}${item}`);
      }),
    );
    expect(log.lines).toEqual(["5 0a", "10 1b"]);
    expect(await runVirtual(() => stream([1, 2]).reduce((sum, n) => sum + n, 10))).toBe(13);
  });
});

describe("channels", () => {
  test("a channel is iterated over until it is closed, and is not closed by it", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(1);
      createTask(function* () {
        for (let n = 0; n < 5; n++) yield* channel.send(n);
        channel.close();
      });
      expect(yield* stream(channel).take(2).collect()).toEqual([0, 1]);
      expect(yield* stream(channel).collect()).toEqual([2, 3, 4]);
    });
  });

  test("several may share one, and each item goes to one of them", async () => {
    const taken = await runVirtual(function* () {
      const channel = new Channel<number>(0);
      const taken: number[] = [];
      yield* taskGroup(function* (group) {
        for (let n = 0; n < 3; n++)
          group.createTask(() => stream(channel).forEach((item) => taken.push(item)));
        for (let n = 0; n < 9; n++) yield* channel.send(n);
        channel.close();
      });
      return taken;
    });
    expect(taken.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("a subscription of a broadcast, and a receiver, are channels, too", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<string>();
      const subscription = news.subscribe(8);
      yield* news.send("a");
      news.close();
      expect(yield* stream(subscription).collect()).toEqual(["a"]);
      const channel = new Channel<string>(8);
      using receiver = channel.receiver();
      yield* channel.send("b");
      channel.close();
      expect(yield* stream(receiver).collect()).toEqual(["b"]);
    });
  });

  test("a wait for the next item that is given up loses none", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(0);
      const items = yield* iterate(
        stream(channel)
          .map((n) => n)
          .buffer(1),
      );
      expect(yield* moveOnAfter(5, () => items.next())).toEqual({ expired: true, value: undefined });
      yield* channel.send(1);
      expect(yield* items.next()).toBe(true);
      expect(items.value).toBe(1);
    });
  });
});
