import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  all,
  coroutine,
  createTask,
  DeadlockError,
  EventLoop,
  Future,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "../testing/index.ts";

const HEAD = "Cannot go on: every task waits, and nothing is left that could wake one.";

/** The deadlock that a program runs into, with the tasks' numbers left out. */
async function deadlockOf(
  main: () => Awaitable<unknown>,
  onReport?: (kind: string) => void,
): Promise<string> {
  const error: unknown = await runVirtual(main, { onReport: ({ kind }) => onReport?.(kind) }).catch(
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(DeadlockError);
  return (error as Error).message.replace(/#\d+/g, "");
}
describe("S23: a deadlock", () => {
  test("lists the tasks as data, too", async () => {
    const error: unknown = await runVirtual(function* main() {
      yield* createTask(() => new Future<void>("the answer"), { name: "other" });
    }).catch((error: unknown) => error);
    const { waiting } = error as DeadlockError;
    expect(waiting.map(({ task, label }) => `${task}: ${label}`.replace(/#\d+/g, ""))).toEqual([
      "main: task other",
      'other: future "the answer"',
    ]);
  });

  test("of a future that nobody sets is told when the host has nothing left", async () => {
    const message = await deadlockOf(() => new Future<void>("the answer"));
    expect(message).toBe(`${HEAD}\n  main waits for future "the answer"`);
  });

  test("inside groups and all is told with their progress", async () => {
    const message = await deadlockOf(() =>
      taskGroup(
        function* (group) {
          group.createTask(() => sleep(5));
          group.createTask(() => all([sleep(1), new Future<void>("page")]), { name: "pages" });
        },
        { name: "crawl" },
      ),
    );
    expect(message).toBe(
      `${HEAD}\n  main waits for group "crawl", 1 of 2 left\n  pages waits for group "all", 1 of 2 left: ` +
        'future "page"',
    );
  });

  test("is found however long others sleep before", async () => {
    const log = transcript({ tasks: false });
    const message = await deadlockOf(function* () {
      createTask(function* () {
        yield* sleep(1e6);
        log("the last sleeper");
      });
      yield* new Future<void>("the answer");
    });
    expect(message).toContain('main waits for future "the answer"');
    expect(log.lines).toEqual(["1000000 the last sleeper"]);
  });

  test("that a deadline ends is none", async () => {
    const program = runVirtual(function* () {
      yield* timeout(1000, () => new Future<void>());
    });
    await expect(program).rejects.toThrow("Timed out after 1 s.");
  });

  test("is none while a callback is still to come", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const future = loop.createFuture<string>();
    loop.callLater(1000, () => future.setResult("in time"));
    const ended = loop.runUntilComplete(() => future);
    clock.runAll();
    expect(await ended).toBe("in time");
  });

  test("unwinds the program: its cleanup runs", async () => {
    const log = transcript({ tasks: false });
    const message = await deadlockOf(function* () {
      createTask(
        function* () {
          try {
            yield* sleepForever();
          } finally {
            yield* sleep(3);
            log("other cleaned up");
          }
        },
        { name: "other" },
      );
      try {
        yield* new Future<void>("gate");
      } catch {
        log("no catch sees it");
      } finally {
        yield* sleep(5);
        log("main cleaned up");
      }
    });
    expect(message).toBe(`${HEAD}\n  main waits for future "gate"\n  other waits for sleep for ever`);
    expect(log.lines).toEqual(["5 main cleaned up", "8 other cleaned up"]);
  });

  test("of a cleanup abandons that cleanup, says so, and the first deadlock is the run's error", async () => {
    const reports: string[] = [];
    const log: string[] = [];
    const message = await deadlockOf(
      function* () {
        try {
          yield* new Future<void>("gate");
        } finally {
          try {
            yield* new Future<void>("another gate");
          } finally {
            log.push("left");
          }
        }
      },
      (kind) => reports.push(kind),
    );
    expect(message).toBe(`${HEAD}\n  main waits for future "gate"`);
    expect(log).toEqual(["left"]);
    expect(reports).toContain("cleanup-abandoned");
  });

  test("of several runs of one loop fails all of them, with all their tasks", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const gate = loop.createFuture<void>("gate");
    loop.createTask(() => gate, { name: "outside" });
    const runs = [
      loop.runUntilComplete(() => gate, { name: "one" }),
      loop.runUntilComplete(() => gate, { name: "two" }),
      loop.runUntilComplete(),
    ];
    const settled = Promise.allSettled(runs);
    clock.runAll();
    for (const result of await settled) {
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(DeadlockError);
      const { message } = (result as PromiseRejectedResult).reason as Error;
      expect(message.replace(/#\d+/g, "")).toBe(
        `${HEAD}\n  outside waits for future "gate"\n  one waits for future "gate"\n  two waits for future "gate"`,
      );
    }
  });

  test("leaves the loop usable", async () => {
    const clock = new VirtualClock();
    const loop = new EventLoop({ host: clock });
    const stuck = loop.runUntilComplete(() => new Future<void>());
    clock.runAll();
    await expect(stuck).rejects.toThrow(DeadlockError);
    const next = loop.runUntilComplete(
      coroutine(function* () {
        yield* sleep(1);
        return "goes on";
      }),
    );
    clock.runAll();
    expect(await next).toBe("goes on");
  });
});

describe("S23: a process that has nothing left to do", () => {
  interface Ended {
    code: number | null;
    stdout: string;
    stderr: string;
  }
  /** Runs a module in a process of its own. */
  function runModule(code: string): Promise<Ended> {
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        ["--input-type=module", "-e", code],
        { cwd: join(import.meta.dirname, "../.."), timeout: 30_000 },
        (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
      );
    });
  }

  const stuck: [string, string][] = [
    [
      "a run that is awaited",
      `import { Future, run } from "cede"; await run(() => new Future("the answer"));`,
    ],
    ["a run that nobody awaits", `import { Future, run } from "cede"; run(() => new Future("the answer"));`],
    [
      "a run that waits for a promise",
      `import { run, until } from "cede"; await run(() => until(new Promise(() => {})), { name: "the answer" });`,
    ],
    [
      "a task of a loop, that nobody awaits",
      `import { EventLoop, Future } from "cede"; new EventLoop().createTask(() => new Future("the answer"));`,
    ],
    [
      "a run on a virtual clock, that nobody awaits",
      `import { EventLoop, Future } from "cede"; import { VirtualClock } from "cede/testing";
       EventLoop.run(() => new Future("the answer"), { host: new VirtualClock() });`,
    ],
  ];

  test.concurrent.each(stuck)("never ends with code 0 and in silence: %s", async (_, code) => {
    const { code: exitCode, stderr } = await runModule(code);
    expect(stderr).toContain(HEAD);
    expect(stderr).toMatch(/waits for future "the answer"|the answer#\d+ waits for a promise/);
    expect(exitCode).toBe(1);
  });

  test.concurrent("tells whoever catches it", async ({ expect }) => {
    const { code, stdout, stderr } = await runModule(
      `import { Future, run } from "cede";
       // What is reported of the loop is another matter: on a busy machine a step may take long.
       run(() => new Future("the answer"), { onReport() {} }).catch((error) => console.log(error.name));`,
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "DeadlockError\n", stderr: "" });
  });

  test.concurrent("tells one run after another, however many", async ({ expect }) => {
    const { code, stdout } = await runModule(
      `import { Future, run } from "cede";
       for (let i = 0; i < 5; i++) {
         await run(() => new Future("the answer")).catch((error) => console.log(i, error.name));
       }`,
    );
    expect(stdout).toBe([0, 1, 2, 3, 4].map((i) => `${i} DeadlockError\n`).join(""));
    expect(code).toBe(0);
  });

  test.concurrent("says what it abandons, when a cleanup can never end", async ({ expect }) => {
    const { stdout, stderr } = await runModule(
      `import { createTask, Future, run, sleepForever } from "cede";
       const main = function* () {
         createTask(function* stuck() {
           try { yield* sleepForever(); } finally { yield* new Future("never"); }
         });
         yield; yield;
         return "main's result";
       };
       console.log(await run(main, { shutdownTimeout: Infinity }));`,
    );
    expect(stdout).toBe("main's result\n");
    expect(stderr).toMatch(
      /^cede: The cleanup of stuck#\d+ can never end and was abandoned while it waited for future "never".$/m,
    );
  });

  const failing: [string, string][] = [
    [
      "the failure of a task that nobody awaits, in a loop that nobody awaits",
      `import { EventLoop } from "cede";
       new EventLoop().createTask(function* () { yield; throw new Error("unseen"); });`,
    ],
    [
      "a callback that throws where nothing runs",
      `import { EventLoop } from "cede"; new EventLoop().callSoon(() => { throw new Error("unseen"); });`,
    ],
    [
      "a run that fails and nobody awaits",
      `import { run } from "cede"; run(function* () { yield; throw new Error("unseen"); });`,
    ],
  ];
  test.concurrent.each(failing)("S13: ends as for an error that nobody caught: %s", async (_, code) => {
    const { code: exitCode, stderr } = await runModule(code);
    expect(stderr).toContain("Error: unseen");
    expect(exitCode).toBe(1);
  });
});
