import { describe, expect, test } from "vitest";
import {
  asCompleted,
  cede,
  coroutine,
  createTask,
  currentTask,
  Future,
  InvalidStateError,
  moveOnAfter,
  sleep,
  sleepForever,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import { after } from "../../tests/support/small.ts";

const tidily = coroutine(function* tidily(log: (message: string) => void, ms: number): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    yield* sleep(ms);
    log("tidied");
  }
});
function tidy(log: (message: string) => void, ms: number): Awaitable<never> {
  return tidily(log, ms);
}

describe("leaving the loop early", () => {
  test("S16: cancels at once what was started", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(
      coroutine(function* main() {
        for (const next of asCompleted([after(10, "x"), tidy(log, 5)])) {
          log(yield* next);
          break;
        }
        yield* sleep(2);
        log("went on");
      }),
    );
    expect(log.lines).toEqual(["10 x", "12 went on", "15 tidied"]);
  });

  test("S16: the frame that called it ends only after the cleanup", async () => {
    const log = transcript({ tasks: false });
    const fastest = coroutine(function* fastest() {
      for (const next of asCompleted([after(10, "x"), tidy(log, 5), tidy(log, 9)])) return yield* next;
    });
    await runVirtual(function* () {
      log(`got ${yield* fastest()}`);
    });
    expect(log.lines).toEqual(["15 tidied", "19 tidied", "19 got x"]);
  });

  test("S16: tasks and futures that were passed in are left alone", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const task = createTask(after(50, "task"));
      const future = new Future<string>();
      yield* coroutine(function* inner() {
        for (const next of asCompleted([after(10, "x"), task, future])) {
          log(yield* next);
          break;
        }
      })();
      future.setResult("future");
      log(yield* future);
      log(yield* task);
    });
    expect(log.lines).toEqual(["10 x", "10 future", "50 task"]);
  });

  test("S16: cancelling the frame cancels and awaits what was started", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      yield* moveOnAfter(
        10,
        coroutine(function* body() {
          for (const next of asCompleted([tidy(log, 5), tidy(log, 1)])) yield* next;
        }),
      );
      log("moved on");
    });
    expect(log.lines).toEqual(["11 tidied", "15 tidied", "15 moved on"]);
  });

  // It waited for ever: nobody was left to complete it.
  test("by destructuring is explained where the first one is awaited", async () => {
    const program = runVirtual(function* () {
      const [first] = asCompleted([after(1, "a"), after(2, "b")]);
      return yield* first!;
    });
    await expect(program).rejects.toThrow(
      new InvalidStateError(
        "Cannot await what is completed next: the loop over it, or the coroutine that called `asCompleted`, was " +
          "left, and what had not ended is cancelled. Await inside the loop; `[...asCompleted(…)]` takes all at once.",
      ),
    );
  });

  test("tells other tasks that await the next one", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const other = coroutine(function* other(next: Awaitable<string>) {
        try {
          yield* next;
        } catch (error) {
          log(String(error).slice(0, 55));
        }
      });
      yield* coroutine(function* left() {
        const [one, two] = [...asCompleted([after(10, "a"), after(20, "b")])];
        createTask(other(two!));
        log(yield* one!);
      })();
      yield* sleep(1);
    });
    expect(log.lines).toEqual(["10 a", "10 InvalidStateError: Cannot await what is completed next:"]);
  });

  test("S16: a loop inside another, which ends before it, leaves the outer one's rest to the frame", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      yield* coroutine(function* both() {
        for (const next of asCompleted([after(10, "outer"), tidy(log, 5)])) {
          log(yield* next);
          for (const inner of asCompleted([after(1, "inner")])) log(yield* inner);
          return;
        }
      })();
      log("left");
    });
    expect(log.lines).toEqual(["10 outer", "11 inner", "16 tidied", "16 left"]);
  });

  test("S16: a frame that is left with several open ones cancels and awaits them all", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      yield* coroutine(function* several() {
        for (const ms of [1, 2, 3]) void asCompleted([tidy(log, ms)]);
        yield;
      })();
      log("left");
    });
    expect(log.lines).toEqual(["3 tidied", "5 tidied", "6 tidied", "6 left"]);
  });

  test("a loop that ended leaves nothing with its frame and task, however often it is run", async () => {
    await runVirtual(
      coroutine(function* main() {
        const early = coroutine(function* early() {
          for (const next of asCompleted([cede(), sleepForever()])) return yield* next;
        });
        for (let i = 0; i < 100; i++) {
          for (const next of asCompleted([cede(), cede()])) yield* next;
          yield* early();
        }
        const { top, firstChild, marks } = currentTask() as unknown as Record<
          "top" | "firstChild" | "marks",
          unknown
        >;
        expect([(top as { exits: unknown }).exits, firstChild, marks]).toEqual([null, null, 0]);
      }),
    );
  });

  const failing = coroutine(function* failing(ms: number): Awaitable<never> {
    yield* sleep(ms);
    throw new Error(`after ${ms}`);
  });
  /** What a program reports as late. */
  async function lateErrors(main: () => Awaitable<unknown>): Promise<string[]> {
    const reports: string[] = [];
    await runVirtual(main, {
      onReport: ({ kind, message }) => reports.push(`${kind}: ${message.replace(/#\d+/g, "")}`),
    });
    return reports;
  }
  const told = (ms: number) =>
    "late-error: A loop over asCompleted was left before it came to the failure of failing: " +
    `Error: after ${ms}`;

  // Nobody ever heard of them.
  test("S12: failures that it did not come to are told", async () => {
    const reports = await lateErrors(function* () {
      for (const next of asCompleted([after(1, "a"), failing(1), failing(2), after(3, "b"), failing(9)])) {
        yield* next;
        yield* sleep(5);
        break;
      }
    });
    expect(reports).toEqual([told(1), told(2)]);
  });

  test("S12: failures that nobody awaited are told when the frame is left", async () => {
    const reports = await lateErrors(function* () {
      yield* coroutine(function* forgetful() {
        const [first] = [...asCompleted([after(1, "a"), failing(2)])];
        yield* first!;
        yield* sleep(5);
      })();
      yield* sleep(1);
    });
    expect(reports).toEqual([told(2)]);
  });

  test("S12: a failure that was awaited, or is another's, is not told", async () => {
    const reports = await lateErrors(function* () {
      const mine = createTask(failing(2));
      for (const next of asCompleted([failing(1), mine, after(9, "a")])) {
        try {
          yield* next;
        } catch {
          yield* sleep(5);
          break;
        }
      }
      expect(String(mine.error())).toBe("Error: after 2");
    });
    expect(reports).toEqual([]);
  });

  test("S16: a loop that awaits nothing leaves nothing behind", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(
      coroutine(function* main() {
        yield* coroutine(function* forgetful() {
          for (const next of asCompleted([tidy(log, 5)])) void next;
          yield;
        })();
        log("left");
      }),
    );
    expect(log.lines).toEqual(["5 tidied", "5 left"]);
  });
});
