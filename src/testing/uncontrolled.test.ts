import { promisify } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createTask, runSync } from "../index.ts";
import { Uncontrolled } from "./uncontrolled.ts";

const real = { setTimeout, setInterval, Date, now: Date.now, random: Math.random, perf: performance.now };
const standing = () => ({
  setTimeout,
  setInterval,
  Date,
  now: Date.now,
  random: Math.random,
  perf: performance.now,
});

afterEach(() => {
  vi.useRealTimers();
  const changed = Object.entries(standing()).find(([name, fn]) => fn !== real[name as keyof typeof real]);
  if (changed) throw new Error(`${changed[0]} was left behind`);
});

describe("what a program takes from the world", () => {
  test("is noticed by name, and does what it always does", () => {
    const uncontrolled = new Uncontrolled();
    uncontrolled.within(() => {
      clearTimeout(setTimeout(() => {}, 1));
      clearInterval(setInterval(() => {}, 1));
      AbortSignal.timeout(1);
      expect(Math.abs(Date.now() - new Date().getTime())).toBeLessThan(1000);
      expect(performance.now()).toBeGreaterThan(0);
      expect(Math.random()).toBeLessThan(1);
    });
    expect([...uncontrolled.seen.keys()]).toEqual([
      "setTimeout",
      "setInterval",
      "AbortSignal.timeout",
      "Date.now",
      "new Date",
      "performance.now",
      "Math.random",
    ]);
  });

  test("is noticed within calls only, also where the function was taken out in one", () => {
    const uncontrolled = new Uncontrolled();
    const taken = uncontrolled.within(() => Date);
    Date.now();
    new taken();
    expect(uncontrolled.seen.size).toBe(0);
    expect(uncontrolled.within(() => new Date(0)) instanceof Date).toBe(true);
    expect(uncontrolled.seen.size).toBe(0); // a date of a given time is no look at the clock
  });

  test("is not noticed where the platform does it for itself, as fetch does", async () => {
    const uncontrolled = new Uncontrolled();
    const response = await uncontrolled.within(() => fetch("data:,hello"));
    expect(await response.text()).toBe("hello");
    expect([...uncontrolled.seen]).toEqual([]);
  });

  test("is noticed with the task that was the first", async () => {
    const uncontrolled = new Uncontrolled();
    uncontrolled.within(() =>
      runSync(function* () {
        yield* createTask(function* logs() {
          Date.now();
        });
        Date.now();
      }),
    );
    expect([...uncontrolled.seen]).toEqual([
      ["performance.now", "a callback"], // runSync's own clock
      ["Date.now", "logs#2"],
    ]);
    uncontrolled.clear();
    expect(uncontrolled.seen.size).toBe(0);
  });

  test("keeps its properties", async () => {
    const uncontrolled = new Uncontrolled();
    const sleep = uncontrolled.within(() => promisify(setTimeout));
    expect(await sleep(1, "slept")).toBe("slept");
    uncontrolled.within(() => {
      expect(Date.UTC(1970, 0)).toBe(0);
      expect(typeof Date()).toBe("string");
    });
  });

  test("is back in its place when the call throws", () => {
    expect(() =>
      new Uncontrolled().within(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
  });
});

describe("what is replaced", () => {
  test("is given in place of the real one, and is not noticed", () => {
    const uncontrolled = new Uncontrolled({
      "Date.now": () => 86_400_000,
      "performance.now": () => 42,
      "Math.random": () => 0.5,
    });
    uncontrolled.within(() => {
      expect([Date.now(), performance.now(), Math.random()]).toEqual([86_400_000, 42, 0.5]);
      expect(new Date().toISOString()).toBe("1970-01-02T00:00:00.000Z");
      expect(Date()).toContain("1970");
      class Day extends Date {}
      expect(new Day().getTime()).toBe(86_400_000);
      expect(new Day()).toBeInstanceOf(Day);
    });
    expect(uncontrolled.seen.size).toBe(0);
    expect(Date.now()).toBeGreaterThan(86_400_000);
  });
});

describe("several at once", () => {
  test("one inside another: each notices what happens within its own call", () => {
    const [outer, inner] = [new Uncontrolled(), new Uncontrolled()];
    outer.within(() => {
      inner.within(() => outer.within(() => Date.now()));
      Math.random();
    });
    Date.now();
    expect([...inner.seen.keys()]).toEqual(["Date.now"]);
    expect([...outer.seen.keys()]).toEqual(["Date.now", "Math.random"]);
  });
});

describe("fake timers", () => {
  test("that stand already are used", () => {
    vi.useFakeTimers({ now: 1000 });
    const uncontrolled = new Uncontrolled();
    let rang = false;
    uncontrolled.within(() => {
      expect(Date.now()).toBe(1000);
      setTimeout(() => (rang = true), 50);
    });
    vi.advanceTimersByTime(50);
    expect(rang).toBe(true);
    expect([...uncontrolled.seen.keys()]).toEqual(["Date.now", "setTimeout"]);
  });

  test("that come and go within calls stay and go", () => {
    const uncontrolled = new Uncontrolled();
    uncontrolled.within(() => void vi.useFakeTimers({ now: 1000 }));
    expect(Date.now()).toBe(1000);
    uncontrolled.within(() => expect(new Date().getTime()).toBe(1000));
    expect(new Date().getTime()).toBe(1000);
    vi.useRealTimers();
    expect(Math.abs(Date.now() - real.now())).toBeLessThan(1000);
    uncontrolled.within(() => Date.now());
    expect([...uncontrolled.seen.keys()]).toContain("Date.now");
    // The fake ones were put over ours, and have put ours back: it stands there and does nothing.
    Object.assign(globalThis, {
      setTimeout: real.setTimeout,
      setInterval: real.setInterval,
      Date: real.Date,
    });
    Object.assign(Date, { now: real.now });
  });
});
