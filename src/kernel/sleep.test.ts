import { describe, expect, test } from "vitest";
import {
  all,
  cede,
  coroutine,
  createTask,
  currentTask,
  EventLoop,
  moveOnAfter,
  runningLoop,
  runSync,
  sleep,
  sleepForever,
  sleepUntil,
  taskGroup,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";
import fc from "../../tests/support/fast-check.ts";

const LONGEST_TIMER = 2 ** 31 - 1;

describe("S17: sleep", () => {
  test("takes as long as it says", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      for (const ms of [1, 10, 0.25, 1000]) {
        yield* sleep(ms);
        log("awake");
      }
    });
    expect(log.lines).toEqual(["1 awake", "11 awake", "11.25 awake", "1011.25 awake"]);
  });

  test("never ends early, whatever the delays and the start", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 10 }),
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        async (delays, start) => {
          await runVirtual(
            () =>
              all(
                delays.map((ms) =>
                  coroutine(function* () {
                    const before = runningLoop().time();
                    yield* sleep(ms);
                    expect(runningLoop().time()).toBeGreaterThanOrEqual(before + ms);
                  })(),
                ),
              ),
            { host: new VirtualClock(start) },
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each([LONGEST_TIMER, LONGEST_TIMER + 1, 2 ** 32 + 1, 1e15])("of %d ms works", async (ms) => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      createTask(() => sleep(5));
      yield* sleep(ms);
      log("awake");
    });
    expect(log.lines).toEqual([`${ms} awake`]);
  });

  test.each([-1, -0.001, -Infinity, NaN, undefined, null])("of %s is a RangeError", (ms) => {
    expect(() => sleep(ms as number)).toThrow(
      new RangeError(
        `Cannot sleep ${String(ms)} ms: a delay is a number of milliseconds, 0 or more (or Infinity).`,
      ),
    );
  });

  test.each([
    ["5", '"5" ms', "a string"],
    [5n, "5 ms", "a bigint"],
    [{}, "[object Object] ms", "an object"],
    [Object.create(null), "an object ms", "an object"],
  ])("says the type of what is no number: %o", (ms, shown, type) => {
    expect(() => sleep(ms as number)).toThrow(
      new RangeError(
        `Cannot sleep ${shown}: a delay is a number of milliseconds, 0 or more (or Infinity), not ${type}.`,
      ),
    );
  });

  test("of 0 is the next turn, as -0 is", async () => {
    const order: string[] = [];
    await runVirtual(function* () {
      createTask(function* () {
        for (let i = 0; i < 4; i++) {
          order.push(`turn ${i}`);
          yield;
        }
      });
      yield;
      for (const ms of [0, -0]) {
        order.push("sleep");
        yield* sleep(ms);
      }
      order.push("awake");
    });
    expect(order).toEqual(["turn 0", "sleep", "turn 1", "sleep", "turn 2", "awake"]);
  });

  test("of 0 needs no host", () => {
    expect(
      runSync(function* () {
        for (let i = 0; i < 10; i++) yield* sleep(0);
        return "awake";
      }),
    ).toBe("awake");
  });

  test("of Infinity ends only by cancellation", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const task = createTask(sleep(Infinity));
      yield* sleep(1e12);
      log(`${task.state}, ${task.waitingFor}`);
      yield* task.cancel();
      log(task.state);
    });
    expect(log.lines).toEqual(["1000000000000 parked, sleep for ever", "1000000000000 done"]);
  });

  test("equal deadlines are woken in the order they were set", async () => {
    const order: number[] = [];
    await runVirtual(() =>
      taskGroup(function* (group) {
        for (let i = 0; i < 10; i++) {
          group.createTask(function* () {
            yield* sleep(i % 2); // so that they are not set in the order of the tasks
            yield* sleep(10 - (i % 2));
            order.push(i);
          });
        }
      }),
    );
    expect(order).toEqual([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]);
  });

  test("a scope takes its place among equal deadlines when it is entered", async () => {
    const order: string[] = [];
    const entered = (name: string): Awaitable<unknown> =>
      moveOnAfter(10, function* () {
        try {
          yield* sleepForever();
        } finally {
          order.push(name);
        }
      });
    const slept = coroutine(function* slept(name: string) {
      yield* sleep(10);
      order.push(name);
    });
    await runVirtual(() => all([entered("scope 1"), slept("sleep 1"), entered("scope 2"), slept("sleep 2")]));
    expect(order).toEqual(["scope 1", "sleep 1", "scope 2", "sleep 2"]);
  });

  test("one that is kept may be slept again, also by several at once", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const pause = sleep(10);
      yield* pause;
      log("once");
      yield* all([pause, pause, () => pause]);
      log("three at once");
      yield* pause;
      log("again");
    });
    expect(log.lines).toEqual(["10 once", "20 three at once", "30 again"]);
  });

  test("that is cancelled leaves no deadline", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const ended = loop.runUntilComplete(function* () {
      const tasks = Array.from({ length: 10_000 }, (_, i) => createTask(sleep(1000 + i)));
      yield;
      yield;
      expect(loop.statistics.deadlines).toBe(10_000);
      for (const task of tasks) task.cancel();
      yield;
      expect(loop.statistics.deadlines).toBe(0);
      return loop.time();
    });
    clock.runAll();
    expect(await ended).toBe(0);
  });

  test("says in words what it waits for", async () => {
    const labels = await runVirtual(function* () {
      const tasks = [sleep(100), sleep(0.5), sleep(9999), sleep(10_000), sleepUntil(7), sleepForever()].map(
        (awaitable) => createTask(awaitable),
      );
      yield;
      yield;
      return tasks.map((task) => task.waitingFor);
    });
    expect(labels).toEqual([
      "sleep 100 ms",
      "sleep 0.5 ms",
      "sleep 9999 ms",
      "sleep 10 s",
      "the time 7 ms",
      "sleep for ever",
    ]);
  });
});

describe("S17: sleepUntil", () => {
  test("ends at its time, by the loop's clock", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(
      function* () {
        for (const time of [110, 105, 120]) {
          yield* sleepUntil(time);
          log("awake");
        }
      },
      { host: new VirtualClock(100) },
    );
    expect(log.lines).toEqual(["110 awake", "110 awake", "120 awake"]);
  });

  test("a time that has passed is the next turn", async () => {
    const order: string[] = [];
    await runVirtual(
      function* () {
        for (const time of [0, 100, -Infinity]) {
          createTask(function* () {
            order.push("others");
          });
          yield* sleepUntil(time);
          order.push("awake");
        }
      },
      { host: new VirtualClock(100) },
    );
    expect(order.join(" ")).toBe("others awake others awake others awake");
  });

  test("Infinity is for ever", async () => {
    const result = await runVirtual(() => moveOnAfter(1e9, () => sleepUntil(Infinity)));
    expect(result.expired).toBe(true);
  });

  // `undefined` was set as a deadline, which no comparison finds, nor those below it.
  test("of text is a RangeError that shows it as text", () => {
    expect(() => sleepUntil("5" as never)).toThrow(
      new RangeError('Cannot sleep until "5": a time is a number of milliseconds, not a string.'),
    );
  });

  test.each([NaN, undefined, null])("%s is a RangeError", (time) => {
    expect(() => sleepUntil(time as number)).toThrow(
      new RangeError(`Cannot sleep until ${String(time)}: a time is a number of milliseconds.`),
    );
  });
});

describe("S20: giving way", () => {
  test.each([
    [
      "a bare yield",
      function* (): Awaitable<void> {
        yield;
      },
    ],
    ["cede()", () => cede()],
  ])("%s is one turn", async (_, giveWay) => {
    const order: string[] = [];
    await runVirtual(function* () {
      createTask(function* () {
        for (let i = 1; i <= 3; i++) {
          order.push(`turn ${i}`);
          yield;
        }
      });
      for (let i = 0; i < 3; i++) {
        order.push("main");
        yield* giveWay();
      }
    });
    expect(order).toEqual(["main", "turn 1", "main", "turn 2", "main", "turn 3"]);
  });

  test("what a timer wakes runs in the turn that finds it due, behind whatever was ready", async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    await runVirtual(
      function* () {
        createTask(function* () {
          yield* sleep(0);
          order.push("timer");
        });
        for (let i = 0; i < 4; i++) {
          order.push(`turn ${i}`);
          yield;
        }
      },
      { host: clock },
    );
    expect(order).toEqual(["turn 0", "turn 1", "turn 2", "timer", "turn 3"]);
  });

  test("cede() may be kept", () => {
    const pause = cede();
    runSync(function* () {
      yield* pause;
      yield* pause;
      createTask(pause);
      yield* pause;
      expect(currentTask()!.state).toBe("running");
    });
  });
});
