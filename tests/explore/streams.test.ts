/**
 * Streams over every kind of source, through every operator, in many orders of their steps, and cancelled everywhere in
 * several of them: whatever was opened is closed, no listener is left, no lock, no task.
 */
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import {
  cancelScope,
  cede,
  Channel,
  coroutine,
  createTask,
  moveOnAfter,
  Schedule,
  select,
  shield,
  sleep,
  taskGroup,
  type Awaitable,
} from "../../src/index.ts";
import {
  iterate,
  merge,
  on,
  once,
  stream,
  toAsyncIterable,
  zip,
  type Source,
} from "../../src/streams/index.ts";
import { cancelEverywhere, explore } from "../../src/testing/index.ts";

let open = 0;

/** Items that are there at once. */
function* numbers(count: number) {
  open++;
  try {
    for (let n = 0; n < count; n++) yield n;
  } finally {
    open--;
  }
}

/** Takes a step, in something that is closed by cleanup that waits. */
const step = coroutine(function* step<T>(value: T): Awaitable<T> {
  open++;
  try {
    yield* cede();
    return value;
  } finally {
    yield* shield(() => cede());
    open--;
  }
});

const slow = (count: number): Source<number> => stream(() => numbers(count)).map(step);

const failing = (n: number): number => {
  if (n === 1) throw new Error("failed");
  return n;
};

/** What programs of emitters are checked for. */
let emitters: EventEmitter[] = [];
const emitter = (): EventEmitter => {
  const made = new EventEmitter();
  emitters.push(made);
  return made;
};
const listeners = (): number =>
  emitters.reduce(
    (sum, one) => sum + one.eventNames().reduce((count, name) => count + one.listenerCount(name), 0),
    0,
  );

const programs: Record<string, () => Awaitable<unknown>> = {
  *"a chain of steps"() {
    const chain = stream(slow(5))
      .filter((n) => step(n !== 1))
      .drop(1)
      .take(2)
      .scan((sum, n) => sum + n, 0)
      .chunk(2);
    expect(yield* chain.collect()).toEqual([[2, 5]]);
  },
  *"left early, closed, and gone on with"() {
    const items = yield* iterate(slow(9));
    yield* items.next();
    yield* items.close();
    yield* cede();
    expect(yield* items.next()).toBe(false);
  },
  *buffer() {
    expect(yield* stream(slow(4)).buffer(2).collect()).toEqual([0, 1, 2, 3]);
  },
  *"buffer, left early"() {
    const items = yield* iterate(stream(slow(9)).buffer(2));
    yield* items.next();
  },
  *merge() {
    const all = yield* merge(slow(2), slow(2), numbers(2)).collect();
    expect(all.sort((a, b) => a - b)).toEqual([0, 0, 0, 1, 1, 1]);
  },
  *"merge, one of which fails"() {
    yield* merge(slow(9), stream(slow(3)).map(failing)).collect();
  },
  *zip() {
    expect(yield* zip(slow(3), slow(2)).collect()).toEqual([
      [0, 0],
      [1, 1],
    ]);
  },
  *"map, two at once, in order"() {
    const mapped = stream(slow(4)).map(step, { concurrency: 2 });
    expect(yield* mapped.collect()).toEqual([0, 1, 2, 3]);
  },
  *"map, three at once, as they come"() {
    const mapped = stream(slow(4)).map(step, { concurrency: 3, ordered: false });
    expect((yield* mapped.collect()).sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  },
  *"map, two at once, one of which fails"() {
    yield* stream(slow(4))
      .map((n) => step(failing(n)), { concurrency: 2 })
      .collect();
  },
  *debounce() {
    const timed = stream(slow(3)).map(function* (n) {
      yield* sleep(n * 2);
      return n;
    });
    expect((yield* timed.debounce(3).collect()).at(-1)).toBe(2);
  },
  *throttle() {
    const all = yield* stream(slow(3)).throttle(2).collect();
    expect(all.at(-1)).toBe(2);
    yield* stream(slow(3)).throttle(2, { trailing: false }).collect();
  },
  *"chunk in time"() {
    const chunks = yield* stream(slow(3)).chunk(2, { within: 1 }).collect();
    expect(chunks.flat()).toEqual([0, 1, 2]);
  },
  *timeout() {
    expect(yield* stream(slow(2)).timeout(5).collect()).toEqual([0, 1]);
  },
  *retry() {
    let attempts = 0;
    const source = stream(() => numbers(2)).map((n) => step(attempts++ === 1 ? failing(1) : n));
    expect(yield* source.retry(Schedule.fixed(1).limit(2)).collect()).toEqual([0, 0, 1]);
  },
  *"a channel that two share"() {
    const channel = new Channel<number>(0);
    const taken: number[] = [];
    yield* taskGroup(function* (group) {
      for (let n = 0; n < 2; n++) group.createTask(() => stream(channel).forEach((item) => taken.push(item)));
      for (let n = 0; n < 4; n++) yield* channel.send(n);
      channel.close();
    });
    expect(taken.sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  },
  *"a channel, with waits that are given up"() {
    const channel = new Channel<number>(0);
    createTask(function* () {
      for (let n = 0; n < 3; n++) {
        yield* sleep(1);
        yield* channel.send(n);
      }
      channel.close();
    });
    const items = yield* iterate(stream(channel).buffer(1));
    const all: number[] = [];
    for (;;) {
      const { expired, value } = yield* moveOnAfter(1, () => items.next());
      if (value === true) all.push(items.value);
      else if (!expired) break;
    }
    expect(all).toEqual([0, 1, 2]);
  },
  *"events of an emitter"() {
    const source = emitter();
    const loop = createTask(
      on<[number]>(source, "n", { end: "close" })
        .map(([n]) => step(n))
        .collect(),
    );
    for (let n = 0; n < 3; n++) {
      source.emit("n", n);
      yield;
    }
    source.emit("close");
    yield;
    if (!loop.done && listeners() > 0) source.emit("close");
    yield* moveOnAfter(5, () => loop);
    yield* loop.cancel();
  },
  *"one event, selected from"() {
    const [one, two] = [emitter(), emitter()];
    createTask(function* () {
      yield;
      one.emit("a");
      two.emit("b");
    });
    yield* select([once(one, "a"), once(two, "b"), sleep(3)]);
    expect(listeners()).toBe(0);
  },
};

const names = Object.entries(programs);
const allowed = ({ message }: Error): boolean => message === "failed";

const closed = (): void => {
  expect(open).toBe(0);
  expect(listeners()).toBe(0);
};

/** In a frame of its own, from the beginning. */
const fresh = (program: () => Awaitable<unknown>) =>
  function* () {
    open = 0;
    emitters = [];
    yield* cancelScope(function* () {
      try {
        yield* coroutine(program as () => Generator<never, unknown, void>)();
      } catch (error) {
        if (!allowed(error as Error)) throw error;
      }
    });
    closed();
  };

describe("in every order that is tried, what was opened is closed", () => {
  test.each(names)("%s", async (_, program) => {
    const { schedules } = await explore(fresh(program), {
      budget: { schedules: process.env["CEDE_LONG"] === undefined ? 500 : 10_000 },
    });
    expect(schedules).toBeGreaterThan(0);
  });
});

describe("wherever it is cancelled, in several orders, what was opened is closed", () => {
  test.each(names)("%s", async (_, program) => {
    const points = await cancelEverywhere(fresh(program), {
      check: closed,
      schedules: 5,
      allowError: (error) => allowed(error as Error),
    });
    expect(points).toBeGreaterThan(0);
  });
});

describe("of the host, wherever it is cancelled", () => {
  test("an async generator has returned", async () => {
    await cancelEverywhere(
      function* () {
        open = 0;
        yield* merge(async function* () {
          open++;
          try {
            for (let n = 0; n < 2; n++) yield await Promise.resolve(n);
          } finally {
            await Promise.resolve();
            open--;
          }
        }, slow(2)).collect();
      },
      { check: closed, schedules: 5 },
    );
  });

  test("a web stream is unlocked, and cancelled", async () => {
    let streams: ReadableStream<number>[] = [];
    let ended = 0;
    await cancelEverywhere(
      function* () {
        streams = [];
        ended = 0;
        const make = (): ReadableStream<number> => {
          let n = 0;
          const made = new ReadableStream<number>(
            {
              pull(controller) {
                if (n++ < 2) return controller.enqueue(n);
                ended++;
                controller.close();
              },
              cancel: () => void ended++,
            },
            { highWaterMark: 0 },
          );
          streams.push(made);
          return made;
        };
        yield* stream(make).map(step).buffer(1).collect();
        yield* stream(make).first();
      },
      {
        check() {
          expect(streams.map(({ locked }) => locked)).toEqual(streams.map(() => false));
          expect(ended).toBe(streams.length);
        },
        schedules: 5,
      },
    );
  });

  test("a Node stream is closed", async () => {
    let streams: PassThrough[] = [];
    await cancelEverywhere(
      function* () {
        streams = [];
        const make = (): PassThrough => {
          const made = new PassThrough({ objectMode: true });
          streams.push(made);
          for (let n = 0; n < 3; n++) made.write(n);
          made.end();
          return made;
        };
        yield* stream(make).collect();
        yield* stream(make).buffer(1).first();
      },
      {
        check: () => expect(streams.map(({ closed }) => closed)).toEqual(streams.map(() => true)),
        schedules: 2,
      },
    );
  });

  test("an async iterable of ours, left anywhere, is released", async () => {
    for (let count = 0; count < 6; count++) {
      open = 0;
      for await (const n of toAsyncIterable(stream(slow(5)).buffer(2))) if (n === count) break;
      expect(open).toBe(0);
    }
  });
});
