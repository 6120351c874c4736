import { describe, expect, test } from "vitest";
import {
  cancelScope,
  CancelledError,
  createTask,
  currentTask,
  DeadlockError,
  moveOnAfter,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  type Ready,
  type Task,
  type TaskGroup,
} from "../index.ts";
import { cancelEverywhere, runVirtual, transcript } from "../testing/index.ts";
import { later, lines, server } from "../../tests/support/servers.ts";
import { caught } from "../../tests/support/small.ts";

describe("a task that is started", () => {
  test("and ends without a word is an error", async () => {
    const program = lines(function* (group) {
      yield* group.start(
        function* () {
          yield* sleep(5);
        },
        { name: "server" },
      );
    });
    expect(await program).toEqual([
      "5 InvalidStateError: Cannot go on once task server is ready: it has ended without saying so. Call `ready`, " +
        "which it is given, before that.",
    ]);
  });

  test("is ready once: the second time throws where it is said", async () => {
    const program = lines(function* (group) {
      yield* group.start(function* server(ready) {
        ready();
        ready();
      });
    });
    expect(await program).toEqual([
      "0 InvalidStateError: Cannot say that task server is ready: that was said before. Call `ready` once, from the " +
        "task while it runs.",
    ]);
  });

  test("is not ready any more when it has ended", async () => {
    let kept!: Ready<void>;
    await lines(function* (group) {
      yield* caught(
        group.start(function* (ready) {
          kept = ready;
        }),
      );
    });
    expect(kept).toThrow(/^Cannot say that task task#\d+ is ready: it has ended\./);
  });

  test("and cancelled before it is ready throws a CancelledError at its starter", async () => {
    const program = lines(function* (group, log) {
      let task!: Task<unknown>;
      createTask(function* () {
        yield* sleep(5);
        void task.cancel("not wanted");
      });
      const error = yield* caught(
        group.start(function* server(ready) {
          task = currentTask()!;
          try {
            yield* sleep(10);
          } finally {
            ready(); // too late: it is not
          }
        }),
      );
      expect(error).toBeInstanceOf(CancelledError);
      log(String(error));
    });
    expect(await program).toEqual([
      "5 CancelledError: task server was cancelled by task: not wanted",
      "5 gives undefined",
    ]);
  });

  test("is cancelled and awaited when whoever starts it is cancelled", async () => {
    const program = lines(function* (group, log) {
      const { expired } = yield* moveOnAfter(5, () =>
        group.start((ready: Ready<string>) => server(log, ready, 10)),
      );
      log(`expired: ${expired}`);
      yield* sleep(10);
    });
    expect(await program).toEqual(["7 the server cleaned up", "7 expired: true", "17 gives undefined"]);
  });

  test.each([
    ["ready, and then its starter is cancelled: it is started", true, ["5 ready", "20 gives undefined"]],
    ["too late: its starter was cancelled", false, ["5 cancelled", "5 gives undefined"]],
  ])("S7: is, in one turn, %s", async (_, readyFirst, expected) => {
    const program = lines(function* (group, log) {
      const { cancelled } = yield* cancelScope(function* (scope) {
        let ready!: Ready<void>;
        const events = [() => ready(), () => scope.cancel()];
        for (const event of readyFirst ? events : events.toReversed()) createTask(later(5, event));
        yield* group.start(function* (mine) {
          ready = mine;
          yield* sleep(20);
        });
        log("ready");
      });
      if (cancelled) log("cancelled");
    });
    expect(await program).toEqual(expected);
  });

  test("S15: and whose cleanup fails when its starter is cancelled, fails that one", async () => {
    const program = lines(function* (group) {
      yield* moveOnAfter(5, () =>
        group.start(function* () {
          try {
            yield* sleepForever();
          } finally {
            throw new Error("cleanup");
          }
        }),
      );
    });
    expect(await program).toEqual(["5 Error: cleanup"]);
  });

  test("is cancelled with its group, and its starter elsewhere hears of that", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      let group!: TaskGroup;
      const starter = createTask(function* () {
        yield;
        const error = yield* caught(group.start((ready: Ready<string>) => server(log, ready, 10)));
        log(String(error).replaceAll(/#\d+/g, ""));
      });
      yield* caught(
        taskGroup(function* (mine) {
          group = mine;
          yield* sleep(5);
          group.cancel("closing");
          yield;
        }),
      );
      log("the group ended");
      yield* starter;
    });
    expect(log.lines).toEqual([
      "7 the server cleaned up",
      "7 CancelledError: task task was cancelled by main: closing",
      "7 the group ended",
    ]);
  });

  test("S4: in a cancelled group never runs", async () => {
    const program = lines(function* (group, log) {
      group.createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          const error = yield* caught(group.start(() => later(0, () => log("wrong"))));
          log(String(error));
        }
      });
      yield* sleep(5);
      group.cancel("closing");
    });
    expect(await program).toEqual([
      "5 CancelledError: task task was cancelled by main: closing",
      "5 gives undefined",
    ]);
  });

  test("in an ended group is refused", async () => {
    const program = lines(function* () {
      let kept!: TaskGroup;
      yield* taskGroup(function* (inner) {
        kept = inner;
      });
      yield* kept.start(() => sleep(1));
    });
    expect((await program)[0]).toMatch(
      '0 InvalidStateError: Cannot create a task in group "tasks": it has ended',
    );
  });

  test("S12: and fails in its cleanup after its starter's error", async () => {
    let failure: unknown;
    await lines(function* (group) {
      failure = yield* caught(
        timeout(5, () =>
          group.start(function* () {
            try {
              yield* sleepForever();
            } finally {
              throw new Error("cleanup");
            }
          }),
        ),
      );
    });
    expect([failure, ...suppressedErrors(failure)].map(String)).toEqual([
      "TimeoutError: Timed out after 5 ms.",
      "Error: cleanup",
    ]);
  });

  test("S23: and waits for its starter, is a circle", async () => {
    const program = lines(function* (group, log) {
      const starter: Task<unknown> = createTask(function* () {
        return yield* group.start(function* server() {
          yield* starter;
        });
      });
      const error = yield* caught(starter);
      expect(error).toBeInstanceOf(DeadlockError);
      log(String(error).split("\n").slice(1).join(","));
    });
    expect(await program).toEqual([
      "0   task waits for task server to be ready,  server waits for task task",
      "0 gives undefined",
    ]);
  });

  test("must be a function", async () => {
    await expect(runVirtual(() => taskGroup((group) => group.start(sleep(1) as never)))).rejects.toThrow(
      "Cannot start sleep 1 ms: what is started is given `ready`, to call once it is. Write " +
        "`group.start(function* (ready) { … })`, or `group.createTask` for what nobody has to wait for.",
    );
  });

  test("ends wherever the program is cancelled", async () => {
    let open = 0;
    await cancelEverywhere(
      () =>
        taskGroup(function* (group) {
          for (const ms of [1, 2]) {
            yield* group.start(
              function* (ready) {
                open++;
                try {
                  yield* sleep(ms);
                  ready();
                  yield* sleep(ms);
                } finally {
                  open--;
                }
              },
              { background: ms === 1 },
            );
          }
        }),
      { check: () => expect(open).toBe(0) },
    );
  });
});
