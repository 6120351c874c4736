import { describe, expect, test } from "vitest";
import { cede, coroutine, createTask, Future, runSync, sleep, taskGroup, type Awaitable } from "../index.ts";
import { runVirtual } from "../testing/index.ts";

const answer = coroutine(function* answer(): Awaitable<number> {
  yield* sleep(1);
  return 42;
});

describe("marking", () => {
  test("returns the same function, and marks it once", () => {
    function* page() {}
    const { prototype } = page as { prototype: object };
    expect(coroutine(page)).toBe(page);
    const keys = Reflect.ownKeys(prototype);
    expect(coroutine(page)).toBe(page);
    expect(Reflect.ownKeys(prototype)).toEqual(keys);
    expect(Object.keys(prototype)).toEqual([]); // nothing that a `for … in` would see
  });

  test("leaves a coroutine a generator object, with its name for tools", () => {
    expect(Object.prototype.toString.call(answer())).toBe("[object Generator]");
    expect(answer.name).toBe("answer");
    expect(answer.length).toBe(0);
  });

  test("a call runs nothing: a coroutine is lazy", async () => {
    let ran = false;
    const lazy = coroutine(function* lazy() {
      ran = true;
    });
    const one = lazy();
    expect(ran).toBe(false);
    await runVirtual(() => one);
    expect(ran).toBe(true);
  });

  test("a function that is declared elsewhere may be marked after the fact", async () => {
    function* count(n: number): Awaitable<number> {
      return n === 0 ? 0 : 1 + (yield* count(n - 1));
    }
    coroutine(count);
    expect(await runVirtual(() => count(10))).toBe(10);
    expect(() => [...(count(1) as unknown as Iterable<unknown>)]).toThrow("Cannot iterate over a coroutine");
  });

  test("keeps arguments: defaults, optional ones, the rest", async () => {
    const join = coroutine(function* join(first: string, sep: string = "-", ...rest: string[]) {
      yield;
      return [first, ...rest].join(sep);
    });
    expect(await runVirtual(() => join("a"))).toBe("a");
    expect(await runVirtual(() => join("a", "+", "b", "c"))).toBe("a+b+c");
  });

  test("keeps `this`: as a method, by call, in a static block, through super", async () => {
    class Shop {
      readonly stock: number = 3;
      static {
        coroutine(this.prototype.count);
        coroutine(this.prototype.order);
      }
      *count(): Awaitable<number> {
        yield* sleep(1);
        return this.stock;
      }
      *order(n: number): Awaitable<string> {
        return `${n} of ${yield* this.count()}`;
      }
    }
    class BigShop extends Shop {
      override readonly stock: number = 100;
      static {
        coroutine(this.prototype.count);
      }
      override *count(): Awaitable<number> {
        return 1000 + (yield* super.count());
      }
    }
    expect(await runVirtual(() => new Shop().order(2))).toBe("2 of 3");
    expect(await runVirtual(() => new BigShop().order(2))).toBe("2 of 1100");
    expect(await runVirtual(() => Shop.prototype.order.call(new BigShop(), 1))).toBe("1 of 1100");
  });

  test("works for an object's method and for a property of an object", async () => {
    const shop = {
      stock: 3,
      count: coroutine(function* count(this: { stock: number }) {
        yield;
        return this.stock;
      }),
    };
    expect(await runVirtual(() => shop.count())).toBe(3);
  });

  test("a method that is not overridden is the parent's, marked", async () => {
    class Parent {
      static {
        coroutine(this.prototype.name);
      }
      *name(): Awaitable<string> {
        yield* cede();
        return "parent";
      }
    }
    class Child extends Parent {}
    expect(await runVirtual(() => new Child().name())).toBe("parent");
  });

  class Class {}
  test.each([
    ["a class", Class, "the function Class"],
    ["an arrow", () => {}, "a function"],
    ["an async function", async function load() {}, "the function load"],
    ["an async arrow", async () => {}, "a function"],
    // It was marked, and started itself for ever.
    ["an async generator function", async function* stream() {}, "the function stream"],
    ["a function", function page() {}, "the function page"],
    ["a method without the star", { page() {} }.page, "the function page"],
    ["a bound generator function", function* page() {}.bind(null), "the function bound page"],
    ["a coroutine instead of its function", answer(), "the coroutine answer(…)"],
    ["a promise", Promise.resolve(), "a promise"],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a number", 5, "5"],
  ])("refuses %s", (_, wrong, what) => {
    expect(() => coroutine(wrong as never)).toThrow(
      new TypeError(
        `Cannot mark ${what} as a coroutine: it is not a generator function. Write \`function*\`; an arrow, a ` +
          "method without the star, or an async function cannot be one.",
      ),
    );
  });
});

describe("calls", () => {
  test("give the result, or throw the error, to the caller", async () => {
    const fail = coroutine(function* fail(wait: boolean): Awaitable<never> {
      if (wait) yield* sleep(1);
      throw new Error("failed");
    });
    const log = await runVirtual(function* () {
      const log: unknown[] = [yield* answer()];
      for (const wait of [true, false]) {
        try {
          yield* fail(wait);
        } catch (error) {
          log.push(String(error));
        } finally {
          log.push("finally");
        }
      }
      return log;
    });
    expect(log).toEqual([42, "Error: failed", "finally", "Error: failed", "finally"]);
  });

  test("what is thrown is thrown on, whatever it is", async () => {
    const throwIt = coroutine(function* throwIt(value: unknown): Awaitable<never> {
      yield;
      throw value;
    });
    const thrown = [undefined, null, 0, "text", Object.freeze(new Error("frozen"))];
    const caught = await runVirtual(function* () {
      const caught: unknown[] = [];
      for (const value of thrown) {
        try {
          yield* throwIt(value);
        } catch (error) {
          caught.push(error);
        }
      }
      return caught;
    });
    expect(caught).toEqual(thrown);
  });

  test("an error crosses a thousand frames, and each runs its finally, innermost first", async () => {
    const order: number[] = [];
    const nest = coroutine(function* nest(n: number): Awaitable<never> {
      try {
        if (n === 1000) {
          yield* sleep(1);
          throw new Error("from the depth");
        }
        return yield* nest(n + 1);
      } finally {
        order.push(n);
      }
    });
    await expect(runVirtual(() => nest(1))).rejects.toThrow("from the depth");
    expect(order).toEqual(Array.from({ length: 1000 }, (_, i) => 1000 - i));
  });

  test("what has ended gives its end again, to whoever polls it again", async () => {
    const ends = coroutine(function* ends(fail: boolean) {
      if (fail) throw new Error("failed");
      return 42;
    });
    await runVirtual(function* () {
      const future = new Future<number>();
      future.setResult(42);
      for (const it of [ends(false)[Symbol.iterator](), future[Symbol.iterator]()]) {
        for (let i = 0; i < 3; i++) expect(it.next(undefined)).toEqual({ done: true, value: 42 });
      }
      const failed = ends(true)[Symbol.iterator]();
      for (let i = 0; i < 3; i++) expect(() => failed.next(undefined)).toThrow("failed");
    });
  });

  test("a plain helper between two coroutines is part of its caller", async () => {
    function* helper(): Awaitable<number> {
      const one = yield* answer();
      yield;
      return one + (yield* answer());
    }
    expect(
      await runVirtual(
        coroutine(function* main() {
          return (yield* helper()) + (yield* helper());
        }),
      ),
    ).toBe(168);
  });

  test("a coroutine may be a task, an argument, kept for later", async () => {
    const twice = coroutine(function* twice(awaitable: Awaitable<number>) {
      return 2 * (yield* awaitable);
    });
    expect(
      await runVirtual(function* () {
        const kept = answer();
        const task = createTask(twice(answer()));
        return (yield* twice(kept)) + (yield* twice(task));
      }),
    ).toBe(84 + 168);
  });

  describe("recursion of 100,000 calls", () => {
    const DEPTH = 100_000;

    test("by the outer name, without a wait", () => {
      const count = coroutine(function* (n: number): Awaitable<number> {
        return n === 0 ? 0 : 1 + (yield* count(n - 1));
      });
      expect(runSync(() => count(DEPTH))).toBe(DEPTH);
    });

    test("by the inner name, that waits at the bottom", () => {
      const count = coroutine(function* inner(n: number): Awaitable<number> {
        if (n > 0) return 1 + (yield* inner(n - 1));
        for (let i = 0; i < 3; i++) yield;
        return 0;
      });
      expect(runSync(() => count(DEPTH))).toBe(DEPTH);
    });

    test("that waits at every level, on the way down and up", () => {
      const count = coroutine(function* inner(n: number): Awaitable<number> {
        yield;
        if (n === 0) return 0;
        const below = yield* inner(n - 1);
        yield;
        return below + 1;
      });
      expect(runSync(() => count(DEPTH))).toBe(DEPTH);
    });

    test("that throws at the bottom", () => {
      let finallies = 0;
      const fall = coroutine(function* inner(n: number): Awaitable<never> {
        try {
          if (n > 0) return yield* inner(n - 1);
          throw new Error("bottom");
        } finally {
          finallies++;
        }
      });
      expect(() => runSync(() => fall(DEPTH))).toThrow("bottom");
      expect(finallies).toBe(DEPTH + 1);
    });

    test("as methods, through two objects in turn", () => {
      class Ping {
        static {
          coroutine(this.prototype.hit);
        }
        other!: Ping;
        *hit(n: number): Awaitable<number> {
          return n === 0 ? 0 : 1 + (yield* this.other.hit(n - 1));
        }
      }
      const [one, two] = [new Ping(), new Ping()];
      one.other = two;
      two.other = one;
      expect(runSync(() => one.hit(DEPTH))).toBe(DEPTH);
    });

    test("through groups: a tree a hundred thousand tasks deep", () => {
      const nest = coroutine(function* nest(n: number): Awaitable<number> {
        if (n === 0) return 0;
        return yield* taskGroup(function* (group) {
          return 1 + (yield* group.createTask(nest(n - 1)));
        });
      });
      expect(runSync(() => nest(DEPTH))).toBe(DEPTH);
    });
  });

  test("a loop of a million calls that end at once keeps nothing", () => {
    const one = coroutine(function* one() {
      return 1;
    });
    const sum = runSync(function* () {
      let sum = 0;
      for (let i = 0; i < 1_000_000; i++) sum += yield* one();
      return sum;
    });
    expect(sum).toBe(1_000_000);
  });
});
