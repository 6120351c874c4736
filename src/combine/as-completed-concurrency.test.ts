import { describe, expect, test } from "vitest";
import { asCompleted, createTask, moveOnAfter, sleep, type Awaitable } from "../index.ts";
import { cancelEverywhere, runVirtual, transcript } from "../testing/index.ts";
import { after } from "../../tests/support/small.ts";

describe("asCompleted with a concurrency", () => {
  test("starts so many at a time, in their order, the next one when one has ended", async () => {
    const log = transcript({ tasks: false });
    let running = 0;
    let most = 0;
    await runVirtual(function* () {
      const page = (name: string, ms: number) =>
        function* (): Awaitable<string> {
          log(`${name} begins`);
          most = Math.max(most, ++running);
          yield* sleep(ms);
          running--;
          return name;
        };
      const pages = [page("a", 30), page("b", 10), page("c", 5), page("d", 1)];
      for (const next of asCompleted(pages, { concurrency: 2 })) log(`${yield* next} is done`);
    });
    expect(log.lines).toEqual([
      "0 a begins",
      "0 b begins",
      "10 b is done", // whoever awaits it may leave the loop: then nothing more begins
      "10 c begins",
      "15 c is done",
      "15 d begins",
      "16 d is done",
      "30 a is done",
    ]);
    expect(most).toBe(2);
  });

  test("does not count tasks that are passed in: they run already", async () => {
    const results = await runVirtual(function* () {
      const mine = [createTask(after(3, "mine")), createTask(after(4, "mine, too"))];
      const results: string[] = [];
      const items = [...mine, after(5, "one"), after(5, "two")];
      for (const next of asCompleted(items, { concurrency: 1 })) results.push(yield* next);
      return results;
    });
    expect(results).toEqual(["mine", "mine, too", "one", "two"]);
  });

  test("goes on after a failure that is caught", async () => {
    const log = await runVirtual(function* () {
      const log: string[] = [];
      const failing = function* (): Awaitable<string> {
        yield* sleep(1);
        throw new Error("no");
      };
      for (const next of asCompleted([failing, after(1, "a"), after(1, "b")], { concurrency: 1 })) {
        try {
          log.push(yield* next);
        } catch (error) {
          log.push(String(error));
        }
      }
      return log;
    });
    expect(log).toEqual(["Error: no", "a", "b"]);
  });

  test("S16: starts nothing any more when its loop was left early, or cancelled", async () => {
    const log = transcript({ tasks: false });
    const item = (name: string) => (): Awaitable<string> => {
      log(name);
      return after(5, name);
    };
    await runVirtual(function* () {
      for (const next of asCompleted([item("a"), item("b"), item("c")], { concurrency: 1 })) {
        yield* next;
        break;
      }
      yield* moveOnAfter(1, function* () {
        for (const next of asCompleted([item("d"), item("e")], { concurrency: 1 })) yield* next;
      });
      yield* sleep(20);
    });
    expect(log.lines).toEqual(["0 a", "5 d"]);
  });

  test("one that cannot be started fails when its turn comes, and the others go on", async () => {
    const log = await runVirtual(function* () {
      const log: string[] = [];
      const twice = after(1, "once");
      for (const next of asCompleted([twice, twice, after(1, "after it")], { concurrency: 1 })) {
        try {
          log.push(yield* next);
        } catch (error) {
          log.push(String(error).split(":", 2).join(":"));
        }
      }
      return log;
    });
    expect(log).toEqual(["once", "InvalidStateError: Cannot await the coroutine after(…) again", "after it"]);
  });

  test("ends and leaves nothing, wherever it is cancelled", async () => {
    let open = 0;
    await cancelEverywhere(
      function* () {
        const item = function* (): Awaitable<void> {
          open++;
          try {
            yield* sleep(1);
          } finally {
            open--;
          }
        };
        for (const next of asCompleted([item, item, item, item, item], { concurrency: 2 })) yield* next;
      },
      { check: () => expect(open).toBe(0) },
    );
  });

  test.each([0, -1, 1.5, NaN, "2" as unknown as number])("of %s is a RangeError", async (concurrency) => {
    const program = runVirtual(function* () {
      for (const next of asCompleted([sleep(1)], { concurrency })) yield* next;
    });
    await expect(program).rejects.toThrow(
      new RangeError(
        `Cannot await, as completed, with a concurrency of ${concurrency}: it is a whole number from 1, or Infinity.`,
      ),
    );
  });
});
