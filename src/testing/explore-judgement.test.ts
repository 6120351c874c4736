/** What is a failure and what is none; and that whatever a program does, it is told in words. */
import { readFile } from "node:fs";
import assert from "node:assert/strict";
import { afterEach, describe, expect, test, vi } from "vitest";
import { failureOf, sideBySide } from "../../tests/support/explored.ts";
import { createTask, Future, Lock, moveOnAfter, select, sleep, taskGroup, timeout, until } from "../index.ts";
import { cancelEverywhere, explore, replay, runTest, watch } from "./index.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("what the outside brings", () => {
  test("is waited for, by whichever way it comes", async () => {
    const report = await explore(
      function* () {
        const text = new Future<string>("text");
        readFile("package.json", "utf8", (_, read) => text.setResult(read));
        expect(yield* text).toContain("cede");
        yield* until(new Promise((resolve) => setTimeout(resolve, 5)));
      },
      { budget: { schedules: 3 }, patience: 5000 },
    );
    expect(report.notSearched.join()).toContain('main#1 (future "text"), main#1 (a promise) waited for it');
  });

  test("makes no deadlock where it is only slow: that execution is not judged", async () => {
    const report = await explore(() => until(new Promise((resolve) => setTimeout(resolve, 200))), {
      budget: { schedules: 1 },
      patience: 10,
    });
    expect(report.notSearched).toContain(
      "what 1 schedule came to that waited for the outside when it had been silent for 10 ms (patience)",
    );
  });

  test("is given no time again once it has been silent", async () => {
    const silent = () => moveOnAfter(10, () => until(new Promise(() => {})));
    const report = await explore(silent, { budget: { schedules: 300 } }); // a minute, if each were given 200 ms
    expect(report.schedules).toBeGreaterThan(0);
  });

  test("is waited for under fake timers, too", async () => {
    vi.useFakeTimers();
    const program = explore(() => until(new Promise(() => {})), { budget: { schedules: 1 }, patience: 5 });
    await expect(program).resolves.toMatchObject({ exhausted: false });
    const timed = explore(
      sideBySide(
        function* () {},
        function* () {},
      ),
      { budget: { ms: 20 }, strategy: "random-walk" },
    );
    await expect(timed).resolves.toMatchObject({ exhausted: false });
  });
});

describe("a table shows", () => {
  test("the callback that came out of turn", async () => {
    const failure = (await failureOf(function* () {
      const future = new Future<number>("future");
      const order = watch({ last: "" }, "order");
      future.addDoneCallback(() => (order.last = "a"));
      future.addDoneCallback(() => (order.last = "b"));
      future.setResult(1);
      yield* sleep(1);
      if (order.last !== "b") throw new Error("order");
    }))!;
    expect(failure.table).toMatchInlineSnapshot(`
      "step   main#1                    callback 2        callback 1
         1   waits for sleep 1 ms
         2 >                           order.last = "b"
         3                                               order.last = "a"
         4   order.last is "a", fails

      > out of turn: another task could have gone on, or was ready before"
    `);
    expect(failure.trace.filter((event) => event.type === "variable").map(({ task }) => task)).toEqual([
      -2, -1, 1,
    ]);
  });

  test("which of two equal deadlines passed first", async () => {
    const failure = (await failureOf(function* () {
      let saved = false;
      yield* moveOnAfter(10, function* () {
        yield* sleep(10);
        saved = true;
      });
      if (!saved) throw new Error("not saved");
    }))!;
    expect(failure.table).toMatchInlineSnapshot(`
      "step   main#1                    the clock
         1   waits for sleep 10 ms
                                       lets the 1st of 2 equal deadlines pass
         2   is cancelled here, fails"
    `);
  });
});

test("a table shows which of several waits select tried first", async () => {
  const failure = (await failureOf(function* () {
    const there = [1, 2].map((n) => {
      const future = new Future<number>();
      future.setResult(n);
      return future;
    });
    const taken = watch({ value: 0 }, "taken");
    taken.value = (yield* select(there)).value;
    yield;
    if (taken.value === 2) throw new Error("two");
  }))!;
  expect(failure.table).toMatchInlineSnapshot(`
    "step   main#1
       1   tries the 2nd of 2 first
           taken.value = 2, gives way
       2   taken.value is 2, fails"
  `);
});

describe("a program that is not the same each time", () => {
  test.each(["portfolio", "depth-first"] as const)("is refused, by %s", async (strategy) => {
    let runs = 0;
    const main = function* () {
      const tasks = [4, 2, 3, 1][runs++ % 4]!;
      yield* taskGroup(function* (group) {
        for (let task = 0; task < tasks; task++) {
          group.createTask(function* () {
            yield;
            yield;
          });
        }
      });
    };
    await expect(explore(main, { strategy })).rejects.toThrow(
      "Cannot explore: the program does not take the same steps each time that it is run in the same order.",
    );
  });

  test("is refused also where it does nothing from the second time on", async () => {
    let cached = false;
    const main = function* () {
      if (cached) return;
      cached = true;
      yield* sideBySide(
        function* () {},
        function* () {},
      )();
    };
    await expect(explore(main)).rejects.toThrow("Cannot explore: the program does not take the same steps");
  });
});

test("a lock that is left held is a failure, here and where a program is cancelled everywhere", async () => {
  const main = function* () {
    const lock = new Lock({ name: "left" });
    yield* createTask(function* () {
      yield* lock.acquire();
      yield* sleep(1);
    });
  };
  expect((await failureOf(main))!.error).toMatchObject({
    message: expect.stringContaining('lock "left"') as unknown,
  });
  const careless = function* () {
    const lock = new Lock({ name: "left" });
    yield* lock.acquire();
    yield* sleep(1);
    lock.release();
  };
  await expect(cancelEverywhere(careless)).rejects.toThrow(/cancelled at point 2/);
});

test("cleanup that times out is a failure where a deadline cancels the program, too", async () => {
  const main = function* () {
    let ended = false;
    try {
      yield* sleep(100);
      ended = true;
    } finally {
      if (!ended) yield* timeout(1, () => sleep(5));
    }
  };
  await expect(cancelEverywhere(main, { by: "deadline" })).rejects.toThrow(
    /cancelled by a deadline at point 2/,
  );
});

test("shrinking keeps to the failure that was found", async () => {
  const main = function* () {
    let a = 0;
    let b = 0;
    yield* sideBySide(
      function* () {
        const before = a;
        yield;
        a = before + 1;
        b = 1;
      },
      function* () {
        const before = a;
        yield;
        a = before + 1;
        b = 2;
      },
    )();
    assert.equal(a, 2);
    assert.equal(b, 2);
  };
  const failure = (await failureOf(main))!;
  expect((failure.error as Error).message).toContain("1 !== 2");
  const again = await replay(main, failure.replay, { throws: false });
  expect((again!.error as Error).message).toBe((failure.error as Error).message);
});

test("a string does not fit a program whose last steps are others", async () => {
  const tail = (...names: string[]) =>
    function* () {
      const order: string[] = [];
      const walk = (name: string) =>
        function* () {
          for (let step = 0; step < 20; step++) yield;
          order.push(name);
        };
      yield* sideBySide(walk("a"), walk("b"))();
      for (const name of names) {
        yield* createTask(
          function* () {
            order.push(name);
            for (let step = 0; step < (name === "x" ? 2 : 1); step++) yield;
          },
          { name },
        );
      }
      if (names[0] === "x") throw new Error(order.join());
    };
  const failure = (await failureOf(tail("x", "y")))!;
  await expect(replay(tail("y", "x"), failure.replay)).rejects.toThrow(
    "Cannot replay: the program takes other steps",
  );
});

test("what cannot be put into words is told all the same", async () => {
  const failure = await failureOf(function* () {
    throw Object.create(null);
  });
  expect(failure).toMatchObject({ schedule: 1 });
  await expect(
    explore(function* () {
      throw Object.create(null);
    }),
  ).rejects.toThrow("The program fails in the 1st schedule: an object");
});

test("a frozen object may be watched", async () => {
  const failure = await failureOf(function* () {
    if (watch(Object.freeze({ answer: () => 42 })).answer() === 42) throw new Error("42");
  });
  expect(failure!.error).toEqual(new Error("42"));
});

test("a date is a date", async () => {
  await explore(function* () {
    expect(new Date(0).constructor).toBe(Date);
    expect(new Date(0)).toBeInstanceOf(Date);
  });
  expect(new Date(0).constructor).toBe(Date);
});

test("mocks that a program installs and takes away leave nothing of ours behind", async () => {
  const before = [setTimeout, Date, Date.now, Math.random];
  await runTest(function* () {
    vi.useFakeTimers();
    const spy = vi.spyOn(Math, "random");
    yield* sleep(1);
    spy.mockRestore();
    vi.useRealTimers();
  });
  expect([setTimeout, Date, Date.now, Math.random]).toEqual(before);
});
