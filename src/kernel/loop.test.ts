import { describe, expect, test } from "vitest";
import {
  all,
  coroutine,
  createTask,
  currentTask,
  EventLoop,
  runningLoop,
  runSync,
  sleep,
  type Awaitable,
} from "../index.ts";
import type { Report } from "../lowlevel.ts";
import { runVirtual, VirtualClock } from "../testing/index.ts";
import { current } from "./current.ts";
import { Loop } from "./loop.ts";

/** A loop without a host, and how often it asked to be woken. */
function setUp(now: () => number = () => 0) {
  const asked = { count: 0 };
  const loop = new Loop({
    now,
    wake: () => asked.count++,
    callbackFailed(error) {
      throw error;
    },
  });
  const push = (step: () => void): void => {
    const once = (): boolean => {
      step();
      return false;
    };
    loop.enqueue({ nextReady: null, step: once });
  };
  return { loop, push, asked };
}

describe("S19: a turn", () => {
  test("runs only what was ready when it began", () => {
    const { loop, push } = setUp();
    const order: string[] = [];
    push(() => {
      order.push("a");
      push(() => order.push("c"));
    });
    push(() => order.push("b"));
    loop.turn();
    expect(order).toEqual(["a", "b"]);
    loop.turn();
    expect(order).toEqual(["a", "b", "c"]);
    loop.turn();
    expect(order).toEqual(["a", "b", "c"]);
  });

  test("expires first what is due, and runs that too, last", () => {
    let now = 5;
    const { loop, push } = setUp(() => now);
    const order: string[] = [];
    const timer = {
      at: 0,
      order: 0,
      slot: -1,
      expire: () => {
        order.push("expired");
        push(() => order.push("woken"));
      },
    };
    loop.deadlines.set(timer, 6);
    push(() => order.push("ready"));
    loop.turn();
    expect(order).toEqual(["ready"]);
    push(() => order.push("ready"));
    now = 6;
    loop.turn();
    expect(order).toEqual(["ready", "expired", "ready", "woken"]);
  });

  test("asks to be woken only for what comes between turns", () => {
    const { loop, push, asked } = setUp();
    push(() => push(() => {}));
    push(() => {});
    expect(asked.count).toBe(2);
    loop.turn();
    expect(asked.count).toBe(2);
  });
});

describe("S21: a slice", () => {
  test("may end in the middle of a turn, which the next one goes on with", () => {
    let now = 0;
    const { loop, push } = setUp(() => now);
    const order: number[] = [];
    for (let i = 0; i < 300; i++) {
      push(() => {
        order.push(i);
        now++;
        if (i === 0) push(() => order.push(-1));
      });
    }
    loop.run(now, 100);
    expect(order).toHaveLength(100);
    loop.run(now, 250);
    expect(order).toHaveLength(250);
    loop.run(now, Infinity);
    expect(order).toEqual([...Array.from({ length: 300 }, (_, i) => i), -1]);
  });

  test("looks at the clock seldom while steps are short, and soon often when they are not", () => {
    let now = 0;
    let looks = 0;
    const { loop, push } = setUp(() => {
      looks++;
      return now;
    });
    const steps = (count: number, ms: number): void => {
      for (let i = 0; i < count; i++) push(() => (now += ms));
      looks = 0;
    };
    steps(64_000, 0.001);
    loop.run(now, Infinity);
    expect(looks).toBeLessThan(1010);
    // What were short steps a moment ago are long ones: one stride is too long, then there is a look after each.
    steps(1000, 0.5);
    const start = now;
    loop.run(start, start + 1.5);
    expect(now - start).toBeCloseTo(32);
    loop.run(now, now + 1.5);
    expect(now - start).toBeCloseTo(33.5);
    // And back.
    loop.run(now, Infinity);
    steps(64_000, 0.001);
    loop.run(now, Infinity);
    expect(looks).toBeLessThan(1010);
  });

  test("ends by itself when nobody is ready", () => {
    const { loop, push } = setUp();
    let left = 10_000;
    const again = (): void => {
      if (--left > 0) push(again);
    };
    push(again);
    loop.run(0, Infinity);
    expect([left, loop.isIdle]).toEqual([0, true]);
  });
});

const idle = coroutine(function* idle(turns: number): Awaitable<void> {
  for (let turn = 0; turn < turns; turn++) yield;
});

describe("S21: whoever holds the loop", () => {
  /** Its time may be made to pass by a task, as in a long computation. */
  class SlowClock extends VirtualClock {
    #computed = 0;
    compute(ms: number): void {
      this.#computed += ms;
    }
    override now(): number {
      return super.now() + this.#computed;
    }
  }

  test("is named, and then for a while nobody is", async () => {
    const reports: string[] = [];
    const clock = new SlowClock();
    await runVirtual(
      function* () {
        const task = createTask(
          function* () {
            for (const ms of [10, 10, 9_800, 200]) {
              yield* sleep(ms);
              clock.compute(60);
            }
          },
          { name: "hog" },
        );
        yield* task;
      },
      {
        host: clock,
        onReport: ({ kind, message }) => reports.push(`${kind}: ${message.replace(/#\d+/g, "")}`),
      },
    );
    const held =
      "loop-held: The loop was held for 60 ms, and with it everything else. It was one step of hog.";
    expect(reports).toEqual([held, held]);
  });

  test("is named once it happens again, where steps were too short to look at the clock after each", async () => {
    const reports: string[] = [];
    const clock = new SlowClock();
    await runVirtual(
      function* () {
        createTask(
          function* () {
            for (let turn = 0; turn < 500; turn++) {
              if (turn === 200 || turn === 250) clock.compute(60);
              yield;
            }
          },
          { name: "hog" },
        );
        yield* all(Array.from({ length: 100 }, () => idle(500)));
      },
      { host: clock, onReport: ({ message }) => reports.push(message.replace(/#\d+/g, "")) },
    );
    expect(reports).toEqual([
      "The loop was held for 60 ms, and with it everything else. The last to run was idle; if it happens " +
        "again, whoever did it is named.",
      "The loop was held for 60 ms, and with it everything else. It was one step of hog.",
    ]);
  });

  test("is nobody, when it was deadlines that passed", async () => {
    const reports: string[] = [];
    let now = 0;
    const loop = new Loop({
      now: () => now,
      wake() {},
      report: ({ message }) => reports.push(message),
      callbackFailed() {},
    });
    loop.deadlines.set({ at: 0, order: 0, slot: -1, expire: () => (now += 60) }, 0);
    loop.enqueue({ nextReady: null, step: () => false });
    loop.run(now, Infinity);
    expect(reports).toEqual([
      "The loop was held for 60 ms, and with it everything else. It was spent on deadlines that passed, and on " +
        "what they cancelled.",
    ]);
  });

  test("for less than 50 ms is left alone", async () => {
    const reports: Report[] = [];
    const clock = new SlowClock();
    await runVirtual(
      function* () {
        for (let i = 0; i < 10; i++) {
          clock.compute(49);
          yield* sleep(1);
        }
      },
      { host: clock, onReport: (report) => reports.push(report) },
    );
    expect(reports).toEqual([]);
  });
});

describe("who runs now", () => {
  test("is nobody between steps, in timers, and after a turn", () => {
    const seen: unknown[] = [];
    const { loop, push } = setUp();
    const timer = { at: 0, order: 0, slot: -1, expire: () => seen.push(current.task) };
    push(() => {
      current.task = { name: "a task" } as never;
      loop.deadlines.set(timer, 0);
    });
    loop.run(0, Infinity);
    seen.push(current.task);
    expect(seen).toEqual([null, null]);
  });

  test("who asked for a cancellation that a timer brought is nobody, though a task is busy", async () => {
    const clock = new (class extends VirtualClock {
      #steps = 0;
      override now(): number {
        return this.#steps++; // so that time passes in a busy loop
      }
    })();
    const wakers: unknown[] = [];
    await runVirtual(
      function* () {
        createTask(
          function* () {
            for (;;) yield;
          },
          { name: "busy" },
        );
        yield* sleep(50);
      },
      { host: clock, monitor: { wake: (task, by) => wakers.push([task.name.split("#")[0], by]) } },
    );
    expect(wakers).toEqual([["main", null]]);
  });

  test("is restored after a loop that ran inside a turn of another", async () => {
    const inner = new VirtualClock();
    const names = await runVirtual(
      function* outer() {
        const names = [currentTask()!.name];
        const ended = EventLoop.run(
          function* () {
            yield* sleep(5);
            names.push(currentTask()!.name);
            expect(runningLoop().time()).toBe(5);
          },
          { host: inner, name: "inner" },
        );
        inner.runAll();
        void ended;
        names.push(currentTask()!.name);
        expect(runningLoop().time()).toBe(0);
        yield* sleep(1); // its own waits still work
        return names;
      },
      { name: "outer" },
    );
    expect(names.map((name) => name.split("#")[0])).toEqual(["outer", "inner", "outer"]);
  });

  test("a runSync in a callback of a loop runs, and the loop goes on", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const order: string[] = [];
    const ended = loop.runUntilComplete(function* () {
      loop.callSoon(() => {
        order.push(
          runSync(function* () {
            const task = createTask(function* () {
              yield;
              return "a runSync inside";
            });
            return yield* task;
          }),
        );
      });
      yield* sleep(5);
      order.push("the loop goes on");
    });
    clock.runAll();
    await ended;
    expect(order).toEqual(["a runSync inside", "the loop goes on"]);
  });
});

describe("two loops", () => {
  test("at once keep their tasks, clocks and runs apart", async () => {
    const [one, two] = [new VirtualClock(), new VirtualClock(1000)];
    const count = coroutine(function* count(ms: number): Awaitable<number[]> {
      const times: number[] = [];
      for (let i = 0; i < 3; i++) {
        yield* sleep(ms);
        times.push(runningLoop().time());
        expect(runningLoop().tasks()).toHaveLength(1);
      }
      return times;
    });
    const ended = [
      EventLoop.run(() => count(10), { host: one }),
      EventLoop.run(() => count(7), { host: two }),
    ];
    one.runAll();
    two.runAll();
    expect(await Promise.all(ended)).toEqual([
      [10, 20, 30],
      [1007, 1014, 1021],
    ]);
  });

  test("may wait for each other's tasks and futures: the wake goes through the waiter's own loop", async () => {
    const [one, two] = [new EventLoop(), new EventLoop()];
    const future = two.createFuture<number>();
    const task = two.createTask(function* () {
      const sum = (yield* future) + 1;
      yield;
      return sum;
    });
    const result = one.runUntilComplete(function* () {
      yield;
      future.setResult(41);
      const value = yield* task;
      expect(runningLoop()).toBe(one);
      return value;
    });
    expect(await result).toBe(42);
  });

  test("a failure is thrown across loops, and belongs to whoever awaits it there", async () => {
    const [one, two] = [new EventLoop(), new EventLoop()];
    const gate = two.createFuture<void>();
    const task = two.createTask(function* () {
      yield* gate;
      throw new Error("over there");
    });
    const rest = two.runUntilComplete();
    const result = one.runUntilComplete(function* () {
      const awaiting = createTask(task);
      yield;
      gate.setResult();
      yield* awaiting;
    });
    await expect(result).rejects.toThrow("over there");
    await rest;
  });

  test("cancelling another loop's task, and awaiting its end, is no deadlock", async () => {
    const [one, two] = [new EventLoop(), new EventLoop()];
    let cleaned = false;
    const task = two.createTask(function* () {
      try {
        yield* sleep(Infinity);
      } finally {
        for (let i = 0; i < 10; i++) yield;
        cleaned = true;
      }
    });
    await one.runUntilComplete(function* () {
      yield;
      yield* task.cancel("from the other loop");
      expect(cleaned).toBe(true);
    });
    expect(task.cancelled).toBe(true);
  });
});
