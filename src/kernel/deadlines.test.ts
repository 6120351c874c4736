import { describe, expect, test } from "vitest";
import { Deadlines, type Timer } from "./deadlines.ts";
import fc from "../../tests/support/fast-check.ts";

class Alarm implements Timer {
  at = 0;
  order = 0;
  slot = -1;
  readonly name: string;
  readonly #ring: (alarm: Alarm) => void;
  constructor(name: string, ring: (alarm: Alarm) => void = () => {}) {
    this.name = name;
    this.#ring = ring;
  }
  expire(): void {
    this.#ring(this);
  }
}

/** Deadlines, and the names of what has expired, in order. */
function setUp() {
  const rung: string[] = [];
  const deadlines = new Deadlines();
  const alarm = (name: string) => new Alarm(name, () => rung.push(name));
  return { deadlines, rung, alarm };
}

describe("a tie of equal deadlines", () => {
  const order = (tie: (count: number) => number, cancelling: string): string => {
    const rung: string[] = [];
    const deadlines = new Deadlines(tie);
    for (const name of "abc") {
      const alarm = new Alarm(name, () => rung.push(name));
      deadlines.set(Object.assign(alarm, { cancels: cancelling.includes(name) }), 5);
    }
    deadlines.set(new Alarm("d", () => rung.push("d")), 6);
    deadlines.expire(10);
    return rung.join("");
  };

  test("is decided by whoever is asked, as long as one of them cancels something", () => {
    const asked: number[] = [];
    const last = (count: number): number => asked.push(count) && count - 1;
    expect([order(last, "a"), asked]).toEqual(["cbad", [3, 2]]);
    expect(order(last, "c")).toBe("cabd");
    expect(order(() => 0, "abc")).toBe("abcd");
  });

  test("has all that are equal in it, and nobody else, wherever they stand in the heap", () => {
    const times = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 });
    const check = (ats: number[]): void => {
      const asked: number[] = [];
      const deadlines = new Deadlines((count) => asked.push(count) && 0);
      for (const at of ats) deadlines.set(Object.assign(new Alarm(""), { cancels: true }), at);
      deadlines.expire(10);
      const expected: number[] = [];
      for (let at = 0; at <= 5; at++) {
        for (let left = ats.filter((one) => one === at).length; left > 1; left--) expected.push(left);
      }
      expect(asked).toEqual(expected);
    };
    fc.assert(fc.property(times, check));
  });

  test("is no question where they only make something ready", () => {
    expect(order(() => expect.fail("asked"), "")).toBe("abcd");
  });
});

describe("deadlines", () => {
  test("expire in their order, whatever the order they were set in", () => {
    const { deadlines, rung, alarm } = setUp();
    for (const at of [5, 1, 4, 2, 3]) deadlines.set(alarm(`${at}`), at);
    expect([deadlines.size, deadlines.next]).toEqual([5, 1]);
    deadlines.expire(0.999);
    expect(rung).toEqual([]);
    deadlines.expire(3);
    expect(rung).toEqual(["1", "2", "3"]);
    expect([deadlines.size, deadlines.next]).toEqual([2, 4]);
    deadlines.expire(Infinity);
    expect(rung).toEqual(["1", "2", "3", "4", "5"]);
    expect([deadlines.size, deadlines.next]).toEqual([0, Infinity]);
  });

  test("S17: equal ones expire in the order they were set", () => {
    const { deadlines, rung, alarm } = setUp();
    const names = Array.from({ length: 100 }, (_, i) => `${i}`);
    for (const name of names) deadlines.set(alarm(name), 7);
    deadlines.expire(7);
    expect(rung).toEqual(names);
  });

  test("S17: one that is moved keeps its place among equals", () => {
    const { deadlines, rung, alarm } = setUp();
    const [a, b, c] = [alarm("a"), alarm("b"), alarm("c")];
    for (const one of [a, b, c]) deadlines.set(one, 5);
    deadlines.set(b, 9);
    deadlines.set(a, 9);
    deadlines.set(c, 9);
    deadlines.expire(9);
    expect(rung).toEqual(["a", "b", "c"]);
  });

  test("fractions of a millisecond count", () => {
    const { deadlines, rung, alarm } = setUp();
    deadlines.set(alarm("b"), 1.0000000002);
    deadlines.set(alarm("a"), 1.0000000001);
    deadlines.expire(1);
    expect(rung).toEqual([]);
    deadlines.expire(1.1);
    expect(rung).toEqual(["a", "b"]);
  });

  test("one at Infinity is not set, and one that is moved there is taken back", () => {
    const { deadlines, rung, alarm } = setUp();
    const one = alarm("one");
    deadlines.set(one, Infinity);
    expect([deadlines.size, one.slot, one.at]).toEqual([0, -1, Infinity]);
    deadlines.set(one, 5);
    deadlines.set(one, Infinity);
    deadlines.expire(Number.MAX_VALUE);
    expect([deadlines.size, rung]).toEqual([0, []]);
  });

  test("one at -Infinity is due at once", () => {
    const { deadlines, rung, alarm } = setUp();
    deadlines.set(alarm("one"), -Infinity);
    deadlines.expire(-1e300);
    expect(rung).toEqual(["one"]);
  });

  test("clearing what is not set does nothing", () => {
    const { deadlines, alarm } = setUp();
    const one = alarm("one");
    deadlines.clear(one);
    deadlines.set(one, 1);
    deadlines.clear(one);
    deadlines.clear(one);
    expect(deadlines.size).toBe(0);
  });

  test("all of them can be taken out, and set again", () => {
    const { deadlines, rung, alarm } = setUp();
    const [one, two] = [alarm("one"), alarm("two")];
    deadlines.set(one, 1);
    deadlines.set(two, 2);
    deadlines.clearAll();
    expect([deadlines.size, deadlines.next]).toEqual([0, Infinity]);
    deadlines.clear(one);
    deadlines.set(one, 3);
    deadlines.expire(3);
    expect(rung).toEqual(["one"]);
  });

  test("what expires may set itself and others: what is due by then expires too", () => {
    const deadlines = new Deadlines();
    const rung: number[] = [];
    const again = new Alarm("again", (alarm) => {
      rung.push(alarm.at);
      if (alarm.at < 4) deadlines.set(alarm, alarm.at + 1);
    });
    deadlines.set(again, 1);
    deadlines.set(new Alarm("other", () => deadlines.set(new Alarm("new", () => rung.push(2.5)), 2.5)), 2);
    deadlines.expire(3);
    expect(rung).toEqual([1, 2, 2.5, 3]);
    expect(deadlines.next).toBe(4);
  });

  test("what expires may clear another that is due", () => {
    const { deadlines, rung, alarm } = setUp();
    const second = alarm("second");
    deadlines.set(new Alarm("first", () => deadlines.clear(second)), 1);
    deadlines.set(second, 1);
    deadlines.expire(1);
    expect(rung).toEqual([]);
  });

  test("one that throws is taken out, and the others expire the next time", () => {
    const { deadlines, rung, alarm } = setUp();
    deadlines.set(
      new Alarm("bad", () => {
        throw new Error("bad");
      }),
      1,
    );
    deadlines.set(alarm("good"), 1);
    expect(() => deadlines.expire(1)).toThrow("bad");
    deadlines.expire(1);
    expect(rung).toEqual(["good"]);
  });
});

/** The same promise in the plainest way: a list that is sorted whenever it is asked. */
class SortedModel {
  readonly #set = new Map<string, { at: number; order: number }>();
  readonly #orders = new Map<string, number>();

  set(name: string, at: number): void {
    if (!this.#orders.has(name)) this.#orders.set(name, this.#orders.size);
    this.#set.delete(name);
    if (at !== Infinity) this.#set.set(name, { at, order: this.#orders.get(name)! });
  }
  clear(name: string): void {
    this.#set.delete(name);
  }
  expire(now: number): string[] {
    const due = this.sorted.filter(([, { at }]) => at <= now).map(([name]) => name);
    for (const name of due) this.#set.delete(name);
    return due;
  }
  get sorted() {
    return [...this.#set].sort(([, a], [, b]) => a.at - b.at || a.order - b.order);
  }
}

type Step =
  | { do: "set"; name: number; at: number }
  | { do: "clear"; name: number }
  | { do: "expire"; now: number };

const time = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(0.5, Infinity, 2 ** 31, 1e15));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("set" as const), name: fc.nat(30), at: time }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("clear" as const), name: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const), now: time }) },
);

test("whatever is set, moved, cleared and expired, the heap agrees with a sorted list", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { deadlines, rung, alarm } = setUp();
      const model = new SortedModel();
      const alarms = Array.from({ length: 31 }, (_, i) => alarm(`${i}`));
      for (const step of steps) {
        rung.length = 0;
        if (step.do === "set") {
          deadlines.set(alarms[step.name]!, step.at);
          model.set(`${step.name}`, step.at);
        } else if (step.do === "clear") {
          deadlines.clear(alarms[step.name]!);
          model.clear(`${step.name}`);
        } else {
          deadlines.expire(step.now);
          expect(rung).toEqual(model.expire(step.now));
        }
        const { sorted } = model;
        expect(deadlines.size).toBe(sorted.length);
        expect(deadlines.next).toBe(sorted[0]?.[1].at ?? Infinity);
      }
      deadlines.expire(Infinity);
      expect(deadlines.size).toBe(0);
      expect(alarms.every(({ slot }) => slot === -1)).toBe(true);
    }),
  );
});

test("a hundred thousand timers, most of them taken back, leave nothing", () => {
  const deadlines = new Deadlines();
  let rung = 0;
  let last = -Infinity;
  const alarms = Array.from({ length: 100_000 }, (_, i) => {
    const alarm = new Alarm(`${i}`, ({ at }) => {
      rung++;
      expect(at >= last).toBe(true);
      last = at;
    });
    deadlines.set(alarm, (i * 7919) % 10_007);
    return alarm;
  });
  for (const [i, alarm] of alarms.entries()) if (i % 100 !== 0) deadlines.clear(alarm);
  expect(deadlines.size).toBe(1000);
  deadlines.expire(Infinity);
  expect([rung, deadlines.size]).toEqual([1000, 0]);
});
