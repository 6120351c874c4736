import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  cede,
  createTask,
  currentTask,
  Future,
  race,
  runningLoop,
  sleep,
  timeout,
  TimeoutError,
  until,
  type Awaitable,
} from "../index.ts";
import { park, type ParkedWait } from "../lowlevel.ts";
import { explore, replay, watch, type ExploreOptions } from "./index.ts";
import { failureOf, lostUpdate, sideBySide, steps } from "../../tests/support/explored.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";

/** A lock that is handed on in order, and knows who has it. */
class Lock {
  #holder: ReturnType<typeof currentTask> = undefined;
  #waiting: [ParkedWait<void>, NonNullable<ReturnType<typeof currentTask>>][] = [];
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }
  *acquire(): Awaitable<void> {
    const task = currentTask()!;
    if (this.#holder !== undefined) {
      yield* park<void>(
        { label: `lock ${this.#name}`, holders: () => (this.#holder === undefined ? [] : [this.#holder]) },
        (wait) => {
          this.#waiting.push([wait, task]);
        },
      );
    }
    this.#holder = task;
  }
  release(): void {
    this.#holder = undefined;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#holder = next[1];
      if (next[0].complete()) return;
    }
    this.#holder = undefined;
  }
}

describe("explore", () => {
  test("finds the lost update, and shows who read what when", async () => {
    const failure = (await failureOf(lostUpdate(() => cede())))!;
    expect(failure.error).toEqual(new Error("The balance is 110, not 130."));
    expect(failure.table).toMatchInlineSnapshot(`
      "step   main#1                                deposit#2                          deposit#3
         1   creates deposit#2, creates deposit#3
             waits for group "tasks", 2 of 2 left
         2                                         account.balance is 100, gives way
         3 >                                                                          account.balance is 100, gives way
         4                                                                            account.balance = 120, ends
         5                                         account.balance = 110, ends
         6   account.balance is 110
             account.balance is 110, fails

      > out of turn: another task could have gone on, or was ready before
      ! step 5: deposit#2 sets account.balance by the 100 that it read in step 2, and overwrites the 120 of step 4 (deposit#3)"
    `);
  });

  test("throws the picture and how to run it again, with the program's error as its cause", async () => {
    const error = await explore(lostUpdate(() => sleep(1))).catch((error: unknown) => error as Error);
    expect((error as Error).cause).toEqual(new Error("The balance is 120, not 130."));
    expect((error as Error).message).toMatch(
      /^The program fails in the 1st schedule: Error: The balance is 120, not 130\.\n\nstep {3}main#1[^]*\n\nTo run it again: replay\(main, "1:[^"]+"\)$/,
    );
  });

  test.each([
    [1, 1, 2],
    [2, 2, 6],
    [3, 3, 20],
    [2, 5, 21],
    [5, 5, 252],
  ])("has C(m + n, n) orders of two tasks of %i and %i steps: %i", async (m, n, count) => {
    const main = sideBySide(steps(m), steps(n));
    const options = { strategy: "depth-first", budget: { schedules: 1000 } } as const;
    expect(await explore(main, options)).toEqual({
      schedules: count,
      exhausted: true,
      orders: count,
      notSearched: [],
    });
  });

  test("goes through each order once", async () => {
    const orders: string[] = [];
    await explore(
      function* () {
        const order: string[] = [];
        const walk = (name: string) =>
          function* () {
            order.push(name);
            yield;
            order.push(name);
          };
        yield* sideBySide(walk("a"), walk("b"))();
        orders.push(order.join(""));
      },
      { strategy: "depth-first" },
    );
    expect(orders.sort()).toEqual(["aabb", "abab", "abba", "baab", "baba", "bbaa"]);
  });

  test("says that it has seen all there are, and otherwise what it has not searched", async () => {
    const main = sideBySide(steps(4), steps(4));
    expect(await explore(main)).toMatchObject({ exhausted: true, notSearched: [] });
    expect(await explore(main, { budget: { schedules: 20 } })).toEqual({
      schedules: 20,
      exhausted: false,
      notSearched: [
        "orders beyond the budget",
        "schedules that were still to be tried when the budget was used up",
      ],
    });
    expect(await explore(main, { strategy: "depth-first", switches: 1 })).toMatchObject({
      exhausted: false,
      notSearched: ["schedules with more than 1 preemption"],
    });
    expect(await explore(main, { strategy: "random-walk", budget: { schedules: 20 } })).toMatchObject({
      schedules: 20,
      exhausted: false,
      notSearched: ["orders beyond the budget"],
    });
  });

  test.each(["portfolio", "depth-first", "random-walk", "priorities", "partial-order", "uniform"] as const)(
    "finds what needs three tasks in a certain order, by %s",
    async (strategy) => {
      const main = function* () {
        let state = 0;
        const move = (from: number) =>
          function* () {
            yield;
            if (state === from) state++;
          };
        yield* sideBySide(move(2), move(1), move(0))();
        if (state === 3) throw new Error("in order");
      };
      expect((await failureOf(main, { strategy }))?.error).toEqual(new Error("in order"));
    },
  );

  test("finds the circle of two locks", async () => {
    const failure = await failureOf(function* () {
      const [a, b] = [new Lock("a"), new Lock("b")];
      const both = (first: Lock, second: Lock) =>
        function* () {
          yield* first.acquire();
          yield;
          yield* second.acquire();
          second.release();
          first.release();
        };
      yield* sideBySide(both(a, b), both(b, a))();
    });
    expect(String(failure!.error)).toMatch(
      /^DeadlockError: .*in a circle[^]*waits for lock b[^]*waits for lock a/,
    );
  });

  test("finds a wait that nobody ends, at once where nothing real is under way", async () => {
    const failure = await failureOf(function* () {
      const ready = new Future<void>("ready");
      let checked = false;
      createTask(function* () {
        if (checked) ready.setResult(); // the mistake: whoever looks first is never told
      });
      yield;
      checked = true;
      yield* ready;
    });
    expect(String(failure!.error)).toMatch(/^DeadlockError/);
  });

  test("decides which of two equal deadlines passes first", async () => {
    const outcomes = new Set<string>();
    const report = await explore(function* () {
      try {
        yield* timeout(10, () => sleep(10));
        outcomes.add("slept");
      } catch (error) {
        outcomes.add((error as TimeoutError).name);
      }
    });
    expect([...outcomes].sort()).toEqual(["TimeoutError", "slept"]);
    expect(report.exhausted).toBe(true);
  });

  test("finds what is left behind", async () => {
    const failure = await failureOf(function* () {
      runningLoop().callLater(1000, () => {});
    });
    expect(failure!.error).toEqual(
      new Error(
        "The program left something behind: a call at 1000 ms was still to come that main#1 had asked for.",
      ),
    );
  });

  test.each([["text"], [undefined], [null], [Object.freeze(new Error("frozen"))]])(
    "finds what is thrown, be it %o",
    async (thrown) => {
      const failure = await failureOf(function* () {
        throw thrown;
      });
      expect(failure).toMatchObject({ error: thrown, schedule: 1, preemptions: 0 });
    },
  );

  test("shrinks to the switches that matter", async () => {
    const failure = (await failureOf(
      function* () {
        let step = 0;
        const noise = steps(6);
        yield* sideBySide(
          noise,
          function* victim() {
            for (let i = 0; i < 6; i++) {
              const before = step;
              yield;
              if (step !== before) throw new Error("disturbed");
            }
          },
          noise,
          function* culprit() {
            yield;
            step++;
          },
        )();
      },
      { strategy: "random-walk" },
    ))!;
    expect(failure.preemptions).toBeLessThanOrEqual(1);
  });

  test("cuts short what never ends, and says so", async () => {
    const report = await explore(
      function* () {
        for (;;) yield;
      },
      { budget: { schedules: 3 }, maxSteps: 100 },
    );
    expect(report).toMatchObject({
      schedules: 3,
      exhausted: false,
    });
    expect(report.notSearched).toContain("the rest of 3 schedules of more than 100 steps (maxSteps)");
  });

  test("has whoever waits busily give way, and says so", async () => {
    const report = await explore(
      function* () {
        let flag = false;
        yield* sideBySide(
          function* () {
            while (!flag) yield;
          },
          function* () {
            yield;
            flag = true;
          },
        )();
      },
      { strategy: "depth-first", budget: { schedules: 50 } },
    );
    expect(report.notSearched.join()).toMatch(
      /in which a task would have run on and on while others were ready/,
    );
  });

  test("gives the program a date that its clock decides, and chance that a seed decides", async () => {
    const seen = new Set<string>();
    await explore(
      function* () {
        const start = Date.now();
        yield* sleep(5);
        seen.add(`${Math.random()} ${Date.now() - start} ${new Date().getFullYear()}`);
      },
      { strategy: "random-walk", budget: { schedules: 5 } },
    );
    expect([...seen]).toHaveLength(1);
    expect([...seen][0]).toMatch(/^0\.\d+ 5 2000$/);
  });

  test("replays what hangs on chance", async () => {
    const main = function* () {
      if (Math.random() < 0.5) yield;
      throw new Error(`${Math.random()}`);
    };
    const failure = (await failureOf(main, { seed: 7 }))!;
    expect(await replay(main, failure.replay, { throws: false })).toMatchObject({ error: failure.error });
  });

  test("runs programs that wait for real promises, and says that nobody decides when they settle", async () => {
    const report = await explore(
      function* () {
        yield* until(Promise.resolve());
        yield* timeout(1000, () => until(new Promise((resolve) => setTimeout(resolve, 1))));
      },
      { budget: { schedules: 2 }, strategy: "random-walk" },
    );
    expect(report.notSearched).toEqual([
      "orders beyond the budget",
      "when the outside answers, which nobody here decides about: main#1 (a promise) waited for it",
      "when setTimeout calls back, which main#1 uses: use `sleep`",
    ]);
  });

  test("tells a program that fails by its own state, not by the order", async () => {
    let runs = 0;
    const failure = await failureOf(
      function* () {
        if (++runs === 2) throw new Error("the second time");
      },
      { strategy: "random-walk" },
    );
    expect(failure!.error).toMatchObject({
      message: expect.stringContaining("not each time that it is run in the same order") as unknown,
      cause: new Error("the second time"),
    });
  });

  test("S13: gives whoever is ready a step to await a task that has failed", async () => {
    const report = await explore(function* () {
      const failing = createTask(function* () {
        throw new Error("failed");
      });
      yield;
      try {
        yield* failing;
      } catch {}
    });
    expect(report).toMatchObject({ exhausted: true });
  });

  test("lets tasks lose a race, and finds nothing to complain of", async () => {
    const report = await explore(function* () {
      yield* race([() => sleep(1), () => sleep(1), () => cede()]);
    });
    expect(report).toMatchObject({ exhausted: true });
  });

  test("does not stop the platform for long, and keeps to its time", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const report = await explore(sideBySide(steps(20), steps(20), steps(20)), { budget: { ms: 100 } });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
    expect(report.schedules).toBeGreaterThan(0);
  });

  test("writes a trace, a line of JSON for each event", async () => {
    const file = join(temporaryFolder(), "lost-update.cedetrace");
    const failure = await failureOf(
      lostUpdate(() => cede()),
      { trace: file },
    );
    const lines = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ type: "trace", version: 1, clock: "virtual", seed: 1 });
    expect(lines.slice(1)).toEqual(JSON.parse(JSON.stringify(failure!.trace)));
    expect(new Set(lines.map(({ type }) => type))).toEqual(
      new Set(["trace", "spawn", "choice", "step", "wait", "wake", "variable", "done"]),
    );
  });

  test.each<[ExploreOptions, string]>([
    [
      { budget: { schedules: 0 } },
      "Cannot explore with a budget of 0 schedules: give a number greater than 0.",
    ],
    [
      { budget: { ms: NaN } },
      "Cannot explore with a budget of NaN milliseconds: give a number greater than 0.",
    ],
    [{ strategy: "luck" as never }, 'Cannot explore by "luck": there is no such strategy.'],
  ])("refuses %o", async (options, message) => {
    await expect(explore(() => cede(), options)).rejects.toThrow(message);
  });
});

test("what is watched is the object itself where nobody looks", () => {
  const object = { a: 1 };
  expect(watch(object)).toBe(object);
});
