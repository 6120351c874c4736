import { describe, expect, test, vi } from "vitest";
import {
  cancelScope,
  cede,
  coroutine,
  createTask,
  currentTask,
  EventLoop,
  runningLoop,
  sleep,
  sleepForever,
  until,
  type Awaitable,
  type Task,
} from "../index.ts";
import { transcript, VirtualClock } from "../testing/index.ts";
import { after } from "../../tests/support/small.ts";

/** A loop on a virtual clock, and what it reports. */
function setUp() {
  const clock = new VirtualClock();
  const reports: string[] = [];
  const loop = new EventLoop({ host: clock, onReport: ({ kind }) => reports.push(kind) });
  return { clock, loop, reports };
}
/** How a promise has settled, in words, without waiting for one that has not. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  const pending = new Promise((resolve) => setImmediate(() => resolve("pending")));
  try {
    return String(await Promise.race([promise, pending]));
  } catch (error) {
    return `rejected: ${String(error)}`;
  }
}

describe("runUntilComplete", () => {
  test("of a program resolves to its result, and returns before any of it runs", async () => {
    const { loop, clock } = setUp();
    let ran = false;
    const ended = loop.runUntilComplete(function* () {
      ran = true;
      return yield* after(1000, "result");
    });
    expect(ran).toBe(false);
    clock.runAll();
    expect(await ended).toBe("result");
    expect(loop.time()).toBe(1000);
  });

  test("S14: without an argument resolves when no task is left, also none that tasks have created", async () => {
    const { loop, clock } = setUp();
    const log: string[] = [];
    const tick = coroutine(function* tick(n: number): Awaitable<void> {
      yield* sleep(10);
      log.push(`${loop.time()}`);
      if (n > 1) createTask(tick(n - 1));
    });
    loop.createTask(tick(3));
    loop.createTask(() => sleep(5));
    const ended = loop.runUntilComplete();
    clock.runAll();
    await ended;
    expect(log).toEqual(["10", "20", "30"]);
  });

  test("without an argument, where no task is, resolves at once", async () => {
    const { loop } = setUp();
    expect(await loop.runUntilComplete()).toBeUndefined();
  });

  test("tasks that are created outside run though nobody waits for their end", async () => {
    const { loop, clock } = setUp();
    const task = loop.createTask(after(10, "result"));
    clock.runAll();
    expect(task.result()).toBe("result");
  });

  test("may be asked several times, before and after", async () => {
    const { loop, clock } = setUp();
    loop.createTask(() => sleep(1));
    const both = Promise.all([loop.runUntilComplete(), loop.runUntilComplete()]);
    clock.runAll();
    await both;
    loop.createTask(() => sleep(1));
    const again = loop.runUntilComplete();
    clock.runAll();
    await again;
    expect(loop.time()).toBe(2);
  });

  test("S13: rejects with the failure of a task that nobody observes; the others are cancelled", async () => {
    const { loop, clock } = setUp();
    const log: string[] = [];
    loop.createTask(function* () {
      yield* sleep(5);
      throw new Error("unobserved");
    });
    loop.createTask(function* () {
      try {
        yield* sleepForever();
      } finally {
        log.push("cleaned up");
      }
    });
    const ended = loop.runUntilComplete();
    clock.runAll();
    await expect(ended).rejects.toThrow("unobserved");
    expect(log).toEqual(["cleaned up"]);
  });

  test("runs do not wait for the tasks that were created outside, and the other way round", async () => {
    const { loop, clock } = setUp();
    const order: string[] = [];
    loop.createTask(after(20, 0));
    const rest = loop.runUntilComplete().then(() => order.push(`rest`));
    const main = loop.runUntilComplete(after(10, 0)).then(() => order.push("main"));
    clock.runAll();
    await Promise.all([rest, main]);
    expect(order).toEqual(["main", "rest"]);
  });
});

describe("createTask", () => {
  test("inside a task of the loop makes a task of the run that is running", async () => {
    const { loop, clock } = setUp();
    let task!: Task<void>;
    const ended = loop.runUntilComplete(function* () {
      task = loop.createTask(() => sleepForever());
      yield;
    });
    clock.runAll();
    await ended; // and the task is cancelled with its run
    expect(task.cancelled).toBe(true);
  });

  test("inside a task of another loop makes a task of this one", async () => {
    const { loop, clock } = setUp();
    const other = setUp();
    let task!: Task<EventLoop>;
    const ended = other.loop.runUntilComplete(function* () {
      task = loop.createTask(function* () {
        yield;
        return runningLoop();
      });
    });
    other.clock.runAll();
    await ended;
    clock.runAll();
    expect(task.result()).toBe(loop);
  });
});

describe("callbacks", () => {
  test("callSoon calls in the next turn, in order with tasks, outside every task", async () => {
    const { loop, clock } = setUp();
    const order: string[] = [];
    const ended = loop.runUntilComplete(function* () {
      loop.callSoon(() => order.push(`first ${String(currentTask())}`));
      createTask(function* () {
        order.push("task");
      });
      loop.callSoon(() => {
        order.push("second");
        loop.callSoon(() => order.push("third"));
      });
      yield;
      order.push("main");
      yield;
      yield;
    });
    clock.runAll();
    await ended;
    expect(order).toEqual(["first undefined", "task", "second", "main", "third"]);
  });

  test("callLater and callAt call at their time, equal times in the order they were set", () => {
    const { loop, clock } = setUp();
    const calls: string[] = [];
    const note = (name: string) => () => calls.push(`${loop.time()} ${name}`);
    loop.callLater(20, note("later"));
    loop.callAt(10, note("at"));
    loop.callLater(20, note("later too"));
    loop.callAt(20, note("at too"));
    loop.callAt(-5, note("past"));
    loop.callLater(0, note("now"));
    clock.runAll();
    expect(calls).toEqual(["0 past", "0 now", "10 at", "20 later", "20 later too", "20 at too"]);
  });

  test("cancel takes a call back: before its time, and when it is due already", () => {
    const { loop, clock } = setUp();
    const calls: string[] = [];
    const soon = loop.callSoon(() => calls.push("soon"));
    const later = loop.callLater(10, () => calls.push("later"));
    const at = loop.callAt(10, () => calls.push("at"));
    loop.callAt(10, () => calls.push("called"));
    soon.cancel();
    later.cancel();
    later.cancel();
    expect(loop.statistics.deadlines).toBe(2);
    loop.callAt(5, () => {
      loop.callAt(10, () => calls.push("last"));
    });
    const first = loop.callAt(9, () => due.cancel());
    const due = loop.callAt(9, () => calls.push("cancelled by the one before"));
    at.cancel();
    clock.runAll();
    expect(calls).toEqual(["called", "last"]);
    first.cancel(); // too late, and harmless
  });

  test("callLater of Infinity never calls, and keeps nothing", () => {
    const { loop, clock } = setUp();
    loop.callLater(Infinity, () => expect.unreachable()).cancel();
    loop.callAt(Infinity, () => expect.unreachable());
    clock.runAll();
    expect(loop.statistics).toEqual({ ready: 0, deadlines: 0, external: 0, hostWork: 0 });
  });

  test("one that throws fails every run, and the loop goes on", async () => {
    const { loop, clock } = setUp();
    const log = transcript({ tasks: false });
    const main = loop.runUntilComplete(function* () {
      try {
        yield* sleepForever();
      } finally {
        yield* sleep(5);
        log("cleaned up");
      }
    });
    loop.createTask(sleepForever());
    const rest = loop.runUntilComplete();
    loop.callLater(10, () => {
      throw new Error("in a callback");
    });
    const settled = Promise.all([outcome(main), outcome(rest)]);
    clock.runAll();
    expect(await settled).toEqual(["rejected: Error: in a callback", "rejected: Error: in a callback"]);
    expect(log.lines).toEqual(["15 cleaned up"]);
    const next = loop.runUntilComplete(after(1, "goes on"));
    clock.runAll();
    expect(await next).toBe("goes on");
  });

  test("that throw fail the run of the task that made them, and leave the others alone", async () => {
    const { loop, clock } = setUp();
    const bad = loop.runUntilComplete(function* () {
      createTask(sleep(1)).addDoneCallback(() => {
        throw new Error("in a callback");
      });
      yield* sleep(5);
    });
    const settled = Promise.all([outcome(bad), outcome(loop.runUntilComplete(after(10, "goes on")))]);
    clock.runAll();
    expect(await settled).toEqual(["rejected: Error: in a callback", "goes on"]);
  });

  test.each([-1, NaN, undefined])("S17: callLater(%s) is a RangeError", (ms) => {
    expect(() => setUp().loop.callLater(ms as number, () => {})).toThrow(
      new RangeError(
        `Cannot call after ${String(ms)} ms: a delay is a number of milliseconds, 0 or more (or Infinity).`,
      ),
    );
  });

  // It was set, and no deadline after it was found any more.
  test.each([NaN, undefined])("S17: callAt(%s) is a RangeError", (at) => {
    expect(() => setUp().loop.callAt(at as number, () => {})).toThrow(
      new RangeError(`Cannot call at ${String(at)}: a time is a number of milliseconds.`),
    );
  });
});

describe("stop", () => {
  test("cancels everything that runs, and resolves when all of it has cleaned up", async () => {
    const { loop, clock } = setUp();
    const log = transcript({ tasks: false });
    const tidy = (name: string, ms: number) =>
      function* (): Awaitable<void> {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(ms);
          log(name);
        }
      };
    const runs = [loop.runUntilComplete(tidy("one", 10)), loop.runUntilComplete(tidy("two", 5))];
    loop.createTask(tidy("outside", 7));
    runs.push(loop.runUntilComplete());
    loop.callLater(1, () => void loop.stop());
    const outcomes = Promise.all(runs.map(outcome));
    clock.runAll();
    const cancelled = expect.stringMatching(
      /^rejected: CancelledError: task main#\d+ was cancelled$/,
    ) as unknown;
    expect(await outcomes).toEqual([cancelled, cancelled, "undefined"]); // the last one has no main
    expect(log.lines).toEqual(["6 two", "8 outside", "11 one"]);
  });

  test("tells the reason to whoever awaits a run", async () => {
    const { loop, clock } = setUp();
    const ended = loop.runUntilComplete(() => sleep(1e6));
    let stopped = false;
    loop.callLater(10, () => void loop.stop("closing time").then(() => (stopped = true)));
    clock.runAll();
    await expect(ended).rejects.toMatchObject({ name: "CancelledError", reason: "closing time" });
    expect([stopped, loop.time()]).toEqual([true, 10]);
  });

  test("where nothing runs resolves at once, and the loop may be used again", async () => {
    const { loop, clock } = setUp();
    await loop.stop();
    const ended = loop.runUntilComplete(after(1, "again"));
    clock.runAll();
    expect(await ended).toBe("again");
  });

  test("leaves main its result, if it has one", async () => {
    const { loop, clock } = setUp();
    const ended = loop.runUntilComplete(function* () {
      void loop.stop();
      return "result";
    });
    clock.runAll();
    expect(await ended).toBe("result");
  });

  test("is awaited inside the run only until it is cancelled by it", async () => {
    const { loop, clock } = setUp();
    const ended = loop.runUntilComplete(() => until(loop.stop("by myself")));
    clock.runAll();
    await expect(ended).rejects.toMatchObject({ reason: "by myself" });
  });
});

test("statistics count what is ready, what is set, and who waits for the outside", async () => {
  const { loop, clock } = setUp();
  const future = loop.createFuture<void>();
  const ended = loop.runUntilComplete(function* () {
    createTask(() => future);
    createTask(() => sleep(10));
    yield;
    yield;
    expect(loop.statistics).toEqual({ ready: 0, deadlines: 1, external: 1, hostWork: 0 });
    createTask(() => cede());
    expect(loop.statistics.ready).toBe(1);
    expect(loop.tasks()).toHaveLength(4);
  });
  clock.runAll();
  await ended;
  expect(loop.statistics).toEqual({ ready: 0, deadlines: 0, external: 0, hostWork: 0 });
  expect(loop.tasks()).toEqual([]);
});

test("EventLoop.run runs a program in a loop of its own", async () => {
  const clock = new VirtualClock(100);
  const ended = EventLoop.run(
    function* () {
      yield* sleep(5);
      return runningLoop().time();
    },
    { host: clock },
  );
  clock.runAll();
  expect(await ended).toBe(105);
});

test("a deadline that is moved from outside a turn reaches the host", async () => {
  const { loop, clock } = setUp();
  let deadline!: (at: number) => void;
  const ended = loop.runUntilComplete(() =>
    cancelScope(function* (scope) {
      deadline = (at) => (scope.deadline = at);
      yield* sleepForever();
    }),
  );
  clock.later(() => clock.later(() => deadline(20)));
  clock.runAll();
  expect(await ended).toEqual({ cancelled: true, value: undefined });
  expect(loop.time()).toBe(20);
});

// It was forgotten at the end of that turn, and futures that belong to it could not call back.
test("the default loop may be made inside a turn of another one", async () => {
  vi.resetModules();
  const fresh = await import("../index.ts");
  await fresh.EventLoop.run(() => fresh.until(fresh.run(() => fresh.cede())));
  let called = false;
  const future = new fresh.Future<void>();
  future.addDoneCallback(() => (called = true));
  future.setResult();
  await fresh.run(() => fresh.cede());
  expect(called).toBe(true);
});

test("S25: a future that belongs to no loop says so when it is to call back", async () => {
  vi.resetModules();
  const fresh = await import("../index.ts");
  expect(() => new fresh.Future<void>().addDoneCallback(() => {})).toThrow(
    "Cannot call back: no loop was ever started. Make the future in a task, or with a loop's `createFuture`.",
  );
});
