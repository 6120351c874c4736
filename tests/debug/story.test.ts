// Stacks are left without the lines of the library: so these tests stand outside src/.
import { describe, expect, test } from "vitest";
import {
  cede,
  coroutine,
  createTask,
  EventLoop,
  Future,
  run,
  runSync,
  sleep,
  taskGroup,
  timeout,
  until,
  type Awaitable,
} from "cede";

/** What is told in a stack below what the engine has written. */
const told = (error: unknown): string[] =>
  (error as Error)
    .stack!.split("\n")
    .filter((line) => /\(cede\)$|^ {4}\.\.\. /.test(line))
    .map((line) => line.trim());

/** The stack of what a program fails with, in a loop of its own: its tasks count from 1. */
const storyOf = async (main: () => Awaitable<unknown>): Promise<string[]> =>
  told(
    await EventLoop.run(main).then(
      () => expect.unreachable(),
      (error: unknown) => error,
    ),
  );

const fail = coroutine(function* fail(error?: unknown): Awaitable<never> {
  yield* cede();
  throw error === undefined ? new Error("no such page") : error;
});
const fetchPage = coroutine(function* fetchPage(error?: unknown): Awaitable<never> {
  yield* cede();
  return yield* fail(error);
});
const download = coroutine(function* download(error?: unknown): Awaitable<never> {
  yield* cede();
  return yield* fetchPage(error);
});

const made = [1, 2].map((n) => new Error(`made elsewhere ${n}`));
const madeElsewhere = () => made.pop()!;

describe("S24: the stack of an error", () => {
  test("names the coroutines that called the one that threw, and the task", async () => {
    expect(await storyOf(() => download())).toEqual([
      "at fetchPage (cede)",
      "at download (cede)",
      "at task main#1 (cede)",
    ]);
  });

  test("names them where it is caught, too, those further out included", () => {
    const stack = runSync(
      coroutine(function* outer() {
        yield* cede();
        return yield* coroutine(function* catching() {
          try {
            yield* cede();
            return yield* fetchPage();
          } catch (error) {
            return told(error);
          }
        })();
      }),
    );
    expect(stack.slice(0, 3)).toEqual(["at fetchPage (cede)", "at catching (cede)", "at outer (cede)"]);
    expect(stack).toHaveLength(4);
  });

  test("begins as the engine has written it", async () => {
    const error = new Error("no such page\n    at all");
    const { stack } = error;
    await storyOf(() => download(error));
    expect(error.stack!.startsWith(`${stack}\n    at `)).toBe(true);
  });

  test("names the tasks that it crosses, who created them, and who awaited there", async () => {
    const collect = coroutine(function* collect() {
      yield* cede();
      const task = createTask(download(), { name: "download" });
      return yield* task;
    });
    expect(await storyOf(collect)).toEqual([
      "at fetchPage (cede)",
      "at download (cede)",
      "at task download#2 created by main#1 (cede)",
      "at collect (cede)",
      "at task main#1 (cede)",
    ]);
  });

  test("names whoever catches it where they awaited a task, also one that had failed before", async () => {
    const stacks = await EventLoop.run(function* () {
      const task = createTask(fail());
      const stacks: string[][] = [];
      const caller = coroutine(function* caller() {
        try {
          yield* task;
        } catch (error) {
          stacks.push(told(error));
        }
      });
      yield* caller();
      yield* createTask(caller(), { name: "late" });
      return stacks;
    });
    const first = ["at task fail#2 created by main#1 (cede)", "at caller (cede)", "at task main#1 (cede)"];
    expect(stacks).toEqual([
      first,
      [...first, "at caller (cede)", "at task late#3 created by main#1 (cede)"],
    ]);
  });

  test("names them where a group throws what its task failed with", async () => {
    const crawl = coroutine(function* crawl() {
      yield* taskGroup(function* (group) {
        group.createTask(() => fail(), { name: "page" });
        yield* sleep(10);
      });
    });
    expect(await storyOf(crawl)).toEqual([
      "at task page#2 created by main#1 (cede)",
      "at crawl (cede)",
      "at task main#1 (cede)",
    ]);
  });

  test.each<[string, () => Awaitable<unknown>]>([
    [
      "a future",
      () => {
        const future = new Future<never>();
        setTimeout(() => future.setError(madeElsewhere()), 1);
        return future;
      },
    ],
    ["a promise", () => until(Promise.reject(madeElsewhere()))],
    ["a timeout", () => timeout(1, () => sleep(100))],
  ])("names whoever waited for %s: the error was made elsewhere", async (_, wait) => {
    const asking = coroutine(function* asking() {
      return yield* wait();
    });
    const story = await storyOf(asking);
    expect(story.slice(-2)).toEqual(["at asking (cede)", "at task main#1 (cede)"]);
  });

  test("of a deep recursion leaves out the middle", async () => {
    const descend = coroutine(function* descend(n: number): Awaitable<never> {
      return n === 0 ? yield* fail() : yield* descend(n - 1);
    });
    const root = coroutine(function* root(n: number) {
      yield* descend(n);
    });
    const story = await storyOf(() => root(99));
    expect(story).toHaveLength(16 + 1 + 4 + 1 - 1); // of the sixteen, one is the frame that threw
    expect(story[15]).toBe("... 82 callers");
    expect(story.slice(-3)).toEqual(["at descend (cede)", "at root (cede)", "at task main#1 (cede)"]);
    const deeper = await storyOf(() => root(2000));
    expect(deeper.slice(-2)).toEqual(["... further callers", "at task main#1 (cede)"]);
  });
});

describe("S24: harmless for", () => {
  test("an error that is thrown again: it is told once", async () => {
    const again = coroutine(function* again() {
      try {
        yield* download();
      } catch (error) {
        yield* cede();
        throw error;
      }
    });
    expect(await storyOf(again)).toHaveLength(4);
  });

  test("an error that is caught, and then thrown by another: that one is named", async () => {
    const constant = new Error("constant");
    const first = coroutine(function* first(): Awaitable<never> {
      throw constant;
    });
    const second = coroutine(function* second(): Awaitable<never> {
      throw constant;
    });
    const story = await storyOf(function* both() {
      try {
        yield* first();
      } catch {}
      yield* second();
    });
    expect(story).toEqual(["at second (cede)", "at task main#1 (cede)"]);
  });

  test("an error that many tasks share: the first eight are told", async () => {
    const constant = new Error("thrown again and again");
    for (let i = 0; i < 20; i++) {
      await run(() => fail(constant), { name: `run${i}` }).catch(() => {});
    }
    expect(told(constant).map((line) => line.replace(/#\d+/, ""))).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].flatMap((i) => ["at fail (cede)", `at task run${i} (cede)`]),
    );
  });

  test("what is frozen, what is no error, and what explodes when it is looked at", async () => {
    const exploding = new Proxy(new Error("exploding"), {
      getPrototypeOf() {
        throw new Error("looked at");
      },
    });
    for (const thrown of [Object.freeze(new Error("frozen")), "text", null, { stack: "mine" }, exploding]) {
      const caught = await EventLoop.run(() => download(thrown)).then(
        () => expect.unreachable(),
        (error: unknown) => error,
      );
      expect(caught === thrown).toBe(true);
    }
  });

  test("a stack that has a getter of its own", async () => {
    const error = new Error("mine");
    Object.defineProperty(error, "stack", { configurable: true, get: () => "mine" });
    expect(await EventLoop.run(() => download(error)).catch(() => error.stack)).toBe("mine");
  });

  test("a stack that is a text already, and one that is written later", async () => {
    const error = new Error("mine");
    error.stack = "mine";
    await EventLoop.run(() => fail(error)).catch(() => {});
    expect(error.stack).toBe("mine\n    at fail (cede)\n    at task main#1 (cede)");
    error.stack = "other";
    expect(error.stack).toBe("other");
    expect(Object.keys(error)).toEqual([]);
  });

  test("what inherits from the error", async () => {
    const error = new Error("mine");
    await EventLoop.run(() => download(error)).catch(() => {});
    expect((Object.create(error) as Error).stack).toBe(error.stack);
  });
});
