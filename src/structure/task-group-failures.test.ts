import { describe, expect, test } from "vitest";
import {
  CancelledError,
  coroutine,
  createTask,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  type Awaitable,
  type Task,
  type TaskGroup,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import { closesWhereverCancelled } from "../../tests/support/held.ts";
import { caught, failing } from "../../tests/support/small.ts";

const badCleanup = coroutine(function* badCleanup(message: string): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    throw new Error(message);
  }
});
/** Waits for ever, and cleans up for `ms` milliseconds. */
const tidy = coroutine(function* tidy(
  log: (line: string) => void,
  name: string,
  ms: number,
): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    yield* sleep(ms);
    log(`${name} cleaned up`);
  }
});

describe("S11: a failing child", () => {
  test("cancels its siblings and the body, waits for their cleanup, and the group throws", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const error = yield* caught(
        taskGroup(function* (group) {
          group.createTask(tidy(log, "sibling", 20));
          group.createTask(failing(10, "failed"));
          yield* tidy(log, "body", 5);
        }),
      );
      log(String(error));
    });
    expect(log.lines).toEqual(["15 body cleaned up", "30 sibling cleaned up", "30 Error: failed"]);
  });

  test("cancels them also when the body has ended", async () => {
    const log = transcript({ tasks: false });
    const program = runVirtual(() =>
      taskGroup(function* (group) {
        group.createTask(tidy(log, "sibling", 1));
        group.createTask(failing(10, "failed"));
        return "value";
      }),
    );
    await expect(program).rejects.toThrow("failed");
    expect(log.lines).toEqual(["11 sibling cleaned up"]);
  });

  test("fails the group though its failure was awaited and caught, in the body and elsewhere", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      let child!: Task<never>;
      createTask(function* elsewhere() {
        yield;
        log(`elsewhere: ${String(yield* caught(child))}`);
      });
      const error = yield* caught(
        taskGroup(function* (group) {
          child = group.createTask(failing(10, "failed"));
          log(`body: ${String(yield* caught(child))}`);
          yield;
          log("the body went on");
        }),
      );
      log(`group: ${String(error)}`);
      yield* sleep(1);
    });
    expect(log.lines.toSorted()).toEqual([
      "10 body: Error: failed",
      "10 elsewhere: Error: failed",
      "10 group: Error: failed",
    ]);
  });

  test("that is cancelled by itself does not fail the group", async () => {
    const value = await runVirtual(() =>
      taskGroup(function* (group) {
        const child = group.createTask(sleepForever());
        yield;
        yield* child.cancel("not needed");
        expect(child.cancelled).toBe(true);
        return "value";
      }),
    );
    expect(value).toBe("value");
  });

  test("S6: whoever awaits a cancelled sibling, and lets that pass, fails the group", async () => {
    const program = runVirtual(() =>
      taskGroup(function* (group) {
        const child = group.createTask(sleepForever(), { name: "gone" });
        group.createTask(child);
        yield;
        child.cancel("not needed");
      }),
    );
    await expect(program).rejects.toThrow(/^task gone#\d+ was cancelled by main#\d+: not needed$/);
  });

  test("that throws undefined fails the group with undefined", async () => {
    const outcome = await runVirtual(() =>
      taskGroup(function* (group) {
        group.createTask(function* () {
          throw undefined;
        });
      }),
    ).then(
      () => "resolved",
      (error: unknown) => ({ error }),
    );
    expect(outcome).toEqual({ error: undefined });
  });

  test("fails neither the group around nor its siblings, if the inner group's failure is caught", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(() =>
      taskGroup(function* (outer) {
        outer.createTask(function* () {
          yield* sleep(50);
          log("the sibling ends");
        });
        const error = yield* caught(taskGroup((inner) => inner.createTask(failing(10, "inner"))));
        log(String(error));
      }),
    );
    expect(log.lines).toEqual(["10 Error: inner", "50 the sibling ends"]);
  });
});

describe("S12: one error at a time", () => {
  const failure = async (body: (group: TaskGroup) => Awaitable<unknown>) => {
    const error: unknown = await runVirtual(() => taskGroup(body)).catch((error: unknown) => error);
    return [error, ...suppressedErrors(error)].map((error) => (error as Error).message);
  };

  test("the first of two children that fail in one turn is thrown, the second kept beside it", async () => {
    const errors = await failure(function* (group) {
      group.createTask(failing(10, "one"));
      group.createTask(failing(10, "two"));
    });
    expect(errors).toEqual(["one", "two"]);
  });

  test("a body's failure, and that of a child's cleanup after it", async () => {
    const errors = await failure(function* (group) {
      group.createTask(badCleanup("cleanup"));
      yield* sleep(1);
      throw new Error("body");
    });
    expect(errors).toEqual(["body", "cleanup"]);
  });

  test("a child's failure, and that of the body's cleanup after it", async () => {
    const errors = await failure(function* (group) {
      group.createTask(failing(1, "child"));
      yield* badCleanup("body's cleanup");
    });
    expect(errors).toEqual(["child", "body's cleanup"]);
  });

  test("a failure after the group was cancelled is the group's", async () => {
    const errors = await failure(function* (group) {
      group.createTask(badCleanup("cleanup"));
      yield;
      group.cancel("enough");
    });
    expect(errors).toEqual(["cleanup"]);
  });

  test("nested groups that fail in the same turn: the inner one's error gives way or goes first, none is lost", async () => {
    const errors = await failure(function* (outer) {
      outer.createTask(failing(10, "outer's child"));
      yield* taskGroup(function* (inner) {
        inner.createTask(failing(10, "inner's child"));
        yield* sleepForever();
      });
    });
    expect(errors).toEqual(["outer's child", "inner's child"]);
  });

  // The outer group hears of the inner one's failure only when that has ended.
  test("nested groups whose inner one fails first, in the same turn", async () => {
    const errors = await failure(function* (outer) {
      yield* taskGroup(function* (inner) {
        inner.createTask(failing(10, "inner's child"));
        yield;
        outer.createTask(failing(10, "outer's child"));
        yield* sleepForever();
      });
    });
    expect(errors).toEqual(["outer's child", "inner's child"]);
  });

  test("the same error from two children is not beside itself", async () => {
    const same = new Error("same");
    const throwSame = coroutine(function* throwSame() {
      yield;
      throw same;
    });
    const errors = await failure(function* (group) {
      group.createTask(throwSame());
      group.createTask(throwSame());
    });
    expect(errors).toEqual(["same"]);
  });

  test("a thousand failures: the first, and the others in their order", async () => {
    const errors = await failure(function* (group) {
      for (let i = 0; i < 1000; i++) group.createTask(failing(5, `${i}`));
    });
    expect(errors).toEqual(Array.from({ length: 1000 }, (_, i) => `${i}`));
  });

  test("an error that is frozen, or no object, is thrown as it is", async () => {
    for (const thrown of [
      Object.freeze(new Error("frozen")),
      "text",
      0,
      null,
      Symbol("s"),
      Object.create(null),
    ]) {
      const program = runVirtual(() =>
        taskGroup(function* (group) {
          for (let i = 0; i < 2; i++) {
            group.createTask(function* () {
              yield* sleep(1);
              throw i === 0 ? thrown : Object.create(null); // which has no text for the report
            });
          }
        }),
      );
      await expect(program).rejects.toBe(thrown);
    }
  });
});

describe("cancelling", () => {
  test("group.cancel() cancels the body and the children; it is no error when the body ends by itself", async () => {
    const log = transcript({ tasks: false });
    const value = await runVirtual(function* () {
      const value = yield* taskGroup(function* (group) {
        group.createTask(tidy(log, "child", 5));
        yield* sleep(10);
        group.cancel();
        log(`cancelled: ${group.cancelled}`);
        return "no checkpoint came";
      });
      log("after the group");
      return value;
    });
    expect(log.lines).toEqual(["10 cancelled: true", "15 child cleaned up", "15 after the group"]);
    expect(value).toBe("no checkpoint came");
  });

  // It gave `undefined`, whatever its type said.
  test("S6: a body that group.cancel() cuts short has no value: the group throws a CancelledError", async () => {
    const log = transcript({ tasks: false });
    const error: unknown = await runVirtual(function* () {
      try {
        return yield* taskGroup(
          function* (group) {
            group.createTask(tidy(log, "child", 5));
            group.createTask(function* stopper() {
              yield* sleep(10);
              group.cancel("enough");
            });
            yield* sleep(20);
            return "never";
          },
          { name: "crawl" },
        );
      } catch (error) {
        log("caught");
        return error;
      }
    });
    expect(log.lines).toEqual(["15 child cleaned up", "15 caught"]);
    expect(error).toBeInstanceOf(CancelledError);
    const { message, task, reason, by } = error as CancelledError;
    expect([task, reason, by]).toEqual(["crawl", "enough", expect.stringMatching(/^stopper#\d+$/)]);
    expect(message).toBe(`group "crawl" was cancelled by ${by}: enough`);
  });

  test("S12: an error that comes while the body is cut short is thrown instead", async () => {
    const program = runVirtual(() =>
      taskGroup(function* (group) {
        group.createTask(badCleanup("cleanup"));
        yield* sleep(1);
        group.cancel();
        yield* sleepForever();
      }),
    );
    await expect(program).rejects.toThrow("cleanup");
  });

  test("a result that is there stays, though the group is cancelled while it waits for its children", async () => {
    const value = await runVirtual(() =>
      taskGroup(function* (group) {
        group.createTask(function* () {
          yield* sleep(5);
          group.cancel();
          yield* sleepForever();
        });
        return "value";
      }),
    );
    expect(value).toBe("value");
  });

  test("a cancellation from outside reaches the children, and the group waits for their cleanup", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      yield* moveOnAfter(10, () =>
        taskGroup(function* (group) {
          group.createTask(tidy(log, "one", 5));
          yield* taskGroup(function* (inner) {
            inner.createTask(tidy(log, "two", 8));
            yield* sleepForever();
          });
        }),
      );
      log("moved on");
    });
    expect(log.lines).toEqual(["15 one cleaned up", "18 two cleaned up", "18 moved on"]);
  });

  test("a group in cleanup works as anywhere", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      yield* moveOnAfter(10, function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* taskGroup(function* (group) {
            for (const ms of [2, 1]) {
              group.createTask(function* () {
                yield* sleep(ms);
                log(`${ms}`);
              });
            }
          });
        }
      });
      log("moved on");
    });
    expect(log.lines).toEqual(["11 1", "12 2", "12 moved on"]);
  });

  test("a program of groups ends wherever it is cancelled", async () => {
    await closesWhereverCancelled(
      (held) =>
        taskGroup(function* (outer) {
          outer.createTask(held(3));
          yield* taskGroup(function* (inner) {
            inner.createTask(held(5));
            inner.createTask(function* () {
              yield* held(1);
              outer.createTask(held(2));
              inner.cancel();
            });
            yield* held(2);
          });
          outer.createTask(() => taskGroup((group) => group.createTask(held(1))));
        }),
      () => shield(() => sleep(1)),
    );
  });
});
