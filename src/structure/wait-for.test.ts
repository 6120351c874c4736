import { describe, expect, test } from "vitest";
import {
  CancelledError,
  cancelScope,
  coroutine,
  createTask,
  Future,
  moveOnAfter,
  runningLoop,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  timeoutAt,
  TimeoutError,
  waitFor,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import { closesWhereverCancelled } from "../../tests/support/held.ts";
import { after, caught, type Log } from "../../tests/support/small.ts";

const tidy = coroutine(function* tidy(log: Log, ms: number): Awaitable<string> {
  try {
    yield* sleep(ms);
    return "done";
  } finally {
    yield* sleep(2);
    log("cleaned up");
  }
});

async function lines(body: (log: Log) => Awaitable<unknown>): Promise<readonly string[]> {
  const log = transcript({ tasks: false });
  const noted: Log = (line) => log(line.replaceAll(/#\d+/g, ""));
  await runVirtual(function* () {
    noted(String(yield* caught(body(noted))));
  });
  return log.lines;
}
const timedOut = "TimeoutError: Timed out after 10 ms.";

describe("S16: waitFor()", () => {
  const things: Record<string, (log: Log, ms: number) => Awaitable<string> | (() => Awaitable<string>)> = {
    "a coroutine": (log, ms) => tidy(log, ms),
    "an arrow": (log, ms) => () => tidy(log, ms),
    "a generator function": (log, ms) =>
      function* () {
        return yield* tidy(log, ms);
      },
    "a method": (log, ms) =>
      ({
        *run(): Awaitable<string> {
          return yield* tidy(log, ms);
        },
      }).run,
  };
  test.each(Object.entries(things))("gives what %s gives in time", async (_, thing) => {
    expect(await lines((log) => waitFor(10, thing(log, 5)))).toEqual(["7 cleaned up", "7 done"]);
  });
  test.each(Object.entries(things))("cancels and awaits %s that is late", async (_, thing) => {
    expect(await lines((log) => waitFor(10, thing(log, 20)))).toEqual(["12 cleaned up", `12 ${timedOut}`]);
  });

  test("leaves a task alone, which goes on, and a future", async () => {
    const program = lines(function* (log) {
      const task = createTask(tidy(log, 20));
      log(String(yield* caught(waitFor(10, task))));
      const future = new Future<string>();
      log(String(yield* caught(waitFor(5, future))));
      future.setResult("set");
      return `${yield* future}, ${yield* task}`;
    });
    expect(await program).toEqual([
      `10 ${timedOut}`,
      "15 TimeoutError: Timed out after 5 ms.",
      "22 cleaned up",
      "22 set, done",
    ]);
  });

  test("with `cancel` cancels a task that is late and awaits it, and cancels a future", async () => {
    const program = lines(function* (log) {
      const task = createTask(tidy(log, 20), { name: "late" });
      log(String(yield* caught(waitFor(10, task, { cancel: true }))));
      log(String(yield* caught(task)));
      const future = new Future<string>("answer");
      yield* caught(waitFor(5, future, { cancel: true }));
      return future.error();
    });
    expect(await program).toEqual([
      "12 cleaned up",
      `12 ${timedOut}`,
      "12 CancelledError: task late was cancelled by main: nobody waits for it any longer",
      '17 CancelledError: future "answer" was cancelled by main: nobody waits for it any longer',
    ]);
  });

  test("with `cancel` cancels it too when whoever waits is cancelled", async () => {
    const program = lines(function* (log) {
      const task = createTask(tidy(log, 20));
      yield* moveOnAfter(5, () => waitFor(10, task, { cancel: true }));
      return task.error() instanceof CancelledError;
    });
    expect(await program).toEqual(["7 cleaned up", "7 true"]);
  });

  test("with `cancel` leaves what is done as it is", async () => {
    const program = lines(function* () {
      const future = new Future<number>();
      createTask(function* () {
        yield* sleep(5);
        future.setResult(1);
      });
      const values = [yield* waitFor(10, createTask(after(5, 0)), { cancel: true })];
      values.push(yield* waitFor(10, future, { cancel: true }));
      values.push(yield* waitFor(10, future, { cancel: true }));
      return [...values, future.cancelled];
    });
    expect(await program).toEqual(["5 0,1,1,false"]);
  });

  test("S12: a task whose cleanup fails when it is late comes with the TimeoutError", async () => {
    let error: unknown;
    await lines(function* () {
      const task = createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          throw new Error("cleanup");
        }
      });
      error = yield* caught(waitFor(10, task, { cancel: true }));
    });
    expect(error).toBeInstanceOf(TimeoutError);
    expect(suppressedErrors(error)).toEqual([new Error("cleanup")]);
  });

  test("S13: has observed a task, though the time is up before it fails", async () => {
    const program = lines(function* () {
      const task = createTask(function* () {
        yield* sleep(20);
        throw new Error("late");
      });
      yield* caught(waitFor(10, task));
      yield* sleep(20);
      return "went on";
    });
    expect(await program).toEqual(["30 went on"]);
  });

  test("S18: in one turn: what is there when the time is up wins, and the time when it came first", async () => {
    const program = lines(function* (log) {
      const task = createTask(after(10, "in time"));
      yield; // it begins to sleep
      log(String(yield* caught(waitFor(10, task))));
      return yield* waitFor(10, after(10, "late"));
    });
    expect(await program).toEqual([`10 ${timedOut}`, `20 ${timedOut}`]);
    const both = (resultFirst: boolean) =>
      lines(function* () {
        const future = new Future<string>();
        const { value } = yield* cancelScope(function* (scope) {
          const events = [() => future.setResult("result"), () => scope.cancel()];
          for (const event of resultFirst ? events : events.toReversed())
            createTask(after(5, 0)).addDoneCallback(event);
          return yield* waitFor(10, future);
        });
        return value;
      });
    expect(await both(true)).toEqual(["5 result"]);
    expect(await both(false)).toEqual(["5 undefined"]);
  });

  test("of no time lets what waits for nothing return, of Infinity waits, of other times is refused", async () => {
    expect(
      await lines(() =>
        waitFor(0, function* () {
          return "at once";
        }),
      ),
    ).toEqual(["0 at once"]);
    expect(await lines(() => waitFor(Infinity, after(1e9, "late")))).toEqual(["1000000000 late"]);
    for (const ms of [-1, Number.NaN, null as never]) {
      expect(() => waitFor(ms, sleep(1))).toThrow(
        new RangeError(
          `Cannot set a timeout of ${ms} ms: a delay is a number of milliseconds, 0 or more (or Infinity).`,
        ),
      );
    }
  });

  test("of what cannot be awaited says so", async () => {
    expect(await lines(() => waitFor(5, Promise.resolve() as never))).toEqual([
      "0 TypeError: Cannot run a promise: write the body as `function*` instead of `async`, or return `until(promise)`.",
    ]);
  });

  test("ends wherever the program is cancelled", async () => {
    await closesWhereverCancelled(function* (held) {
      yield* waitFor(5, held(1));
      yield* caught(waitFor(1, held(5)));
      // An error that waits for cleanup is taken on by a cancellation, past whoever would catch it.
      yield* shield(() => caught(waitFor(1, createTask(held(5)), { cancel: true })));
    });
  });
});

describe("timeoutAt()", () => {
  test("cancels at the time, however long before it is entered", async () => {
    const program = lines(function* (log) {
      yield* sleep(3);
      const limit = runningLoop().time() + 10;
      log(yield* timeoutAt(limit, () => after(4, "in time")));
      return yield* timeoutAt(limit, () => tidy(log, 20));
    });
    expect(await program).toEqual(["7 in time", "15 cleaned up", "15 TimeoutError: Timed out after 6 ms."]);
  });

  test("S18: a time that has passed cancels at the first checkpoint; a body without one gives its value", async () => {
    const program = lines(function* (log) {
      yield* sleep(5);
      log(yield* timeoutAt(2, function* () { return "value"; })); // prettier-ignore
      log(yield* timeoutAt(-Infinity, function* () { return "value"; })); // prettier-ignore
      return yield* timeoutAt(5, function* () {
        log("begins");
        yield;
        log("wrong");
      });
    });
    expect(await program).toEqual([
      "5 value",
      "5 value",
      "5 begins",
      "5 TimeoutError: Timed out after 0 ms.",
    ]);
  });

  test("is awaited again with the same time", async () => {
    const program = lines(function* () {
      const limited = timeoutAt(10, () => sleep(6));
      yield* limited;
      yield* limited;
    });
    expect(await program).toEqual(["10 TimeoutError: Timed out after 4 ms."]);
  });

  test("may be moved, is no limit at Infinity, and must be a number", async () => {
    const program = lines(() =>
      timeoutAt(5, function* (scope) {
        expect(scope.deadline).toBe(5);
        scope.deadline = 20;
        yield* sleep(10);
        return yield* timeoutAt(Infinity, () => after(5, "value"));
      }),
    );
    expect(await program).toEqual(["15 value"]);
    for (const time of [Number.NaN, null as never]) {
      expect(() => timeoutAt(time, () => sleep(1))).toThrow(
        new RangeError(`Cannot set a timeout at ${time}: a time is a number of milliseconds.`),
      );
    }
  });
});
