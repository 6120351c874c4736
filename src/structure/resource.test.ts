import { describe, expect, test } from "vitest";
import {
  allTasks,
  cede,
  coroutine,
  createTask,
  currentDeadline,
  defer,
  moveOnAfter,
  resource,
  runSync,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  timeout,
  use,
  type Resource,
} from "../index.ts";
import { cancelEverywhere, runVirtual, transcript, type Transcript } from "../testing/index.ts";

/** Takes five milliseconds to acquire and to release; what was begun is always told to end. */
const connection = (log: Transcript, name: string) =>
  resource(function* connection(provide) {
    log(`connect ${name}`);
    defer(() => log(`gone ${name}`));
    yield* sleep(5);
    log(`connected ${name}`);
    yield* provide({ name });
    log(`closing ${name}`);
    yield* sleep(5);
    log(`closed ${name}`);
  });

/** An error and those beside it, which may have some beside them. */
function told(error: unknown): string[] {
  return [String(error), ...suppressedErrors(error).flatMap(told)];
}

describe("a resource", () => {
  test("is acquired by use, gives its value, and goes on to release when the coroutine is left", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      yield* coroutine(function* () {
        const a = yield* use(connection(log, "a"));
        defer(() => log("deferred"));
        const b = yield* use(connection(log, "b"));
        log(`use ${a.name} and ${b.name}`);
      })();
      log("left");
    });
    expect(log.lines).toEqual([
      "0 connect a",
      "5 connected a",
      "5 connect b",
      "10 connected b",
      "10 use a and b",
      "10 closing b",
      "15 closed b",
      "15 gone b",
      "15 deferred",
      "15 closing a",
      "20 closed a",
      "20 gone a",
      "20 left",
    ]);
  });

  test("may use resources itself, which it releases after what it does at its own end", async () => {
    const log = transcript({ tasks: false });
    const pool = resource(function* pool(provide) {
      const inner = yield* use(connection(log, "inner"));
      yield* provide(`pool of ${inner.name}`);
      log("pool closed");
    });
    await runVirtual(function* () {
      log(yield* use(pool));
    });
    expect(log.lines).toEqual([
      "0 connect inner",
      "5 connected inner",
      "5 pool of inner",
      "5 pool closed",
      "5 closing inner",
      "10 closed inner",
      "10 gone inner",
    ]);
  });

  test("can be used again: each use acquires its own", async () => {
    let made = 0;
    const counter = resource(function* (provide) {
      yield* provide(++made);
    });
    const numbers = runSync(function* () {
      return [yield* use(counter), yield* use(counter)];
    });
    expect(numbers).toEqual([1, 2]);
  });

  test("S8: is released by a timeout and a cancellation, and neither reaches the release", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(() =>
      moveOnAfter(7, function* () {
        yield* moveOnAfter(50, function* () {
          yield* use(connection(log, "a"));
          try {
            yield* sleepForever();
          } finally {
            yield* sleep(1);
            log("still open");
          }
        });
      }),
    );
    expect(log.lines).toEqual([
      "0 connect a",
      "5 connected a",
      "8 still open",
      "8 closing a",
      "13 closed a",
      "13 gone a",
    ]);
  });

  test("S2: acquiring that is cancelled half-way is cleaned up, at once, and awaited", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      yield* moveOnAfter(3, function* () {
        try {
          yield* use(
            resource(function* slow(provide) {
              defer(function* () {
                yield* sleep(2);
                log("given back");
              });
              yield* sleep(10);
              yield* provide(1);
            }),
          );
        } finally {
          log("cut");
        }
      });
      log("left");
    });
    expect(log.lines).toEqual(["3 cut", "5 given back", "5 left"]);
  });

  test("S7: provided in a shield while nobody waits for it any more, is released at once", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      yield* moveOnAfter(3, () =>
        use(
          resource<string>(function* (provide) {
            yield* shield(function* () {
              yield* sleep(5);
              yield* provide("late");
              log("over");
            });
          }),
        ),
      );
      log("left");
    });
    expect(log.lines).toEqual(["5 over", "5 left"]);
  });

  test("S18: sees the deadline of whoever waits for it while it acquires, and none while it is used", async () => {
    const deadlines: number[] = [];
    await runVirtual(() =>
      timeout(50, function* () {
        yield* use(
          resource(function* (provide) {
            deadlines.push(currentDeadline());
            yield* provide(1);
            deadlines.push(currentDeadline());
          }),
        );
      }),
    );
    expect(deadlines).toEqual([50, Infinity]);
  });

  test("that fails to acquire throws at `use`, where it can be caught, and is gone", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      for (let attempt = 1; attempt <= 2; attempt++) {
        try {
          yield* use(
            resource(function* (provide) {
              defer(() => log("cleaned up"));
              yield* sleep(1);
              if (attempt === 1) throw new Error("refused");
              yield* provide(attempt);
              log("released");
            }),
          );
          log("acquired");
        } catch (error) {
          log(String(error));
        }
      }
      expect(allTasks()).toHaveLength(2);
    });
    expect(log.lines).toEqual([
      "1 cleaned up",
      "1 Error: refused",
      "2 acquired",
      "2 released",
      "2 cleaned up",
    ]);
  });

  test.each(["its return", "an error", "a cancellation"])(
    "S15: that fails to release, on the way out by %s, is an error beside the first",
    async (way) => {
      const failing = (name: string) =>
        resource(function* (provide) {
          yield* provide(name);
          yield* sleep(1);
          throw new Error(name);
        });
      const error = await runVirtual(function* () {
        const task = createTask(function* () {
          yield* use(failing("later"));
          yield* use(failing("first"));
          if (way === "an error") throw new Error("body");
          if (way === "a cancellation") yield* sleepForever();
        });
        if (way === "a cancellation") yield* sleep(5);
        try {
          yield* way === "a cancellation" ? task.cancel() : task;
        } catch (error) {
          return error;
        }
      });
      const body = way === "an error" ? ["Error: body"] : [];
      expect(told(error)).toEqual([...body, "Error: first", "Error: later"]);
    },
  );

  test("S2: a release that holds up a cancellation for a second is reported", async () => {
    const reports: string[] = [];
    await runVirtual(
      () =>
        moveOnAfter(1, function* () {
          yield* use(
            resource(function* slow(provide) {
              yield* provide(1);
              yield* sleep(1500);
            }),
          );
          yield* sleepForever();
        }),
      { onReport: ({ kind, message }) => reports.push(`${kind}: ${message}`) },
    );
    expect(reports).toEqual([
      expect.stringMatching(
        /^slow-cleanup: The cleanup of the resource slow in main#\d+ has taken a second, and waits for the release of the resource slow/,
      ),
    ]);
  });

  test("S2: a release that never ends is abandoned with the run; its `finally` is told to return", async () => {
    const log = transcript({ tasks: false });
    const reports: string[] = [];
    await runVirtual(
      function* () {
        createTask(function* () {
          defer(() => log("deferred"));
          yield* use(
            resource(function* stuck(provide) {
              try {
                yield* provide(1);
                yield* sleepForever();
              } finally {
                log("told to return");
              }
            }),
          );
          yield* sleepForever();
        });
        yield* sleep(1);
      },
      { shutdownTimeout: 10, onReport: ({ kind }) => reports.push(kind) },
    );
    expect([log.lines.toSorted(), reports]).toEqual([
      ["11 deferred", "11 told to return"],
      ["cleanup-abandoned"], // its user waited for nothing else, and ends by itself
    ]);
  });

  test("leaves nothing open wherever the program is cancelled, and releases in reverse order", async () => {
    let open: number[] = [];
    const level = (n: number): Resource<number> =>
      resource<number>(function* (provide) {
        if (n % 2 === 0) yield* use(level(n - 1));
        yield* cede();
        open.push(n);
        defer(function* () {
          yield* cede();
          expect(open.pop()).toBe(n);
        });
        yield* sleep(1);
        yield* provide(n);
        yield* sleep(1);
      });
    const points = await cancelEverywhere(
      function* () {
        open = [];
        yield* coroutine(function* () {
          for (const n of [1, 2, 3, 4]) yield* use(level(n));
          yield* sleep(1);
        })();
        yield* timeout(50, () => use(level(2)));
      },
      { check: () => expect(open).toEqual([]) },
    );
    expect(points).toBeGreaterThan(100);
  });

  test("twenty thousand in one coroutine: in linear time", async () => {
    const count = 20_000;
    let open = 0;
    const one = resource(function* one(provide) {
      const mine = ++open;
      yield* provide(mine);
      if (open-- !== mine) throw new Error("released out of order");
    });
    await runVirtual(function* () {
      const task = createTask(function* () {
        for (let i = 0; i < count; i++) yield* use(one);
        expect(open).toBe(count);
        yield* sleepForever();
      });
      yield* sleep(1);
      yield* task.cancel();
    });
    expect(open).toBe(0);
  });
});
