import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { createTask, moveOnAfter, run, select, sleep } from "../index.ts";
import { runVirtual } from "../testing/index.ts";
import { caught } from "../../tests/support/small.ts";
import { iterate, on, once, stream } from "./index.ts";

const listeners = (emitter: EventEmitter): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);

/** A target that knows how many listeners it has. */
class CountingTarget extends EventTarget {
  listeners = 0;
  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners++;
    super.addEventListener(...args);
  }
  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners--;
    super.removeEventListener(...args);
  }
}

describe("once()", () => {
  test("gives the arguments of an emitter's event, and the event of a target", async () => {
    const emitter = new EventEmitter();
    const target = new CountingTarget();
    await run(function* () {
      const event = createTask(once(target, "done"));
      yield; // it listens
      setTimeout(() => {
        emitter.emit("data", 1, "two");
        target.dispatchEvent(new Event("done"));
      }, 1);
      expect(yield* once(emitter, "data")).toEqual([1, "two"]);
      expect((yield* event).type).toBe("done");
    });
    expect(listeners(emitter)).toBe(0);
    expect(target.listeners).toBe(0);
  });

  test("an emitter's error fails it, unless that is what is waited for", async () => {
    const emitter = new EventEmitter();
    await run(function* () {
      setTimeout(() => emitter.emit("error", new Error("no")), 1);
      expect(yield* caught(once(emitter, "data"))).toEqual(new Error("no"));
      setTimeout(() => emitter.emit("error", new Error("yes")), 1);
      expect(yield* once(emitter, "error")).toEqual([new Error("yes")]);
    });
    expect(listeners(emitter)).toBe(0);
  });

  test("is a single wait, for select, and leaves no listener when another one is selected", async () => {
    const emitter = new EventEmitter();
    const target = new CountingTarget();
    await run(function* () {
      const first = yield* select([once(emitter, "a"), once(target, "b"), sleep(1)]);
      expect(first.index).toBe(2);
      expect([listeners(emitter), target.listeners]).toEqual([0, 0]);
      setTimeout(() => {
        emitter.emit("a");
        target.dispatchEvent(new Event("b")); // in the same moment: it is not taken
      }, 1);
      expect((yield* select([once(emitter, "a"), once(target, "b")])).index).toBe(0);
      yield* moveOnAfter(1, () => once(emitter, "a"));
    });
    expect([listeners(emitter), target.listeners]).toEqual([0, 0]);
  });

  test("waits anew each time, and says what it waits for", async () => {
    const emitter = new EventEmitter();
    await run(function* () {
      const wait = once<[number]>(emitter, "n");
      for (let n = 0; n < 2; n++) {
        const task = createTask(wait);
        yield;
        expect(task.waitingFor).toBe('the event "n"');
        emitter.emit("n", n);
        expect(yield* task).toEqual([n]);
      }
    });
  });

  test("refuses what has no events", () => {
    expect(() => once({} as never, "a")).toThrow(
      'Cannot wait for "a" of an object (Object): it has no events. It takes an emitter',
    );
    expect(() => on(undefined as never, "a")).toThrow('Cannot listen to "a" of undefined');
  });
});

describe("on()", () => {
  test("ends where an earlier listener of the same event emits the end, or an error", async () => {
    const ended = new EventEmitter();
    ended.on("data", (text) => text === "bye" && ended.emit("close"));
    ended.on("close", () => {});
    const failed = new EventEmitter();
    failed.on("data", (text) => text === "bye" && failed.emit("error", new Error("no")));
    for (const emitter of [ended, failed]) {
      const got = await runVirtual(function* () {
        const items = yield* iterate(on<[string]>(emitter, "data", { end: "close" }));
        for (const text of ["hi", "bye"]) emitter.emit("data", text);
        const got: string[] = [];
        const all = function* () {
          while (yield* items.next()) got.push(...items.value);
        };
        const error = yield* caught(all());
        return [...got, String(error)];
      });
      expect(got).toEqual(["hi", emitter === ended ? "undefined" : "Error: no"]);
    }
  });

  test("takes for an emitter what has `addEventListener`, but cannot remove a listener so", async () => {
    const emitter = Object.assign(new EventEmitter(), {
      addEventListener: () => expect.unreachable(),
    });
    await runVirtual(function* () {
      const items = yield* iterate(on<[number]>(emitter, "data"));
      emitter.emit("data", 1);
      yield* items.next();
      expect(items.value).toEqual([1]);
    });
    expect(listeners(emitter)).toBe(0);
  });

  test("listens while it is iterated over, and keeps what comes while the loop is busy", async () => {
    const emitter = new EventEmitter();
    await run(function* () {
      const numbers = on<[number]>(emitter, "n").map(([n]) => n);
      emitter.emit("n", -1); // nobody listens
      const loop = createTask(numbers.take(3).collect());
      yield;
      for (let n = 0; n < 5; n++) emitter.emit("n", n);
      expect(yield* loop).toEqual([0, 1, 2]);
      expect(listeners(emitter)).toBe(0);
    });
  });

  test("of an event target gives its events", async () => {
    const target = new CountingTarget();
    await run(function* () {
      const loop = createTask(on(target, "a", { end: "b" }).collect());
      yield;
      expect(target.listeners).toBe(2);
      for (const name of ["a", "a", "b", "a"]) target.dispatchEvent(new Event(name));
      expect((yield* loop).map(({ type }) => type)).toEqual(["a", "a"]);
    });
    expect(target.listeners).toBe(0);
  });

  test("an emitter's error comes behind what came before it", async () => {
    const emitter = new EventEmitter();
    await run(function* () {
      const items = yield* iterate(on<[number]>(emitter, "n"));
      emitter.emit("n", 1);
      emitter.emit("error", new Error("no"));
      expect(listeners(emitter)).toBe(0);
      expect(yield* items.next()).toBe(true);
      expect(items.value).toEqual([1]);
      expect(yield* caught(items.next())).toEqual(new Error("no"));
    });
  });

  test("where there is no room the loop fails, or some are dropped; the emitter hears nothing of it", async () => {
    const emitter = new EventEmitter();
    const kept = (overflow?: "dropOldest" | "dropNewest") =>
      run(function* () {
        const items = yield* iterate(
          on<[number]>(emitter, "n", { capacity: 2, ...(overflow && { overflow }) }),
        );
        for (let n = 0; n < 4; n++) emitter.emit("n", n);
        const all: unknown[] = [];
        for (let n = 0; n < 2; n++) {
          yield* items.next();
          all.push(items.value[0]);
        }
        if (overflow === undefined) all.push(yield* caught(items.next()));
        return all;
      });
    expect(await kept("dropOldest")).toEqual([2, 3]);
    expect(await kept("dropNewest")).toEqual([0, 1]);
    expect(await kept()).toMatchObject([
      0,
      1,
      { name: "ChannelFullError", message: expect.stringContaining('Cannot send on channel "n"') as string },
    ]);
    expect(listeners(emitter)).toBe(0);
  });

  test("refuses what is no capacity, and what is no overflow", () => {
    const emitter = new EventEmitter();
    expect(() => on(emitter, "a", { capacity: 0 })).toThrow(RangeError);
    expect(() => on(emitter, "a", { overflow: "wait" as never })).toThrow(TypeError);
  });

  test("leaves no listener on any way out", async () => {
    const emitter = new EventEmitter();
    await run(function* () {
      yield* moveOnAfter(1, () => on(emitter, "a", { end: ["b", "c"] }).collect());
      yield* moveOnAfter(1, () => on(emitter, "a").buffer(2).debounce(1).collect());
      const failing = on(emitter, "a").map(() => {
        throw new Error("no");
      });
      const loop = createTask(caught(failing.collect()));
      yield;
      emitter.emit("a");
      yield* loop;
      yield* stream(on(emitter, "a")).take(0).collect();
    });
    expect(listeners(emitter)).toBe(0);
  });
});
