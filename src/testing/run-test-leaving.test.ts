import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { failureOf } from "../../tests/support/failure.ts";
import {
  cede,
  createTask,
  defer,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  supervise,
  taskGroup,
  until,
} from "../index.ts";
import { runTest, type RunTestOptions } from "./index.ts";

const never = (): Promise<never> => new Promise(() => {});

beforeEach(() => void vi.stubEnv("CEDE_SEED", undefined));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("what main leaves behind", () => {
  const leaving = function* () {
    createTask(function* poll() {
      yield* sleep(1000);
    });
    yield* sleep(10);
    createTask(function* begins() {
      yield;
    });
    return "main's result";
  };

  test("unfinished tasks fail the test, named with what they waited for", async () => {
    const error = await failureOf(runTest(leaving));
    expect(error).not.toBeInstanceOf(AggregateError); // Vitest would show nothing of it
    expect(error.message).toMatchInlineSnapshot(`
      "Cannot pass: main has ended well, but
        poll#2 was unfinished: it waited for sleep 1000 ms
        begins#3 was unfinished: it was ready to run
      Await a task, cancel it, or put it into a group. What is meant to be so: \`allow: ["unfinished-task"]\`."
    `);
  });

  test("unfinished tasks are cancelled and have cleaned up before", async () => {
    let clean = false;
    const ended = runTest(function* () {
      createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(1);
          clean = true;
        }
      });
      yield* cede();
      yield* cede();
    });
    await expect(ended).rejects.toThrow(/task#2 was unfinished: it waited for sleep for ever/);
    expect(clean).toBe(true);
  });

  test("that may be allowed", async () => {
    expect(await runTest(leaving, { allow: ["unfinished-task"] })).toBe("main's result");
  });

  test("a task that was cancelled, or ended, or that a group waits for, is not unfinished", async () => {
    await runTest(function* () {
      createTask(() => sleep(5));
      const cancelled = createTask(() => shield(() => sleep(1000)));
      yield* taskGroup(function* (group) {
        group.createTask(() => sleep(10));
        group.createTask(() => sleepForever(), { background: true });
      });
      void cancelled.cancel();
    });
  });

  test("a promise that has not settled fails the test, and may be allowed", async () => {
    const program = function* () {
      yield* moveOnAfter(1000, () => until(never()));
    };
    const error = await failureOf(runTest(program));
    expect(error.message).toMatchInlineSnapshot(`
      "Cannot pass: main has ended well, but
        a promise was unsettled that had been given to \`until\` or \`call\` by main#1
      Await a promise, or start its work with \`call\`, which aborts it and waits for its end. What is meant to be so: \`allow: ["host-work"]\`.
      Virtual time went on while promises were under way, which were silent for so long; \`patience\` gives them more. Awaited by main#1."
    `);
    await runTest(program, { allow: ["host-work"] });
  });

  test("a promise that settles as main ends is no leak", async () => {
    await runTest(function* () {
      yield* moveOnAfter(0, () => until(Promise.resolve().then(() => {})));
    });
  });

  test("what was reported and told nobody fails the test, with its error", async () => {
    const lost = new Error("lost");
    const error = await failureOf(
      runTest(() =>
        supervise(function* (group) {
          group.createTask(function* fails() {
            yield* sleep(1);
            throw lost;
          });
        }),
      ),
    );
    expect(error.message).toContain("fails#2 failed, and nobody awaits it: Error: lost");
    expect(error.cause).toBe(lost);
    await runTest(
      () =>
        supervise(function* (group) {
          group.createTask(function* fails() {
            throw lost;
          });
        }),
      { allow: ["task-failed"] },
    );
  });

  test("a promise that rejects when nobody waits any more fails the test", async () => {
    const error = await failureOf(
      runTest(
        function* () {
          let reject!: (error: Error) => void;
          yield* moveOnAfter(1, () => until(new Promise((_, no) => (reject = no))));
          reject(new Error("too late"));
        },
        { patience: 0 },
      ),
    );
    expect(error.message).toContain("rejected: Error: too late");
  });

  test("cleanup that was abandoned fails the test; cleanup that is slow does not", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const cleaning = (ms: number) =>
      function* () {
        createTask(function* () {
          defer(() => sleep(ms));
          yield* sleepForever();
        });
        yield* sleep(1);
      };
    const allow = ["unfinished-task"] as const;
    await runTest(cleaning(5000), { allow });
    expect(warn.mock.calls.flat().join()).toContain("has taken a second");
    await expect(runTest(cleaning(60_000), { allow })).rejects.toThrow(
      /exceeded its bound and was abandoned/,
    );
  });

  test("an error of the program comes first: what else was found stands below", async () => {
    const error = await failureOf(
      runTest(function* () {
        yield* supervise(function* (group) {
          group.createTask(function* fails() {
            throw new Error("lost");
          });
        });
        yield* sleep(1);
        throw new Error("the program's own");
      }),
    );
    expect(error.message).toBe(
      "the program's own\nBeside it: fails#2 failed, and nobody awaits it: Error: lost",
    );
    expect(error.stack).toContain("Beside it: fails#2");
  });

  test("an error that fails two tests is not told of twice", async () => {
    const constant = new Error("closed");
    const fails = function* () {
      Date.now();
      throw constant;
    };
    const first = (await failureOf(runTest(fails))).message;
    expect((await failureOf(runTest(fails))).message).toBe(first);
  });

  test("later errors that gave way are listed", async () => {
    const error = await failureOf(
      runTest(function* () {
        defer(() => {
          throw new Error("later");
        });
        throw new Error("first");
      }),
    );
    expect(error.message).toBe("first\nBeside it there was a later error: Error: later");
  });

  test("onReport hears all the same", async () => {
    const kinds: string[] = [];
    const options: RunTestOptions = {
      onReport: ({ kind }) => void kinds.push(kind),
      allow: ["task-failed"],
    };
    await runTest(
      () =>
        supervise(function* (group) {
          group.createTask(function* fails() {
            throw new Error("lost");
          });
        }),
      options,
    );
    expect(kinds).toEqual(["task-failed"]);
  });

  test("only what there is can be allowed", async () => {
    await expect(runTest(() => sleep(1), { allow: ["all" as never] })).rejects.toThrow(
      'Cannot allow "all": what can be is "unfinished-task", "host-work", "task-failed"',
    );
  });
});
