import { expect, test } from "vitest";
import {
  createTask,
  Future,
  gracefulShutdown,
  moveOnAfter,
  runningLoop,
  sleep,
  sleepForever,
  supervise,
  taskGroup,
  type Awaitable,
  type GracefulShutdownOptions,
  type Shutdown,
  type ShutdownResult,
} from "../index.ts";
import { cancelEverywhere, explore, runVirtual } from "../testing/index.ts";
import { failureOf } from "../../tests/support/failure.ts";

const now = (): number => runningLoop().time();

/** A server that takes a request every 10 ms, each of which takes `takes` ms, and is told to stop at 25. */
function* serve(
  lines: string[],
  takes: number,
  options: GracefulShutdownOptions = {},
): Awaitable<ShutdownResult<string>> {
  return yield* gracefulShutdown(
    sleep(25),
    (shutdown) =>
      taskGroup(function* (group) {
        yield* shutdown.intake(function* () {
          for (let n = 1; ; n++) {
            group.createTask(function* () {
              let how = "cut";
              try {
                yield* sleep(takes);
                how = "done";
              } finally {
                if (how === "cut") yield* sleep(3);
                lines.push(`${n} ${how} at ${now()}`);
              }
            });
            yield* sleep(10);
          }
        });
        lines.push(`closed at ${now()}`);
        return "value";
      }),
    options,
  );
}

test("nothing new is taken once it is to end, and what runs may finish", async () => {
  const lines: string[] = [];
  const result = await runVirtual(() => serve(lines, 30));
  expect(result).toEqual({ drained: true, value: "value" });
  expect(lines).toEqual(["closed at 25", "1 done at 30", "2 done at 40", "3 done at 50"]);
});

test("what has not finished when the grace is over is cancelled, and cleans up", async () => {
  const lines: string[] = [];
  const result = await runVirtual(() => serve(lines, 30, { grace: 20 }));
  expect(result).toEqual({ drained: false, value: undefined });
  expect(lines).toEqual(["closed at 25", "1 done at 30", "2 done at 40", "3 cut at 48"]);
});

test("a grace of 0 cancels at once, one of Infinity never", async () => {
  const lines: string[] = [];
  expect((await runVirtual(() => serve(lines, 100, { grace: 0 }))).drained).toBe(false);
  expect(lines.slice(-3)).toEqual(["1 cut at 28", "2 cut at 28", "3 cut at 28"]);
  expect((await runVirtual(() => serve(lines, 1_000_000, { grace: Infinity }))).drained).toBe(true);
});

test("the grace is 10 s unless given", async () => {
  const lines: string[] = [];
  await runVirtual(() => serve(lines, 1_000_000));
  expect(lines.at(-1)).toBe("3 cut at 10028");
});

test("its cleanup is bounded by `cleanupTimeout`", async () => {
  const took = await runVirtual(
    function* () {
      const body = function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(1000);
        }
      };
      yield* gracefulShutdown(sleep(1), body, { grace: 1, cleanupTimeout: 5 });
      return now();
    },
    { onReport: () => {} },
  );
  expect(took).toBe(7);
});

test("a body that ends by itself needs no shutdown, and leaves nothing", async () => {
  await runVirtual(function* () {
    const never = new Future<void>("stop");
    const result = yield* gracefulShutdown(never, function* () {
      yield* sleep(5);
      return "done";
    });
    expect(result).toEqual({ drained: true, value: "done" });
    expect(now()).toBe(5);
    expect([...never.waiting]).toEqual([]);
  });
});

test("an AbortSignal tells it to end, and is let go of", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  signal.addEventListener = () => void listeners++;
  signal.removeEventListener = () => void listeners--;
  await runVirtual(() =>
    gracefulShutdown(signal, function* () {
      yield;
      expect(listeners).toBe(1);
    }),
  );
  expect(listeners).toBe(0);

  const controller = new AbortController();
  const result = await runVirtual(function* () {
    createTask(function* () {
      yield* sleep(7);
      controller.abort();
    });
    yield* gracefulShutdown(controller.signal, (shutdown) => shutdown.intake(() => sleepForever()));
    return now();
  });
  expect(result).toBe(7);
});

test("with a signal that is aborted already nothing is taken", async () => {
  let taken = 0;
  const { drained } = await runVirtual(() =>
    gracefulShutdown(AbortSignal.abort(), function* (shutdown) {
      expect(shutdown.begun).toBe(true);
      const { cancelled } = yield* shutdown.intake(function* () {
        taken++;
      });
      expect(cancelled).toBe(true);
    }),
  );
  expect([drained, taken]).toEqual([true, 0]);
});

test("workers that wait for work end at once, those that work finish it; S7: what was taken is not lost", async () => {
  const done: string[] = [];
  await runVirtual(function* () {
    const jobs: Future<string>[] = [new Future("job 1"), new Future("job 2")];
    const worker = (shutdown: Shutdown, job: Future<string>) =>
      function* (): Awaitable<void> {
        const { cancelled, value } = yield* shutdown.intake(() => job);
        if (cancelled) return void done.push(`idle until ${now()}`);
        yield* sleep(50);
        done.push(`${value} at ${now()}`);
      };
    const stop = new Future<void>("stop");
    createTask(function* () {
      yield* sleep(10);
      jobs[0]!.setResult("job 1"); // in the very step in which the end comes, just before
      stop.setResult();
    });
    yield* gracefulShutdown(stop, (shutdown) =>
      taskGroup(function* (group) {
        for (const job of jobs) group.createTask(worker(shutdown, job));
      }),
    );
  });
  expect(done).toEqual(["idle until 10", "job 1 at 60"]);
});

test("it composes with `supervise`: a request that fails takes nothing else with it", async () => {
  const failures: string[] = [];
  const { drained } = await runVirtual(() =>
    gracefulShutdown(sleep(25), (shutdown) =>
      supervise(
        function* (group) {
          yield* shutdown.intake(function* () {
            for (;;) {
              group.createTask(function* () {
                yield* sleep(5);
                throw new Error(`failed at ${now()}`);
              });
              yield* sleep(10);
            }
          });
        },
        { onFailure: (error) => failures.push((error as Error).message) },
      ),
    ),
  );
  expect(drained).toBe(true);
  expect(failures).toEqual(["failed at 5", "failed at 15", "failed at 25"]);
});

test("a signal that is aborted before it is awaited is seen: nothing is taken", async () => {
  const controller = new AbortController();
  let taken = 0;
  const shutdown = gracefulShutdown(controller.signal, function* (shutdown) {
    expect(shutdown.begun).toBe(true);
    yield* shutdown.intake(function* () {
      taken++;
    });
    return "value";
  });
  controller.abort();
  expect(await runVirtual(() => shutdown)).toEqual({ drained: true, value: "value" });
  expect(taken).toBe(0);
});

test("it ends with what its body throws, or awaiting `stop`", async () => {
  const failing = function* (): Awaitable<never> {
    yield* sleep(1);
    throw new Error("failed");
  };
  expect((await failureOf(runVirtual(() => gracefulShutdown(sleepForever(), failing)))).message).toBe(
    "failed",
  );
  const stop = { [Symbol.iterator]: () => failing()[Symbol.iterator]() };
  expect((await failureOf(runVirtual(() => gracefulShutdown(stop, () => sleepForever())))).message).toBe(
    "failed",
  );
});

test("a cancellation from outside gives no grace", async () => {
  const lines: string[] = [];
  await runVirtual(() => moveOnAfter(30, () => serve(lines, 50)));
  expect(lines).toEqual(["closed at 25", "1 cut at 33", "2 cut at 33", "3 cut at 33"]);
});

test("what is no reason to end is refused", () => {
  const body = () => sleepForever();
  expect(() => gracefulShutdown(3 as never, body)).toThrow(
    "Cannot shut down on 3: it takes an AbortSignal, or something to await (a future, say).",
  );
  expect(() => gracefulShutdown(sleep(1), body, { grace: -1 })).toThrow(
    "Cannot shut down with a grace of -1 ms",
  );
});

test("in every order of steps, and wherever it is cancelled, all that was taken is done or cut", async () => {
  let taken = 0;
  let ended = 0;
  const program = function* (): Awaitable<void> {
    taken = ended = 0;
    yield* gracefulShutdown(
      sleep(2),
      (shutdown) =>
        taskGroup(function* (group) {
          yield* shutdown.intake(function* () {
            for (;;) {
              taken++;
              group.createTask(
                function* () {
                  try {
                    yield* sleep(2);
                  } finally {
                    ended++;
                  }
                },
                { start: "always" },
              );
              yield* sleep(1);
            }
          });
        }),
      { grace: 1 },
    );
    expect(ended).toBe(taken);
  };
  await explore(program, { budget: { schedules: 1000 } });
  const points = await cancelEverywhere(program, { schedules: 8, check: () => expect(ended).toBe(taken) });
  expect(points).toBeGreaterThan(0);
});
