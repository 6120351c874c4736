import { describe, expect, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  currentDeadline,
  EventLoop,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  type Awaitable,
  type CancelScope,
} from "../index.ts";
import { cancelEverywhere, runVirtual, transcript, type Transcript, VirtualClock } from "../testing/index.ts";

const tidy = coroutine(function* tidy(log: Transcript, name: string): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    yield* sleep(2);
    log(`${name} cleaned up`);
  }
});

type Program = [
  body: (scope: CancelScope, log: Transcript) => Awaitable<unknown>,
  outcome: string,
  ...lines: string[],
];

describe("a scope", () => {
  const programs: Record<string, Program> = {
    "gives the body's value": [() => sleep(1), '{"cancelled":false}'],
    "is cancelled from inside, at the next checkpoint": [
      function* (scope, log) {
        scope.cancel();
        log("goes on");
        yield;
        log("wrong");
      },
      '{"cancelled":true}',
      "0 goes on",
    ],
    "that cancels itself, and whose body then returns, was not cut short": [
      function* (scope) {
        scope.cancel();
        return 5;
      },
      '{"cancelled":false,"value":5}',
    ],
    "that cancels itself, and whose body then throws, throws": [
      function* (scope) {
        scope.cancel();
        throw new Error("thrown");
      },
      "Error: thrown",
    ],
    "is cancelled from a coroutine deep inside": [
      (scope, log) => {
        const deep = coroutine(function* deep(n: number): Awaitable<void> {
          if (n > 0) yield* deep(n - 1);
          else scope.cancel();
          yield* tidy(log, `${n}`);
        });
        return deep(3);
      },
      '{"cancelled":true}',
      "2 0 cleaned up",
    ],
    "is cancelled from another task, with all that it called and started in groups": [
      (scope, log) => {
        createTask(function* () {
          yield* sleep(5);
          scope.cancel();
        });
        return taskGroup(function* (group) {
          group.createTask(tidy(log, "child"));
          group.createTask(() => cancelScope(() => tidy(log, "child in a scope")));
          yield* tidy(log, "body");
        });
      },
      '{"cancelled":true}',
      "7 body cleaned up",
      "7 child cleaned up",
      "7 child in a scope cleaned up",
    ],
    "is cancelled from a child of a group in it": [
      (scope, log) =>
        taskGroup(function* (group) {
          group.createTask(function* () {
            scope.cancel();
            yield* tidy(log, "child");
          });
          yield* tidy(log, "body");
        }),
      '{"cancelled":true}',
      "2 child cleaned up",
      "2 body cleaned up",
    ],
    "S4: is cancelled once: a second time changes nothing, also in its cleanup": [
      function* (scope, log) {
        scope.cancel("first");
        scope.cancel("second");
        try {
          yield* tidy(log, "body");
        } finally {
          scope.cancel("third");
          yield* sleep(3);
          log(`still cancelled ${scope.cancelled}`);
        }
      },
      '{"cancelled":true}',
      "2 body cleaned up",
      "5 still cancelled true",
    ],
    "S17: is cancelled by a deadline": [
      function* (scope, log) {
        log(`${scope.deadline}`);
        scope.deadline = 7;
        yield* tidy(log, "body");
      },
      '{"cancelled":true}',
      "0 Infinity",
      "9 body cleaned up",
    ],
    "S17: whose deadline is set to the past goes on to its next checkpoint": [
      function* (scope, log) {
        yield* sleep(5);
        scope.deadline = 1;
        log(`cancelled ${scope.cancelled}`);
        yield;
        log("wrong");
      },
      '{"cancelled":true}',
      "5 cancelled true",
    ],
    "leaves the tasks of the run alone": [
      function* (scope, log) {
        createTask(function* () {
          yield* sleep(3);
          log("task of the run");
        });
        yield;
        scope.cancel();
        yield* tidy(log, "body");
      },
      '{"cancelled":true}',
      "2 body cleaned up",
      "3 task of the run",
    ],
    "in a scope that is cancelled: the outer one takes all": [
      (scope, log) =>
        cancelScope(function* (inner) {
          inner.cancel();
          scope.cancel();
          yield* tidy(log, "body");
        }),
      '{"cancelled":true}',
      "2 body cleaned up",
    ],
    "in the cleanup of a scope works as anywhere": [
      function* (scope, log) {
        try {
          scope.cancel();
          yield;
        } finally {
          log(JSON.stringify(yield* cancelScope((inner) => ((inner.deadline = 3), tidy(log, "inner")))));
          log(JSON.stringify(yield* cancelScope(() => sleep(1))));
        }
      },
      '{"cancelled":true}',
      "5 inner cleaned up",
      '5 {"cancelled":true}',
      '6 {"cancelled":false}',
    ],
    "throws what its cleanup throws": [
      function* (scope) {
        try {
          scope.cancel();
          yield;
        } finally {
          throw new Error("cleanup"); // eslint-disable-line no-unsafe-finally
        }
      },
      "Error: cleanup",
    ],
  };
  test.each(Object.entries(programs))("%s", async (_, [body, outcome, ...lines]) => {
    const log = transcript({ tasks: false });
    const got = await runVirtual(function* () {
      let got: string;
      try {
        got = JSON.stringify(yield* cancelScope((scope) => body(scope, log)));
      } catch (error) {
        got = String(error);
      }
      yield* sleep(5); // whoever was cancelled, it was not this task
      return got;
    });
    expect(got).toBe(outcome);
    expect(log.lines).toEqual(lines);
  });

  test("that has been left cannot be cancelled any more, by whoever kept it", async () => {
    await runVirtual(function* () {
      for (const leave of [
        () => "value",
        () => {
          throw new Error("thrown");
        },
      ]) {
        let kept!: CancelScope;
        try {
          yield* cancelScope(function* (scope) {
            kept = scope;
            scope.deadline = 50;
            leave();
          });
        } catch {}
        kept.cancel();
        kept.deadline = -1;
        yield* sleep(1);
        expect(kept.cancelled).toBe(false);
      }
      yield* sleep(100);
    });
  });

  test("that is left by a throw, by a return, by a cancellation further out, leaves no deadline: in a loop", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const ended = loop.runUntilComplete(function* () {
      for (let i = 0; i < 300; i++) {
        yield* cancelScope(function* (outer) {
          outer.deadline = clock.now() + 1000;
          try {
            yield* cancelScope(function* (scope) {
              scope.deadline = clock.now() + 2000;
              if (i % 3 === 0) return;
              if (i % 3 === 1) throw new Error("left");
              outer.cancel();
              yield;
            });
          } catch {}
        });
        expect(loop.statistics.deadlines).toBe(0);
      }
    });
    clock.runAll();
    await ended;
    expect(clock.now()).toBe(0);
  });

  test("S17: a deadline that a host's callback sets is heard of", async () => {
    const clock = new VirtualClock();
    let kept!: CancelScope;
    const ended = new EventLoop({ host: clock }).runUntilComplete(() =>
      cancelScope((scope) => ((kept = scope), sleepForever())),
    );
    clock.advance(0); // until it waits
    kept.deadline = 7;
    clock.runAll();
    expect(await ended).toMatchObject({ cancelled: true });
    expect(clock.now()).toBe(7);
  });

  test("S17: equal deadlines of a scope, a sleep and another scope pass in the order they were set", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(() =>
      taskGroup(function* (group) {
        for (const name of ["a", "b", "c"]) {
          group.createTask(function* () {
            if (name === "b") yield* sleep(5);
            else yield* cancelScope((scope) => ((scope.deadline = 5), sleepForever()));
            log(name);
          });
        }
      }),
    );
    expect(log.lines).toEqual(["5 a", "5 b", "5 c"]);
  });

  test("a hundred in each other: each can be cancelled, and the body around it goes on", async () => {
    for (const which of [0, 1, 50, 99]) {
      const left: number[] = [];
      const scopes: CancelScope[] = [];
      const nest = coroutine(function* nest(depth: number): Awaitable<void> {
        if (depth === 100) return yield* sleepForever();
        const { cancelled } = yield* cancelScope((scope) => (scopes.push(scope), nest(depth + 1)));
        if (cancelled) left.push(depth);
        yield;
      });
      await runVirtual(function* () {
        createTask(function* () {
          scopes[which]!.cancel();
        });
        yield* nest(0);
      });
      expect(left).toEqual([which]);
    }
  });

  test("ends wherever its program is cancelled", async () => {
    let open = 0;
    await cancelEverywhere(
      () =>
        taskGroup(function* (group) {
          for (const deadline of [0, 1, 2, Infinity]) {
            group.createTask(() =>
              cancelScope(function* (scope) {
                scope.deadline = deadline;
                open++;
                try {
                  yield* sleep(1);
                  yield;
                } finally {
                  yield* shield(() => sleep(1));
                  open--;
                }
              }),
            );
          }
        }),
      { check: () => expect(open).toBe(0) },
    );
  });
});

test("S18: currentDeadline is the earliest around whoever asks, as far as it can see", async () => {
  const seen: Record<string, number> = {};
  const ask = coroutine(function* ask(where: string): Awaitable<void> {
    seen[where] = currentDeadline();
  });
  expect(currentDeadline()).toBe(Infinity);
  await runVirtual(
    function* () {
      yield* ask("in main");
      createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* ask("in the cleanup of a run that ends");
          yield* timeout(3, () => ask("in a timeout there"));
        }
      });
      yield* sleep(1);
      const { cancelled } = yield* cancelScope(function* (scope) {
        scope.deadline = 20;
        yield* ask("in a scope");
        yield* timeout(30, () => ask("in a later one inside"));
        yield* timeout(5, () => ask("in an earlier one inside"));
        scope.deadline = 10;
        yield* ask("in a scope whose deadline was moved");
        yield* taskGroup(function* (group) {
          group.createTask(() => ask("in a task of a group"));
          group.createTask(() => timeout(2, () => ask("in a timeout in a task of a group")));
          createTask(() => ask("in a task of the run"));
        });
        yield* shield(function* () {
          yield* ask("in a shield");
          yield* timeout(2, () => ask("in a timeout in a shield"));
        });
        try {
          yield* sleepForever();
        } finally {
          yield* ask("in its cleanup");
          yield* timeout(2, () => ask("in a timeout in its cleanup"));
        }
      });
      expect(cancelled).toBe(true);
    },
    { shutdownTimeout: 100 },
  );
  expect(seen).toEqual({
    "in main": Infinity,
    "in a scope": 20,
    "in a later one inside": 20,
    "in an earlier one inside": 6,
    "in a scope whose deadline was moved": 10,
    "in a task of a group": 10,
    "in a timeout in a task of a group": 3,
    "in a task of the run": Infinity,
    "in a shield": Infinity,
    "in a timeout in a shield": 3,
    "in its cleanup": Infinity,
    "in a timeout in its cleanup": 12,
    "in the cleanup of a run that ends": 110,
    "in a timeout there": 13,
  });
});
