import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import {
  coroutine,
  createTask,
  moveOnAfter,
  run,
  sleep,
  suppressedErrors,
  type Awaitable,
} from "../index.ts";
import { runVirtual } from "../testing/index.ts";
import { caught } from "../../tests/support/small.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { iterate, merge, stream, zip, type Items, type Source } from "./index.ts";

const collect = <T>(source: Source<T>): Promise<T[]> => run(() => stream(source).collect());

/** An async generator that notes its end. */
function noting(log: string[], { count = Infinity, cleanup = () => Promise.resolve() } = {}) {
  return async function* () {
    log.push("opened");
    try {
      for (let n = 0; n < count; n++) yield n;
    } finally {
      await cleanup();
      log.push("closed");
    }
  };
}

const tick = () => new Promise<void>((resolve) => void setImmediate(resolve));

describe("what can be iterated over", () => {
  test("arrays, strings, sets, generators, async generators, and functions that give them", async () => {
    const ticks = async function* () {
      yield 1;
      yield 2;
    };
    expect(await collect([1, 2])).toEqual([1, 2]);
    expect(await collect("ab")).toEqual(["a", "b"]);
    expect(await collect(new Set([1, 2]))).toEqual([1, 2]);
    expect(await collect(ticks())).toEqual([1, 2]);
    expect(await collect(ticks)).toEqual([1, 2]);
    expect(await collect(() => stream(ticks))).toEqual([1, 2]);
  });

  test("Node streams, of text and of objects", async () => {
    expect(await collect(Readable.from(["a", "b"]))).toEqual(["a", "b"]);
    const through = new PassThrough({ encoding: "utf8" });
    through.write("hello ");
    through.end("world");
    expect((await collect<string>(through)).join("")).toBe("hello world");
  });

  test("web streams", async () => {
    const body = new Response("hello").body!;
    const chunks = await collect(body);
    expect(new TextDecoder().decode(chunks[0] as Uint8Array)).toBe("hello");
    expect(body.locked).toBe(false);
  });

  test.each<[unknown, string]>([
    [5, "Cannot iterate over 5. It takes a stream, a channel, an iterable or an async iterable"],
    [null, "Cannot iterate over null."],
    [{}, "Cannot iterate over an object (Object)."],
    [new EventTarget(), 'Say which of its events are meant: `on(emitter, "data")`.'],
  ])("%s is none, and that is said", (source, message) => {
    expect(() => iterate(source as never)).toThrow(message);
    expect(() => stream(source as never)).toThrow(TypeError);
    expect(() => merge(source as never)).toThrow(message);
  });

  test("a function that gives none says so in the loop", async () => {
    await expect(collect((() => 5) as never)).rejects.toThrow("Cannot iterate over 5.");
  });

  test("a generator that awaits something is told what to do instead, and nothing is left of its wait", async () => {
    const inner = coroutine(function* inner() {
      yield* sleep(1);
    });
    for (const wait of [() => sleep(5), () => inner()]) {
      const source = function* () {
        yield 1;
        yield* wait();
        yield 2;
      };
      await run(function* () {
        const items = yield* iterate<unknown>(source);
        yield* items.next();
        expect(yield* caught(items.next())).toMatchObject({
          name: "TypeError",
          message: expect.stringMatching(
            /^Cannot wait in a generator that is iterated over \(poll (sleep 5 ms|a coroutine)\)\. Let it /,
          ) as string,
        });
        yield* sleep(1);
      });
    }
  });

  test("a coroutine is none: it says how it is awaited", async () => {
    const co = coroutine(function* co() {
      yield* sleep(1);
    });
    expect(() => stream(co())).toThrow("Cannot iterate over the coroutine co(…): it is awaited.");
    expect(() => stream(sleep(1))).toThrow("Cannot iterate over sleep 1 ms: it is awaited.");
  });
});

describe("however the loop is left, the source is released", () => {
  const ways: Record<string, (items: Items<unknown>) => Awaitable<unknown>> = {
    *"by a return"(items) {
      yield* items.next();
    },
    *"by an error"(items) {
      yield* items.next();
      throw new Error("on its way");
    },
    *"by a cancellation"(items) {
      yield* items.next();
      yield* sleep(1000);
    },
    *"before the first item"() {},
    *"by close()"(items) {
      yield* items.next();
      yield* items.close();
      yield* items.close();
      expect(yield* items.next()).toBe(false);
    },
  };
  const leave = async (source: Source<unknown>, way: (items: Items<unknown>) => Awaitable<unknown>) =>
    run(function* () {
      const loop = coroutine(function* loop(): Awaitable<void> {
        const items = yield* iterate(source);
        yield* way(items);
      });
      yield* moveOnAfter(20, () => caught(loop()));
    });

  describe.each(Object.entries(ways))("%s", (name, way) => {
    test("an async iterator has returned", async () => {
      const log: string[] = [];
      await leave(noting(log, { cleanup: tick }), way);
      expect(log).toEqual(name === "before the first item" ? [] : ["opened", "closed"]);
    });

    test("a Node stream is closed", async () => {
      const source = Readable.from(noting([])());
      await leave(source, way);
      expect([source.destroyed, source.closed]).toEqual([true, true]);
    });

    test("a file is closed", async () => {
      const path = join(temporaryFolder(), "file");
      await writeFile(path, "x".repeat(1_000_000));
      const file = createReadStream(path, { highWaterMark: 1000 });
      await leave(file, way);
      expect([file.destroyed, file.closed]).toEqual([true, true]);
    });

    test("a web stream is cancelled and unlocked", async () => {
      const log: string[] = [];
      const source = new ReadableStream({
        pull: (controller) => controller.enqueue(1),
        async cancel() {
          await tick();
          log.push("cancelled");
        },
      });
      await leave(source, way);
      expect(log).toEqual(["cancelled"]);
      expect(source.locked).toBe(false);
    });
  });

  test("also where a read is under way", async () => {
    const waiting = new PassThrough();
    let cancelled = false;
    const silent = new ReadableStream({ cancel: () => void (cancelled = true) });
    await run(function* () {
      yield* moveOnAfter(5, () => stream(waiting).collect());
      expect(waiting.closed).toBe(true);
      yield* moveOnAfter(5, () => stream(silent).collect());
      expect([cancelled, silent.locked]).toEqual([true, false]);
    });
  });

  test("an async generator that is stuck is left behind after a time, and that is reported", async () => {
    const reports: string[] = [];
    let go = () => {};
    const stuck = async function* () {
      yield await new Promise<number>((resolve) => (go = () => resolve(1)));
    };
    await run(
      function* () {
        const loop = coroutine(function* loop(): Awaitable<void> {
          const items = yield* iterate(stuck, { settleTimeout: 10 });
          yield* items.next();
        });
        yield* moveOnAfter(5, loop);
        go();
        yield* sleep(5);
      },
      {
        name: "main",
        onReport: ({ kind, message }) => reports.push(`${kind}: ${message.replace(/#\d+/g, "")}`),
      },
    );
    expect(reports).toEqual([
      "work-abandoned: an async iterator of main was not released within 10 ms, and was left behind.",
      "work-ended: an async iterator of main has been released after all.",
    ]);
  });

  test("in cleanup that is abandoned, all of it is told to let go all the same", async () => {
    let returned = 0;
    const slow = (): AsyncIterable<number> => ({
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: 1 }),
        return: () => {
          returned++;
          return new Promise((resolve) => setTimeout(() => resolve({ done: true, value: 0 }), 40));
        },
      }),
    });
    await run(
      () => {
        const loop = coroutine(function* loop(): Awaitable<void> {
          const items = yield* iterate(zip(slow(), slow()));
          yield* items.next();
          yield* sleep(1000);
        });
        return moveOnAfter(5, loop, { cleanupTimeout: 5 });
      },
      { onReport: () => {} },
    );
    expect(returned).toBe(2);
  });

  test("a read that fails after the loop was left is reported", async () => {
    const reports: string[] = [];
    const read = Promise.withResolvers<never>();
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: () => read.promise }),
    };
    await run(
      function* () {
        yield* moveOnAfter(5, () => stream(source).collect());
        read.reject(new Error("late"));
        yield* sleep(20);
      },
      { onReport: ({ kind, message }) => reports.push(`${kind}: ${message.replace(/#\d+/g, "")}`) },
    );
    expect(reports).toEqual([
      "late-error: A read of an async iterator of main, which was left, failed: Error: late",
    ]);
  });

  test("an item that was being read when its wait was given up comes next", async () => {
    const read = Promise.withResolvers<void>();
    await run(function* () {
      const items = yield* iterate(async function* () {
        await read.promise;
        yield "late";
      });
      expect((yield* moveOnAfter(1, () => items.next())).expired).toBe(true);
      read.resolve();
      expect(yield* items.next()).toBe(true);
      expect(items.value).toBe("late");
    });
  });
});

describe("errors", () => {
  test("of a source come to the loop, once, and then it is at its end", async () => {
    await run(function* () {
      const items = yield* iterate(async function* () {
        yield 1;
        throw new Error("source");
      });
      yield* items.next();
      expect(yield* caught(items.next())).toEqual(new Error("source"));
      expect(yield* items.next()).toBe(false);
    });
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("web")) });
    await expect(collect(broken)).rejects.toThrow("web");
    expect(broken.locked).toBe(false);
    const node = new Readable({ read: () => node.destroy(new Error("node")) });
    await expect(collect(node)).rejects.toThrow("node");
  });

  test("of an operator's function release the source before they come to the loop", async () => {
    const fail = (): never => {
      throw new Error("operator");
    };
    const operators: ((numbers: Source<number>) => Source<unknown>)[] = [
      (numbers) => stream(numbers).map(fail),
      (numbers) => stream(numbers).map(fail, { concurrency: 2 }),
      (numbers) => stream(numbers).filter(fail).debounce(1),
      (numbers) => stream(numbers).scan(fail, 0).buffer(2),
      (numbers) => merge(stream(numbers).map(fail), async function* () {}),
      (numbers) => zip(numbers, stream(numbers).map(fail)),
    ];
    for (const operator of operators) {
      const log: string[] = [];
      await run(function* () {
        const items = yield* iterate(operator(noting(log, { cleanup: tick })));
        expect(yield* caught(items.next())).toEqual(new Error("operator"));
        expect(log.filter((line) => line === "opened").length).toBe(log.length / 2);
      });
    }
  });

  test("of a release come to whoever left the loop; beside another, they are among its suppressed ones", async () => {
    const failing = {
      *[Symbol.iterator]() {
        try {
          yield 1;
          yield 2;
        } finally {
          throw new Error("release"); // eslint-disable-line no-unsafe-finally
        }
      },
    };
    await expect(run(() => stream(failing).first())).rejects.toThrow("release");
    const error: unknown = await run(() =>
      stream(failing).forEach(() => {
        throw new Error("loop");
      }),
    ).catch((error: unknown) => error);
    expect(error).toEqual(new Error("loop"));
    expect(suppressedErrors(error)).toEqual([new Error("release")]);
  });

  test("of one of several sources release the others", async () => {
    const log: string[] = [];
    const fails = async function* () {
      yield 1;
      throw new Error("one");
    };
    await expect(collect(merge(noting(log), fails))).rejects.toThrow("one");
    await expect(collect(zip(noting(log), fails))).rejects.toThrow("one");
    expect(log).toEqual(["opened", "closed", "opened", "closed"]);
  });

  test("retry opens a stream again, from its beginning, after it was released", async () => {
    const log: string[] = [];
    let attempt = 0;
    const source = async function* () {
      log.push(`open ${++attempt}`);
      try {
        yield attempt;
        if (attempt < 3) throw new Error("no");
      } finally {
        log.push(`close ${attempt}`);
      }
    };
    const { Schedule } = await import("../index.ts");
    expect(await collect(stream(source).retry(Schedule.fixed(1).limit(5)))).toEqual([1, 2, 3]);
    expect(log).toEqual(["open 1", "close 1", "open 2", "close 2", "open 3", "close 3"]);
    attempt = -9;
    await expect(collect(stream(source).retry(Schedule.fixed(1).limit(1)))).rejects.toThrow("no");
  });
});

describe("misuse", () => {
  test("the value of no item", async () => {
    await runVirtual(function* () {
      const items = yield* iterate([1]);
      expect(() => items.value).toThrow("Cannot read the value: there is no item.");
      yield* items.next();
      yield* items.next();
      expect(() => items.value).toThrow("Cannot read the value");
    });
  });

  test("two tasks that ask at once", async () => {
    await runVirtual(function* () {
      const items = yield* iterate(
        stream([1]).map(function* () {
          yield* sleep(5);
        }),
      );
      const first = createTask(() => items.next());
      yield;
      expect(yield* caught(items.next())).toMatchObject({
        message: expect.stringContaining(
          `Cannot wait for the next item: ${first.name} waits for it already.`,
        ) as string,
      });
      yield* first;
    });
  });

  test("a loop after the coroutine that opened it", async () => {
    const open = coroutine(function* open(): Awaitable<Items<number>> {
      return yield* iterate([1]);
    });
    await runVirtual(function* () {
      const items = yield* open();
      expect(yield* caught(items.next())).toMatchObject({
        message: expect.stringContaining(
          "Cannot take the next item: the coroutine that called `iterate` was left",
        ) as string,
      });
    });
  });

  test("numbers and functions that are none", () => {
    const numbers = stream([1]);
    expect(() => numbers.take(-1)).toThrow("Cannot take -1 items: give a whole number from 0, or Infinity.");
    expect(() => numbers.chunk(0)).toThrow(RangeError);
    expect(() => numbers.buffer(0)).toThrow(RangeError);
    expect(() => numbers.buffer(1, { overflow: "all" as never })).toThrow(TypeError);
    expect(() => numbers.debounce(-1)).toThrow("Cannot debounce by -1 ms");
    expect(() => numbers.map(5 as never)).toThrow("Cannot map by 5: it takes a function, `(item) => …`.");
    expect(() => numbers.map((n) => n, { concurrency: 0 })).toThrow(RangeError);
    expect(() => iterate([], { settleTimeout: -1 })).toThrow(RangeError);
  });
});
