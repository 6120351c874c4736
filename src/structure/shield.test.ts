import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  type Awaitable,
  type CancelScope,
} from "../index.ts";
import { cancelEverywhere, runVirtual, transcript, type Transcript } from "../testing/index.ts";

/** Waits so long, and tells whether it was let. */
const wait = coroutine(function* wait(log: Transcript, name: string, ms: number): Awaitable<string> {
  let done = false;
  try {
    yield* sleep(ms);
    done = true;
    return name;
  } finally {
    log(`${name} ${done ? "done" : "cut"}`);
  }
});

describe("S8: a shield", () => {
  type Cancel = (scope: CancelScope, signal: AbortController) => unknown;
  const cancels: Record<string, Cancel> = {
    "a scope around it": (scope) => scope.cancel(),
    "a deadline around it": (scope) => (scope.deadline = -1),
    "its task": (_, controller) => controller.abort("enough"),
  };
  test.each(Object.entries(cancels))(
    "holds the cancellation of %s, to the next checkpoint after it",
    async (_, cancel) => {
      const log = transcript({ tasks: false });
      const controller = new AbortController();
      const program = runVirtual(
        () =>
          cancelScope(function* (scope) {
            createTask(function* () {
              cancel(scope, controller);
            });
            log(yield* shield(() => wait(log, "shielded", 5)));
            yield* wait(log, "behind", 5);
            log("wrong");
          }),
        { signal: controller.signal },
      );
      if (controller.signal.aborted) await expect(program).rejects.toBe("enough");
      else expect(await program).toMatchObject({ cancelled: true });
      expect(log.lines).toEqual(["5 shielded done", "5 shielded", "5 behind cut"]);
    },
  );

  const programs: Record<
    string,
    [body: (scope: CancelScope, log: Transcript) => Awaitable<unknown>, ...lines: string[]]
  > = {
    "entered after the cancellation runs as well": [
      function* (scope, log) {
        scope.cancel();
        yield* shield(() => wait(log, "shielded", 5));
        yield* wait(log, "behind", 1);
      },
      "5 shielded done",
      "5 behind cut",
    ],
    "throws what its body throws, and the cancellation comes after": [
      function* (scope, log) {
        scope.cancel();
        try {
          yield* shield(function* () {
            yield* sleep(3);
            throw new Error("failed");
          });
        } catch (error) {
          log(String(error));
        }
        yield* wait(log, "behind", 1);
      },
      "3 Error: failed",
      "3 behind cut",
    ],
    "lets timeouts and scopes inside work": [
      function* (scope, log) {
        scope.cancel();
        yield* shield(function* () {
          const { expired } = yield* moveOnAfter(3, () => wait(log, "inside", 5));
          log(`expired ${expired}`);
          try {
            yield* timeout(3, () => wait(log, "timeout", 5));
          } catch (error) {
            log(String(error));
          }
          const { cancelled } = yield* cancelScope(function* (inner) {
            inner.cancel();
            yield* wait(log, "scope", 1);
          });
          log(`cancelled ${cancelled}`);
          yield* wait(log, "shielded", 1);
        });
        yield* wait(log, "behind", 1);
      },
      "3 inside cut",
      "3 expired true",
      "6 timeout cut",
      "6 TimeoutError: Timed out after 3 ms.",
      "6 scope cut",
      "6 cancelled true",
      "7 shielded done",
      "7 behind cut",
    ],
    "in a shield ends alone: the outer one still holds": [
      function* (scope, log) {
        scope.cancel();
        yield* shield(function* () {
          yield* shield(() => wait(log, "inner", 1));
          yield* wait(log, "outer", 1);
        });
        yield* wait(log, "behind", 1);
      },
      "1 inner done",
      "2 outer done",
      "2 behind cut",
    ],
    "holds for the tasks of groups in it, not for the tasks of the run": [
      function* (scope, log) {
        createTask(function* () {
          yield* sleep(1);
          scope.cancel();
        });
        yield* shield(() =>
          taskGroup(function* (group) {
            group.createTask(wait(log, "child", 5));
            group.createTask(() => cancelScope(() => wait(log, "child in a scope", 6)));
            yield* wait(log, "body", 2);
          }),
        );
        yield* wait(log, "behind", 1);
      },
      "2 body done",
      "5 child done",
      "6 child in a scope done",
      "6 behind cut",
    ],
    "in one task of a group holds for that task alone": [
      function* (scope, log) {
        yield* taskGroup(function* (group) {
          group.createTask(() => shield(() => wait(log, "shielded", 5)));
          group.createTask(wait(log, "not shielded", 5));
          yield* sleep(1);
          scope.cancel();
          yield* wait(log, "body", 5);
        });
      },
      "1 body cut",
      "1 not shielded cut",
      "5 shielded done",
    ],
    "does not hold what a task asks of a task inside it": [
      function* (_, log) {
        yield* shield(() =>
          taskGroup(function* (group) {
            const child = group.createTask(wait(log, "child", 5));
            yield* sleep(1);
            yield* child.cancel();
            log("child ended");
          }),
        );
      },
      "1 child cut",
      "1 child ended",
    ],
    "in cleanup is left as it came": [
      function* (scope, log) {
        scope.cancel();
        try {
          yield* sleepForever();
        } finally {
          yield* shield(() => wait(log, "shielded", 2));
          yield* wait(log, "cleanup", 2);
        }
      },
      "2 shielded done",
      "4 cleanup done",
    ],
    "around a scope that is cancelled holds, the scope does not": [
      function* (scope, log) {
        yield* shield(() =>
          cancelScope(function* (inner) {
            scope.cancel();
            yield* wait(log, "held", 2);
            inner.cancel();
            yield* wait(log, "inner", 2);
          }),
        );
        yield* wait(log, "behind", 1);
      },
      "2 held done",
      "2 inner cut",
      "2 behind cut",
    ],
    "whose body waits for nothing changes nothing": [
      function* (scope, log) {
        scope.cancel();
        log(
          `${yield* shield(function* () {
            return "value";
          })}`,
        );
        yield* wait(log, "behind", 1);
      },
      "0 value",
      "0 behind cut",
    ],
    "in a loop holds each time": [
      function* (scope, log) {
        scope.cancel();
        for (let i = 0; i < 3; i++) yield* shield(() => wait(log, `round ${i}`, 1));
        yield* wait(log, "behind", 1);
      },
      "1 round 0 done",
      "2 round 1 done",
      "3 round 2 done",
      "3 behind cut",
    ],
  };
  test.each(Object.entries(programs))("%s", async (_, [body, ...lines]) => {
    const log = transcript({ tasks: false });
    await runVirtual(() => cancelScope((scope) => body(scope, log)));
    expect(log.lines).toEqual(lines);
  });

  test("holds the cancellation of a task from its first step on, not before", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const early = createTask(() => shield(() => wait(log, "early", 1)));
      const late = createTask(() => shield(() => wait(log, "late", 1)));
      const always = createTask(() => shield(() => wait(log, "always", 1)), { start: "always" });
      void early.cancel();
      void always.cancel();
      yield;
      void late.cancel();
      yield* sleep(5);
      expect([early.cancelled, late.cancelled, always.cancelled]).toEqual([true, false, false]);
    });
    expect(log.lines).toEqual(["1 late done", "1 always done"]);
  });

  test("S2: holds on when its run ends, until the shutdown's time is over", async () => {
    for (const [shutdownTimeout, line] of [
      [100, "50 done"],
      [20, "20 cut"],
    ] as const) {
      const log = transcript({ tasks: false });
      await runVirtual(
        function* () {
          createTask(() => shield(() => wait(log, "", 50)));
          yield;
        },
        { shutdownTimeout },
      );
      expect(log.lines).toEqual([line.replace(" ", "  ")]);
    }
  });

  test("ends wherever its program is cancelled, with all that it began", async () => {
    let [begun, done] = [0, 0];
    await cancelEverywhere(
      () =>
        taskGroup(function* (group) {
          for (let i = 0; i < 3; i++) {
            group.createTask(function* () {
              yield* sleep(i);
              yield* shield(function* () {
                begun++;
                yield* sleep(1);
                yield* taskGroup(function* (inner) {
                  inner.createTask(() => sleep(1));
                });
                done++;
              });
            });
          }
        }),
      { check: () => expect(done).toBe(begun) },
    );
    expect(begun).toBeGreaterThan(0);
  });
});
