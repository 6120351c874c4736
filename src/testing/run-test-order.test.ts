import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { failureOf } from "../../tests/support/failure.ts";
import { createTask, sleep, sleepForever, taskGroup, waitFor } from "../index.ts";
import { runTest, type RunTestOptions } from "./index.ts";

beforeEach(() => void vi.stubEnv("CEDE_SEED", undefined));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("order", () => {
  const order = async (options: RunTestOptions = {}): Promise<string> => {
    const said: string[] = [];
    await runTest(
      () =>
        taskGroup(function* (group) {
          for (const name of "abcdef") {
            group.createTask(function* () {
              said.push(name);
            });
          }
        }),
      options,
    );
    return said.join("");
  };

  test("S19: is first in, first out", async () => {
    expect(await order()).toBe("abcdef");
  });

  test("S19: is shuffled by a seed, the same each time", async () => {
    const seeds = [1, 2, 3, 4, 5];
    const orders = await Promise.all(seeds.map((seed) => order({ seed })));
    expect(new Set(orders).size).toBe(5); // of 720 orders: five differ with odds of 98.6 %, and these do
    expect(await Promise.all(seeds.map((seed) => order({ seed })))).toEqual(orders);
    for (const one of orders) expect(one.split("").toSorted().join("")).toBe("abcdef");
  });

  test("is shuffled where CEDE_SEED is set, unless a test says no", async () => {
    vi.stubEnv("CEDE_SEED", "1");
    expect(await order()).toBe(await order({ seed: 1 }));
    expect(await order({ shuffle: false })).toBe("abcdef");
    vi.stubEnv("CEDE_SEED", "");
    expect(await order()).toBe("abcdef");
  });

  test.each(["abc", "-1", "1.5", "4294967296", " 1"])("CEDE_SEED=%s is none", async (value) => {
    vi.stubEnv("CEDE_SEED", value);
    await expect(order()).rejects.toThrow(
      new RangeError(
        `Cannot shuffle: CEDE_SEED is "${value}". A seed is a whole number from 0 to 4294967295.`,
      ),
    );
  });

  test("a seed decides what is drawn at random, and takes nothing from the order for it", async () => {
    const drawn = async (seed: number) => {
      const numbers: number[] = [];
      const main = function* () {
        numbers.push(Math.random(), Math.random());
      };
      await runTest(main, { seed });
      return numbers;
    };
    expect(await drawn(1)).toEqual(await drawn(1));
    expect(await drawn(1)).not.toEqual(await drawn(2));
  });

  test.each([-1, 0.5, NaN, 2 ** 32])("%s is no seed", async (seed) => {
    await expect(order({ seed })).rejects.toThrow("A seed is a whole number from 0 to 4294967295.");
  });

  test("a failure says how to run it again in this order", async () => {
    const error = await failureOf(runTest(() => waitFor(1, sleep(2)), { seed: 123 }));
    expect(error.message).toMatch(/\nShuffled with seed 123: CEDE_SEED=123 runs it again in this order\.$/);
    const own = await failureOf(runTest(() => waitFor(1, sleep(2)), { shuffle: true }));
    expect(own.message).toMatch(/\nShuffled with seed (\d+): CEDE_SEED=\1 runs/);
    const found = await failureOf(
      runTest(
        function* () {
          createTask(() => sleepForever());
          yield* sleep(1);
        },
        { seed: 7 },
      ),
    );
    expect(found.message).toMatch(/\nShuffled with seed 7: CEDE_SEED=7 runs/);
  });

  test.each([
    ["a frozen error", Object.freeze(new Error("no"))],
    ["text", "no"],
    ["undefined", undefined],
    ["a platform's error", new DOMException("no", "AbortError")],
  ])("%s is thrown as it is, and what it cannot say is printed", async (_, thrown) => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const caught: unknown = await runTest(
      function* () {
        throw thrown;
      },
      { seed: 5 },
    ).catch((error: unknown) => error);
    expect(caught).toBe(thrown);
    expect(warn.mock.calls).toEqual([
      ["cede: Shuffled with seed 5: CEDE_SEED=5 runs it again in this order."],
    ]);
  });

  test("S13: whoever is ready has a step to observe a failure, in every order", async () => {
    for (let seed = 0; seed < 50; seed++) {
      let failure: unknown;
      await runTest(
        function* () {
          const fails = createTask(function* () {
            throw new Error("no");
          });
          yield;
          try {
            yield* fails;
          } catch (error) {
            failure = error;
          }
        },
        { seed },
      );
      expect(failure).toEqual(new Error("no"));
    }
  });

  test("finds a program that relies on more than it was promised", async () => {
    const program = function* () {
      let answer = 0;
      createTask(function* computes() {
        answer = 42;
      });
      yield* createTask(function* reads() {
        if (answer === 0) throw new Error("nothing to read");
      });
    };
    await runTest(program);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, seed) => runTest(program, { seed, allow: ["unfinished-task"] })),
    );
    expect(outcomes.some(({ status }) => status === "rejected")).toBe(true);
  });
});
