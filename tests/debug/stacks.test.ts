// Stacks are left without the lines of the library: so these tests stand outside src/.
import { describe, expect, test, vi } from "vitest";
import {
  all,
  CancelledError,
  cede,
  coroutine,
  createTask,
  currentTask,
  DeadlockError,
  defer,
  EventLoop,
  Future,
  map,
  moveOnAfter,
  runSync,
  shield,
  sleep,
  sleepForever,
  supervise,
  taskGroup,
  timeout,
  waitFor,
  type Awaitable,
} from "cede";
import { runVirtual } from "cede/testing";

/** What a program fails with, in a loop of its own: its tasks count from 1. */
const failure = (main: () => Awaitable<unknown>, debug = false): Promise<Error> =>
  EventLoop.run(main, { debug, onReport: () => {} }).then(
    () => expect.unreachable(),
    (error: Error) => error,
  );

/** The lines of a stack below its message, without the folder of this file. */
const linesOf = ({ stack, message }: Error): string[] =>
  stack!
    .slice(stack!.indexOf(message) + message.length)
    .split("\n")
    .slice(1)
    .map((line) => line.trim().replace(/(?:file:\/\/)?\/[^\s()]*\/(stacks\.test\.ts)(?::\d+){2}/, "$1"));

const HERE = "stacks.test.ts";

const fail = coroutine(function* fail(): Awaitable<never> {
  yield* cede();
  throw new Error("no such page");
});
const inline = coroutine(function* inline(n: number): Awaitable<never> {
  if (n > 0) return yield* inline(n - 1);
  throw new Error("at the bottom");
});
function* plain(): Awaitable<never> {
  return yield* fail();
}

describe("S24: a stack has nothing between the program's lines and the story's:", () => {
  test("the line that threw, and then whoever called", async () => {
    const crawl = coroutine(function* crawl() {
      yield* cede();
      yield* fail();
    });
    expect(linesOf(await failure(crawl))).toEqual([
      `at fail (${HERE})`,
      "at crawl (cede)",
      "at task main#1 (cede)",
    ]);
  });

  test("an error that was told of reads so where it is caught, too", async () => {
    const lines = await EventLoop.run(
      coroutine(function* catching() {
        try {
          return yield* fail();
        } catch (error) {
          return linesOf(error as Error);
        }
      }),
    );
    expect(lines).toEqual([`at fail (${HERE})`, "at catching (cede)", "at task main#1 (cede)"]);
  });

  test.each<[string, () => Awaitable<unknown>]>([
    ["a timeout", () => timeout(1, () => sleepForever())],
    [
      "a cancelled task",
      function* () {
        const task = createTask(() => sleepForever());
        void task.cancel();
        yield* task;
      },
    ],
    [
      "a group of all errors",
      () =>
        taskGroup(
          function* (group) {
            group.createTask(() => "not awaitable" as never);
            yield* sleepForever();
          },
          { errors: "all" },
        ),
    ],
  ])("the error of %s has no line of the loop that made it", async (_, main) => {
    expect(linesOf(await failure(main))).toEqual(["at task main#1 (cede)"]);
  });

  test("nor has that of a run that was cancelled, or where nothing can go on", async () => {
    const cancelled = await failure(function* () {
      void currentTask()!.cancel();
      yield* cede();
    });
    expect(cancelled).toBeInstanceOf(CancelledError);
    expect(linesOf(cancelled)).toEqual([]);
    const stuck: Error = await runVirtual(() => new Future<never>()).catch((error: Error) => error);
    expect(stuck).toBeInstanceOf(DeadlockError);
    expect(stuck.stack).not.toContain("/src/");
  });

  test("a mistake is shown where it was made, below the one line of the library that found it", async () => {
    const main = coroutine(function* main() {
      yield* cede();
      yield* sleep(-1);
    });
    const lines = linesOf(await failure(main));
    expect(lines[0]).toMatch(/^at checkDelay \(/);
    expect(lines.slice(1)).toEqual([`at main (${HERE})`, "at task main#1 (cede)"]);
  });

  test("functions that a coroutine called are there, and whoever called runSync, after the story", () => {
    const parse = (): unknown => JSON.parse("{");
    const main = coroutine(function* main() {
      yield;
      return parse();
    });
    const caller = (): unknown => runSync(main);
    let error!: Error;
    try {
      caller();
    } catch (thrown) {
      error = thrown as Error;
    }
    const lines = linesOf(error);
    expect(lines.slice(0, 4)).toEqual([
      "at JSON.parse (<anonymous>)",
      `at parse (${HERE})`,
      `at main (${HERE})`,
      "at task main#1 (cede)",
    ]);
    expect(lines[4]).toBe(`at caller (${HERE})`);
  });

  test("a message that looks like a stack stays as it is", async () => {
    const inner = new Error("inner");
    const message = `outer: ${inner.stack}\n    at Loop.run (${new URL("../../src/kernel/loop.ts", import.meta.url).href}:1:1)`;
    const error = await failure(function* () {
      yield;
      throw new Error(message);
    });
    expect(error.stack!.startsWith(`Error: ${message}\n    at `)).toBe(true);
    expect(linesOf(error)).toHaveLength(2);
  });

  test("a stack that the program writes in a way of its own stays as it is", async () => {
    const prepare = vi.fn(() => ["mine"]);
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = prepare;
    try {
      const error = await failure(() => fail());
      expect(error.stack).toEqual(["mine"]);
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });
});

describe("S24: callers that ran inline", () => {
  const main = coroutine(function* main() {
    yield* cede();
    yield* inline(12);
  });

  test("are all named, also those that the engine has left out, and each once", async () => {
    const lines = linesOf(await failure(main));
    const seen = lines.filter((line) => line === `at inline (${HERE})`).length;
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(13); // the engine writes ten lines
    expect(lines).toEqual([
      ...Array.from({ length: seen }, () => `at inline (${HERE})`),
      ...Array.from({ length: 13 - seen }, () => "at inline (cede)"),
      "at main (cede)",
      "at task main#1 (cede)",
    ]);
  });

  test("are not doubled where the engine tells of all", async () => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 200;
    try {
      expect(linesOf(await failure(main)).slice(0, 15)).toEqual([
        ...Array.from({ length: 13 }, () => `at inline (${HERE})`),
        `at main (${HERE})`,
        "at task main#1 (cede)",
      ]);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  });

  test("have their places in debug mode", async () => {
    const lines = linesOf(await failure(main, true));
    expect(lines).toEqual([
      ...Array.from({ length: 13 }, () => `at inline (${HERE})`),
      `at main (${HERE})`,
      `at task main#1 (${HERE})`,
    ]);
  });

  test("are named where the error was caught and thrown again further out", async () => {
    const again = coroutine(function* again() {
      yield* cede();
      try {
        yield* inline(3);
      } catch (error) {
        yield* cede();
        throw error;
      }
    });
    const lines = linesOf(await failure(again));
    expect(lines.map((line) => line.split(" ")[1])).toEqual([
      ...Array.from({ length: 4 }, () => "inline"),
      "again",
      "task",
    ]);
  });

  test("of another error are not mixed in", async () => {
    const other = coroutine(function* other() {
      yield* cede();
      const error = yield* (function* () {
        try {
          return yield* inline(5);
        } catch (caught) {
          return caught;
        }
      })();
      void error;
      yield* fail();
    });
    expect(linesOf(await failure(other))).toEqual([
      `at fail (${HERE})`,
      "at other (cede)",
      "at task main#1 (cede)",
    ]);
  });
});

describe("S24: a plain function* that was given as a function keeps its name:", () => {
  const bodies: [string, (body: () => Awaitable<never>) => Awaitable<unknown>][] = [
    ["timeout", (body) => timeout(100, body)],
    ["moveOnAfter", (body) => moveOnAfter(100, body)],
    ["shield", (body) => shield(body)],
    ["taskGroup", (body) => taskGroup(body)],
    ["supervise", (body) => supervise(body)],
    ["waitFor", (body) => waitFor(100, body)],
    ["map", (body) => map([1], body)],
  ];
  test.each(bodies)("%s", async (_, around) => {
    expect(linesOf(await failure(() => around(plain)))).toContain("at plain (cede)");
  });

  test("defer", async () => {
    const lines = linesOf(
      await failure(function* () {
        defer(plain);
        yield* cede();
      }),
    );
    expect(lines).toContain("at plain (cede)");
  });

  test("a task, and those that `all` starts", async () => {
    for (const main of [() => createTask(plain), () => all([plain])]) {
      expect(linesOf(await failure(main))[1]).toMatch(/^at task plain#2 created by main#1 \(cede\)$/);
    }
  });
});
