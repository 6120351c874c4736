import { afterEach, describe, expect, test, vi } from "vitest";
import { EventLoop, Future, sleep, type Awaitable } from "../index.ts";
import { standardHost } from "./standard.ts";

const LONGEST_TIMER = 2 ** 31 - 1;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("the host", () => {
  test("shows a clock that never goes back", () => {
    const host = standardHost();
    let before = host.now();
    for (let i = 0; i < 1000; i++) {
      const now = host.now();
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
  });

  test("calls soon in order, never at once, before any timer", async () => {
    const host = standardHost();
    const order: string[] = [];
    setTimeout(() => order.push("timer"));
    host.soon(() => {
      order.push("one");
      host.soon(() => order.push("three"));
    });
    host.soon(() => order.push("two"));
    order.push("returned");
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(order).toEqual(["returned", "one", "two", "three", "timer"]);
  });

  test("calls later in order, after what was to come soon", async () => {
    const host = standardHost();
    const order: string[] = [];
    host.later(() => order.push("one"));
    host.later(() => order.push("two"));
    host.soon(() => order.push("soon"));
    await new Promise<void>((resolve) => host.later(resolve));
    expect(order).toEqual(["soon", "one", "two"]);
  });

  test("calls later by a message channel where there is no setImmediate", async () => {
    vi.stubGlobal("setImmediate", undefined);
    const host = standardHost();
    const order: string[] = [];
    host.later(() => {
      order.push("one");
      host.later(() => order.push("three"));
    });
    host.later(() => order.push("two"));
    await new Promise<void>((resolve) => host.later(() => host.later(resolve)));
    expect(order).toEqual(["one", "two", "three"]);
  });
});

describe("S17: the host's timer", () => {
  /** What the platform's timer was set to, instead of waiting for it. */
  function setUp(now: number) {
    const delays: number[] = [];
    const cleared: unknown[] = [];
    vi.stubGlobal("performance", { now: () => now });
    vi.stubGlobal("setTimeout", (_: () => void, delay: number) => delays.push(delay));
    vi.stubGlobal("clearTimeout", (timer: unknown) => timer !== undefined && cleared.push(timer));
    return { host: standardHost(), delays, cleared };
  }
  const noop = (): void => {};

  test("is rounded up to whole milliseconds: cut down, it would come early", () => {
    const { host, delays } = setUp(100.7);
    for (const at of [101, 110.7, 110.8, 100.70001]) host.wakeAt(at, noop);
    expect(delays).toEqual([1, 10, 11, 1]);
  });

  test("for what is due is set to 0, never less", () => {
    const { host, delays } = setUp(100);
    for (const at of [100, 99, -Infinity]) host.wakeAt(at, noop);
    expect(delays).toEqual([0, 0, 0]);
  });

  test("is never longer than the platform keeps: past 2^31-1 ms it would fire at once", () => {
    const { host, delays } = setUp(0);
    for (const at of [LONGEST_TIMER, LONGEST_TIMER + 1, 2 ** 53, Number.MAX_VALUE]) host.wakeAt(at, noop);
    expect(delays).toEqual([LONGEST_TIMER, LONGEST_TIMER, LONGEST_TIMER, LONGEST_TIMER]);
  });

  test("is replaced by a new one, and taken back by Infinity", () => {
    const { host, delays, cleared } = setUp(0);
    host.wakeAt(10, noop);
    host.wakeAt(20, noop);
    host.wakeAt(Infinity, noop);
    expect(delays).toEqual([10, 20]);
    expect(cleared).toEqual([1, 2]);
  });

  test("wakes a sleep that is longer than the platform's timers, in its time and not before", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "performance"] });
    const loop = new EventLoop();
    let ended: number | undefined;
    const start = loop.time();
    const sleeping = loop.runUntilComplete(function* () {
      yield* sleep(2 ** 32);
      ended = loop.time() - start;
    });
    await vi.advanceTimersByTimeAsync(LONGEST_TIMER);
    expect(ended).toBe(undefined);
    await vi.advanceTimersByTimeAsync(LONGEST_TIMER);
    expect(ended).toBe(undefined);
    await vi.advanceTimersByTimeAsync(10);
    expect(ended).toBeGreaterThanOrEqual(2 ** 32);
    await sleeping;
  });

  test("is taken back when nobody sleeps any more: it does not keep the process", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "performance"] });
    const loop = new EventLoop();
    const running = loop.runUntilComplete(function* () {
      const task = loop.createTask(() => sleep(1e6));
      yield* sleep(1);
      yield* task.cancel();
    });
    await vi.advanceTimersByTimeAsync(10);
    await running;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("S21: the host is never starved", () => {
  /** A thousand tasks that spin until they are told to stop. */
  function spin() {
    const state = { stop: false, turns: 0 };
    const loop = new EventLoop();
    const spinning = function* (): Awaitable<void> {
      while (!state.stop) {
        state.turns++;
        yield;
      }
    };
    for (let i = 0; i < 1000; i++) loop.createTask(spinning);
    return { state, ended: loop.runUntilComplete() };
  }

  test("immediates and timers come while a thousand tasks spin", async () => {
    const { state, ended } = spin();
    const turns: number[] = [];
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setTimeout(resolve));
      turns.push(state.turns);
    }
    state.stop = true;
    await ended;
    expect(turns.at(-1)).toBeGreaterThan(turns[0]!); // they were spinning all the time
  });

  test("nor by tasks that wake each other through promises", async () => {
    const loop = new EventLoop();
    let [stop, rounds] = [false, 0];
    const ended = loop.runUntilComplete(function* () {
      while (!stop) {
        const future = new Future<void>();
        void Promise.resolve().then(() => future.setResult());
        yield* future;
        rounds++;
      }
    });
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve));
    stop = true;
    await ended;
    expect(rounds).toBeGreaterThan(0);
  });

  test("what an immediate completes is seen by a busy loop", async () => {
    const { state, ended } = spin();
    const loop = new EventLoop();
    const future = loop.createFuture<string>();
    const waiting = loop.runUntilComplete(() => future);
    setImmediate(() => future.setResult("from the host"));
    expect(await waiting).toBe("from the host");
    state.stop = true;
    await ended;
  });
});
