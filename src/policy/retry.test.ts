import { expect, test } from "vitest";
import {
  CancelledError,
  coroutine,
  createTask,
  moveOnAfter,
  repeat,
  retry,
  runningLoop,
  Schedule,
  sleep,
  sleepForever,
  suppressedErrors,
  timeout,
  TimeoutError,
  type Awaitable,
  type Retry,
  type RetryPolicy,
} from "../index.ts";
import { cancelEverywhere, runVirtual } from "../testing/index.ts";
import { failureOf } from "../../tests/support/failure.ts";

/** Fails so many times, each time after 10 ms, and notes when it was called. */
function flaky(failures: number, calls: number[] = []) {
  return coroutine(function* flaky(attempt: number): Awaitable<string> {
    calls.push(runningLoop().time());
    yield* sleep(10);
    if (attempt <= failures) throw new Error(`failure ${attempt}`);
    return `attempt ${attempt}`;
  });
}

test("retry() calls again after each delay of the schedule, until one succeeds", async () => {
  const calls: number[] = [];
  const policy = { schedule: Schedule.exponential(100) };
  expect(await runVirtual(() => retry(flaky(3, calls), policy))).toBe("attempt 4");
  expect(calls).toEqual([0, 110, 320, 730]);
});

test("retry() takes a bare schedule as its policy", async () => {
  expect(await runVirtual(() => retry(flaky(2), Schedule.fixed(5)))).toBe("attempt 3");
});

test("retry() without a policy makes four attempts, with delays that double and are jittered", async () => {
  const calls: number[] = [];
  const error = await failureOf(runVirtual(() => retry(flaky(9, calls))));
  expect(error.message).toBe("failure 4");
  const waits = calls.slice(1).map((at, i) => at - calls[i]! - 10);
  [100, 200, 400].forEach((ms, i) => expect(waits[i]! >= ms / 2 && waits[i]! < ms * 1.5).toBe(true));
});

test("retry() throws the last error, with those before it among its suppressed ones", async () => {
  const error = await failureOf(runVirtual(() => retry(flaky(9), Schedule.fixed(0).limit(2))));
  expect(error.message).toBe("failure 3");
  expect(suppressedErrors(error).map(String)).toEqual(["Error: failure 1", "Error: failure 2"]);
});

test("retry() keeps the last ten of the errors before it, and copes with one that is thrown again and again", async () => {
  const error = await failureOf(runVirtual(() => retry(flaky(99), Schedule.fixed(0).limit(30))));
  expect(suppressedErrors(error).map(String)).toEqual(
    Array.from({ length: 10 }, (_, i) => `Error: failure ${i + 21}`),
  );
  const same = new Error("same");
  const again = function* () {
    throw same;
  };
  expect(await failureOf(runVirtual(() => retry(again, Schedule.fixed(0).limit(3))))).toBe(same);
  expect(suppressedErrors(same)).toEqual([]);
});

test("retry() makes no attempt after an error that `when` refuses, nor after one at which the schedule ends", async () => {
  const calls: number[] = [];
  const when = (error: unknown, attempt: number): boolean =>
    (error as Error).message === `failure ${attempt}` && attempt < 2;
  const error = await failureOf(
    runVirtual(() => retry(flaky(9, calls), { schedule: Schedule.fixed(1), when })),
  );
  expect(error.message).toBe("failure 2");
  const untilTwo = Schedule.fixed(1).until((last) => (last as Error).message === "failure 2");
  expect((await failureOf(runVirtual(() => retry(flaky(9, calls), untilTwo)))).message).toBe("failure 2");
  expect(calls).toHaveLength(4);
});

test("retry() begins no attempt later than `upTo` since the first began", async () => {
  const calls: number[] = [];
  await failureOf(runVirtual(() => retry(flaky(99, calls), Schedule.fixed(10).upTo(60))));
  expect(calls).toEqual([0, 20, 40, 60]);
});

test("retry() tells `onRetry` of each error that is followed by another attempt", async () => {
  const told: [string, Retry][] = [];
  await runVirtual(() =>
    retry(flaky(2), {
      schedule: Schedule.exponential(5),
      onRetry: (error, retry) => told.push([String(error), retry]),
    }),
  );
  expect(told).toEqual([
    ["Error: failure 1", { attempt: 1, delay: 5 }],
    ["Error: failure 2", { attempt: 2, delay: 10 }],
  ]);
});

test("retry() ends with what `when` and `onRetry` throw", async () => {
  const fail = (): never => {
    throw new Error("mistaken");
  };
  const schedule = Schedule.fixed(1);
  for (const policy of [
    { schedule, when: fail },
    { schedule, onRetry: fail },
  ]) {
    expect((await failureOf(runVirtual(() => retry(flaky(1), policy)))).message).toBe("mistaken");
  }
});

test("retry() never retries a cancellation of its own: nothing is called again", async () => {
  const calls: number[] = [];
  const { expired } = await runVirtual(() =>
    moveOnAfter(15, () => retry(flaky(99, calls), Schedule.fixed(10))),
  );
  expect(expired).toBe(true);
  expect(calls).toEqual([0]);
});

test("retry() passes on a CancelledError of a task that was awaited", async () => {
  let calls = 0;
  const error = await failureOf(
    runVirtual(() =>
      retry(function* () {
        calls++;
        const task = createTask(sleepForever());
        void task.cancel("gone");
        yield* task;
      }, Schedule.fixed(1)),
    ),
  );
  expect(error).toBeInstanceOf(CancelledError);
  expect(calls).toBe(1);
});

test("a timeout in retry() limits each attempt, one around it all of them", async () => {
  const calls: number[] = [];
  const slow = function* () {
    calls.push(runningLoop().time());
    yield* sleepForever();
  };
  const each = await failureOf(runVirtual(() => retry(() => timeout(50, slow), Schedule.fixed(10).limit(2))));
  expect(each).toBeInstanceOf(TimeoutError);
  expect(suppressedErrors(each)).toHaveLength(2);
  expect(calls).toEqual([0, 60, 120]);
  calls.length = 0;
  const all = await failureOf(
    runVirtual(() => timeout(100, () => retry(() => timeout(50, slow), Schedule.fixed(10)))),
  );
  expect((all as TimeoutError).ms).toBe(100);
  expect(calls).toEqual([0, 60]);
});

test("retry() says in the label of its wait what comes next, and why", async () => {
  await runVirtual(function* () {
    const task = createTask(() => retry(flaky(1), Schedule.fixed(100)));
    yield* sleep(50);
    expect(task.waitingFor).toBe("attempt 2 of flaky, 100 ms after: Error: failure 1");
    yield* task;
  });
});

test("retry() waits for cleanup that suspends in a plain generator function", async () => {
  const lines: string[] = [];
  await runVirtual(() =>
    moveOnAfter(5, () =>
      retry(function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(1);
          lines.push("cleaned up");
        }
      }),
    ),
  );
  expect(lines).toEqual(["cleaned up"]);
});

test("retry() refuses what is called already, and what is no policy", () => {
  expect(() => retry(sleep(1) as never)).toThrow(
    "Cannot retry sleep 1 ms: it takes a function, `() => …`, since what is awaited once cannot be awaited again.",
  );
  expect(() => retry(flaky(1), { schedule: 3 as never })).toThrow(
    "Cannot retry by 3: it is no schedule. Write `Schedule.fixed(1000)` or `Schedule.exponential(100)`.",
  );
  expect(() => retry(flaky(1), 5 as never)).toThrow("Cannot retry by 5: it is no schedule.");
  expect(() => retry(flaky(1), { when: 3 as never })).toThrow("Cannot retry when 3: it takes a function");
  expect(() => retry(flaky(1), { onRetry: 3 as never })).toThrow(
    "Cannot tell retries to 3: it takes a function",
  );
});

test("retry() takes whatever `when` gives as true or false", async () => {
  const calls: number[] = [];
  const when = (error: unknown) => (error as { retryable?: boolean }).retryable as boolean;
  const failed = failureOf(runVirtual(() => retry(flaky(9, calls), { when })));
  expect((await failed).message).toBe("failure 1");
  expect(calls).toEqual([0]);
});

test("S12 retry() keeps the errors of the attempts beside the one of its policy", async () => {
  const broken = () => {
    throw new Error("of the policy");
  };
  const schedule = Schedule.fixed(1);
  const policies: RetryPolicy[] = [
    { schedule, when: (_, attempt) => attempt < 2 || broken() },
    { schedule, onRetry: (_, { attempt }) => attempt < 2 || broken() },
    {
      schedule: Schedule.from(
        () =>
          ({ count }) =>
            count < 1 ? 1 : broken(),
      ),
    },
  ];
  for (const policy of policies) {
    const error = await failureOf(runVirtual(() => retry(flaky(9), policy)));
    expect(error.message).toBe("of the policy");
    expect(suppressedErrors(error).map(String)).toEqual(["Error: failure 1", "Error: failure 2"]);
  }
});

test("retry() and repeat() refuse a policy that gives what is to be awaited: nobody would", async () => {
  const asked = function* () {};
  const promised = async () => {
    throw new Error("told nobody");
  };
  const schedule = Schedule.fixed(1).limit(2);
  for (const given of [asked, promised, coroutine(asked), () => sleep(1)] as (() => never)[]) {
    const refused = (by: string) =>
      new RegExp(`^Cannot wait for .+ that ${by} gave: it is an ordinary function, which is called and not`);
    const when = await failureOf(runVirtual(() => retry(flaky(1), { schedule, when: given })));
    expect(when.message).toMatch(refused("`when`"));
    expect(suppressedErrors(when).map(String)).toEqual(["Error: failure 1"]);
    const onRetry = await failureOf(runVirtual(() => retry(flaky(1), { schedule, onRetry: given })));
    expect(onRetry.message).toMatch(refused("`onRetry`"));
    const until = await failureOf(runVirtual(() => repeat(flaky(0), schedule.until(given))));
    expect(until.message).toMatch(refused("the predicate of `until`"));
  }
});

test("retry() lets `onRetry` create a task, and give it", async () => {
  let told = 0;
  const onRetry = () =>
    createTask(function* () {
      told++;
    });
  expect(await runVirtual(() => retry(flaky(1), { onRetry }))).toBe("attempt 2");
  expect(told).toBe(1);
});

test("repeat() calls again after each delay, counted from the end of the call, and gives the last value", async () => {
  const calls: number[] = [];
  const poll = flaky(0, calls);
  expect(await runVirtual(() => repeat(poll, Schedule.fixed(100).limit(3)))).toBe("attempt 4");
  expect(calls).toEqual([0, 110, 220, 330]);
});

test("repeat() ends once the value is the one that is waited for", async () => {
  const schedule = Schedule.fixed(1).until((value: string) => value === "attempt 3");
  expect(await runVirtual(() => repeat(flaky(0), schedule))).toBe("attempt 3");
});

test("repeat() begins with the first delay, if it is to", async () => {
  const calls: number[] = [];
  const later = { immediate: false };
  expect(await runVirtual(() => repeat(flaky(0, calls), Schedule.fixed(100).limit(2), later))).toBe(
    "attempt 2",
  );
  expect(calls).toEqual([100, 210]);
  expect(await runVirtual(() => repeat(flaky(0), Schedule.fixed(1).limit(0), later))).toBeUndefined();
});

test("repeat() says in the label of its wait what comes next", async () => {
  await runVirtual(function* () {
    const task = createTask(() => repeat(flaky(0), Schedule.fixed(100).limit(1)));
    yield* sleep(50);
    expect(task.waitingFor).toBe("call 2 of flaky, after 100 ms");
    yield* task;
  });
});

test("repeat() ends with the first error", async () => {
  expect((await failureOf(runVirtual(() => repeat(flaky(1), Schedule.fixed(1))))).message).toBe("failure 1");
});

test("repeat() and retry() can be cancelled everywhere", async () => {
  const points = await cancelEverywhere(
    () => repeat(() => retry(flaky(1), Schedule.fixed(1)), Schedule.fixed(1).limit(1)),
    { schedules: 8 },
  );
  expect(points).toBeGreaterThan(0);
});
