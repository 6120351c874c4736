import { describe, expect, test } from "vitest";
import {
  cancelScope,
  cede,
  coroutine,
  createTask,
  DeadlockError,
  Future,
  EventLoop,
  InvalidStateError,
  sleep,
  sleepForever,
  taskGroup,
  type Awaitable,
  type CancelScope,
  type TaskGroup,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";
import { after, caught, failing } from "../../tests/support/small.ts";

describe("S10: a group ends after all its children", () => {
  test("and gives its body's value", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const value = yield* taskGroup(function* (group) {
        for (const ms of [20, 10]) {
          group.createTask(function* () {
            yield* sleep(ms);
            log(`${ms}`);
          });
        }
        log("the body ends");
        return "value";
      });
      log(value);
    });
    expect(log.lines).toEqual(["0 the body ends", "10 10", "20 20", "20 value"]);
  });

  test("at once, if there are none", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      createTask(function* () {
        log("another task");
      });
      log(yield* taskGroup(() => after(0, "waits")));
      log(yield* taskGroup(function* () { return "does not wait"; })); // prettier-ignore
    });
    expect(log.lines).toEqual(["0 another task", "0 waits", "0 does not wait"]);
  });

  // `for (;;) yield* taskGroup(function* () {})` could not be cancelled.
  test("S5: which is a checkpoint, also when there are none to wait for", async () => {
    let rounds = 0;
    const program = runVirtual(
      cancelScope(function* (scope) {
        for (;;) {
          yield* taskGroup(function* () {});
          if (++rounds === 3) scope.cancel();
          expect(rounds).toBeLessThanOrEqual(3);
        }
      }),
    );
    await expect(program).resolves.toEqual({ cancelled: true, value: undefined });
  });

  test("S5: and so is waiting for those that have ended meanwhile; not when an error is on its way", async () => {
    const outcome = (body: (scope: CancelScope, group: TaskGroup) => Awaitable<unknown>) =>
      runVirtual(() => caught(cancelScope((scope) => taskGroup((group) => body(scope, group)))));
    const ended = outcome(function* (scope, group) {
      yield* group.createTask(after(1, "ended"));
      scope.cancel();
      return "value";
    });
    await expect(ended).resolves.toEqual({ cancelled: true, value: undefined });
    const failed = outcome(function* (scope) {
      scope.cancel();
      throw new Error("failed");
    });
    await expect(failed).resolves.toEqual(new Error("failed"));
  });

  test("also those that children create: each starts two more", async () => {
    let ran = 0;
    await runVirtual(function* () {
      yield* taskGroup(function* (group) {
        const grow = coroutine(function* grow(generation: number): Awaitable<void> {
          ran++;
          yield* sleep(generation % 3);
          if (generation === 0) return;
          group.createTask(grow(generation - 1));
          group.createTask(grow(generation - 1));
        });
        group.createTask(grow(10));
      });
      expect(ran).toBe(2 ** 11 - 1);
    });
  });

  test("also one that was created by whoever heard of the last one's end", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      yield* taskGroup(function* (group) {
        const last = group.createTask(() => sleep(1));
        last.addDoneCallback(() => {
          group.createTask(function* () {
            yield* sleep(10);
            log("the late one ends");
          });
        });
      });
      log("the group ends");
    });
    expect(log.lines).toEqual(["11 the late one ends", "11 the group ends"]);
  });

  test("and hears of the failure of such a late one", async () => {
    const program = runVirtual(() =>
      taskGroup(function* (group) {
        group.createTask(() => sleep(1)).addDoneCallback(() => group.createTask(failing(5, "late")));
      }),
    );
    await expect(program).rejects.toThrow("late");
  });

  test("a hundred thousand of them", async () => {
    let ended = 0;
    await runVirtual(() =>
      taskGroup(function* (group) {
        for (let i = 0; i < 100_000; i++) {
          group.createTask(function* () {
            yield* sleep(i % 10);
            ended++;
          });
        }
      }),
    );
    expect(ended).toBe(100_000);
  });

  test("groups in groups end from the inside out", async () => {
    const log = transcript({ tasks: false });
    const nest = coroutine(function* nest(n: number): Awaitable<void> {
      yield* taskGroup(function* (group) {
        if (n > 1) group.createTask(nest(n - 1));
        group.createTask(() => sleep(n));
      });
      log(`group ${n} ends`);
    });
    await runVirtual(() => nest(3));
    expect(log.lines).toEqual(["1 group 1 ends", "2 group 2 ends", "3 group 3 ends"]);
  });

  test("a group may be used by whoever is given it, as long as it is open", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const log: string[] = [];
    let group!: TaskGroup;
    const ended = loop.runUntilComplete(() =>
      taskGroup(function* (mine) {
        group = mine;
        yield* sleep(10);
      }),
    );
    loop.callLater(5, () => {
      group.createTask(function* () {
        yield* sleep(10);
        log.push(`${loop.time()} created by a callback`);
      });
    });
    clock.runAll();
    await ended;
    expect(log).toEqual(["15 created by a callback"]);
  });

  test("what is awaited is named, with its progress", async () => {
    const program = runVirtual(() =>
      taskGroup(
        function* (group) {
          group.createTask(() => sleep(1));
          group.createTask(() => new Future<void>("one"));
          group.createTask(() => new Future<void>("two"));
        },
        { name: "crawl" },
      ),
    );
    await expect(program).rejects.toThrow(DeadlockError);
    await expect(program).rejects.toThrow(/main#\d+ waits for group "crawl", 2 of 3 left/);
  });
});

describe("S10: creating a task", () => {
  test("in a group that has ended is refused", async () => {
    await runVirtual(function* () {
      let kept!: TaskGroup;
      yield* taskGroup(
        function* (group) {
          kept = group;
        },
        { name: "crawl" },
      );
      expect(() => kept.createTask(sleep(1))).toThrow(
        new InvalidStateError(
          'Cannot create a task in group "crawl": it has ended. Create it in a group that is still open, or with ' +
            "the bare `createTask`, which makes it the run's.",
        ),
      );
    });
  });

  test("in a group that has failed is refused as well", async () => {
    await runVirtual(function* () {
      let kept!: TaskGroup;
      yield* caught(
        taskGroup(function* (group) {
          kept = group;
          throw new Error("failed");
        }),
      );
      expect(() => kept.createTask(sleep(1))).toThrow(/^Cannot create a task in group "tasks": it has ended/);
    });
  });

  test("S4: in a group that is being cancelled creates it cancelled: it never runs", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(() =>
      taskGroup(function* (group) {
        group.cancel("enough");
        const task = group.createTask(function* () {
          log("ran");
        });
        task.addDoneCallback(() => {
          expect(task.error()).toMatchObject({ name: "CancelledError", reason: "enough" });
        });
      }),
    );
    expect(log.lines).toEqual([]);
  });

  test('S4: with {start: "always"} it runs to its first checkpoint', async () => {
    const log = transcript({ tasks: false });
    await runVirtual(() =>
      taskGroup(function* (group) {
        group.cancel();
        group.createTask(
          function* () {
            try {
              log("was handed something");
              yield* cede();
              log("went on");
            } finally {
              log("released it");
            }
          },
          { start: "always" },
        );
      }),
    );
    expect(log.lines).toEqual(["0 was handed something", "0 released it"]);
  });

  test("in the cleanup of a failing group creates it cancelled, and it is awaited", async () => {
    const log = transcript({ tasks: false });
    const program = runVirtual(() =>
      taskGroup(function* (group) {
        group.createTask(function* () {
          try {
            yield* sleepForever();
          } finally {
            const task = group.createTask(() => sleep(1));
            yield* caught(task);
            log(`cancelled: ${task.cancelled}`);
          }
        });
        yield* sleep(5);
        throw new Error("failed");
      }),
    );
    await expect(program).rejects.toThrow("failed");
    expect(log.lines).toEqual(["5 cancelled: true"]);
  });
});
