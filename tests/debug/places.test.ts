// Places are of the program, not of the library: so these tests stand outside src/.
import { describe, expect, test } from "vitest";
import { cede, coroutine, createTask, EventLoop, Future, type Awaitable } from "cede";

/** The lines of a stack that this file is in or that know no place, without its folder; `n` counts lines of the file. */
const lines = (stack: string | undefined): string[] =>
  stack!
    .split("\n")
    .filter((line) => /places\.test\.ts|\(cede\)$/.test(line))
    .map((line) => line.trim().replace(/(?:file:\/\/)?\/[^\s()]*\/(places\.test\.ts)(?::\d+){2}/, "$1"));

const fail = coroutine(function* fail(): Awaitable<never> {
  yield* cede();
  throw new Error("failed");
});
const middle = coroutine(function* middle(): Awaitable<never> {
  yield* cede();
  return yield* fail();
});

const failing = (main: () => Awaitable<unknown>, debug: boolean): Promise<Error> =>
  EventLoop.run(main, { debug }).then(
    () => expect.unreachable(),
    (error: Error) => error,
  );

describe("S24: in debug mode", () => {
  const main = coroutine(function* main() {
    const task = createTask(middle());
    yield* cede();
    return yield* task;
  });

  test("a stack says where each caller called, and where each task was created", async () => {
    const error = await failing(main, true);
    expect(lines(error.stack)).toEqual([
      "at fail (places.test.ts)",
      "at middle (places.test.ts)",
      "at task middle#2 created by main#1 (places.test.ts)",
      "at main (places.test.ts)",
      "at task main#1 (places.test.ts)",
    ]);
    const numbers = [...error.stack!.matchAll(/places\.test\.ts:(\d+):\d+/g)].map(([, line]) => Number(line));
    expect(new Set(numbers).size).toBe(5);
  });

  test("one that fails a wait says where it was waited for", async () => {
    const future = new Future<never>();
    const waiting = coroutine(function* waiting() {
      yield* cede();
      yield* future;
    });
    queueMicrotask(() =>
      future.setError(Object.assign(new Error("made elsewhere"), { stack: "Error: made" })),
    );
    const { stack } = await failing(waiting, true);
    expect(lines(stack)[0]).toBe("at waiting (places.test.ts)");
  });

  test("a run beside it that is not in it remembers no place", async () => {
    expect(lines((await failing(main, false)).stack)).toEqual([
      "at fail (places.test.ts)",
      "at middle (cede)",
      "at task middle#2 created by main#1 (cede)",
      "at main (cede)",
      "at task main#1 (cede)",
    ]);
  });
});
