/**
 * Permits that are lost, and programs that are right: told alike by `explore`, `runTest` and `cancelEverywhere`. Here, and
 * not beside these: what is compared are lines of the program, and there they would be lines of the library.
 */
import { describe, expect, test } from "vitest";
import {
  CapacityLimiter,
  createTask,
  moveOnAfter,
  runningLoop,
  Semaphore,
  shield,
  sleep,
  taskGroup,
  until,
  type Awaitable,
  type SemaphoreOptions,
} from "../../src/index.ts";
import { cancelEverywhere, explore, replay, runTest, type Finding } from "../../src/testing/index.ts";
import { failureOf as errorOf } from "../support/failure.ts";

/** Places without folders, lines and columns. */
const short = (text: string): string => text.replaceAll(/\S*\/lost-permits\.test\.ts:\d+:\d+/g, "here");
const causeOf = async (failing: Promise<unknown>): Promise<string> =>
  short(((await errorOf(failing)).cause as Error).message);
const allow: readonly Finding[] = ["lost-permit"];

/** The first of two that do the same is cancelled while it holds what it took. */
const cancelsOne = (use: (semaphore: Semaphore) => Awaitable<unknown>, options: SemaphoreOptions = {}) =>
  function* () {
    const semaphore = new Semaphore(2, options);
    yield* taskGroup(function* (group) {
      const first = group.createTask(() => use(semaphore), { name: "a" });
      group.createTask(() => use(semaphore), { name: "b" });
      yield;
      void first.cancel();
    });
  };

const carelessly = function* (semaphore: Semaphore): Awaitable<void> {
  yield* semaphore.acquire();
  yield* sleep(1);
  semaphore.release();
};

describe("explore and runTest find", () => {
  test.each<[string, SemaphoreOptions]>([
    ["a semaphore", {}],
    ['semaphore "db"', { name: "db" }],
  ])(
    "a permit of %s that a cancelled task has lost, where others gave back theirs",
    async (title, options) => {
      const program = cancelsOne(carelessly, options);
      const { failure } = await explore(program, { throws: false });
      const { message } = failure!.error as Error;
      expect(short(message)).toBe(
        `a#2 has ended without having given back a permit of ${title}, which it took in step 2 at here: ` +
          "it was cancelled in step 5, while it waited for sleep 1 ms. `using guard = yield* semaphore.acquire()` and " +
          "`yield* semaphore.with(body)` give it back whatever happens.\n" +
          'What is meant to be so: `allow: ["lost-permit"]`.',
      );
      const again = await replay(program, failure!.replay, { throws: false });
      expect(again?.error).toEqual(failure!.error);
      const error = await errorOf(runTest(program));
      expect(error.message).toContain(
        `a#2 has ended without having given back a permit of ${title}, which it took at`,
      );
    },
  );

  test("a permit for which its task has waited", async () => {
    const program = function* () {
      const semaphore = new Semaphore(1);
      const use = () => carelessly(semaphore);
      yield* taskGroup(function* (group) {
        group.createTask(use);
        const second = group.createTask(use, { name: "second" });
        yield* sleep(1);
        yield* sleep(0);
        yield* second.cancel();
      });
    };
    const error = await errorOf(runTest(program));
    expect(error.message).toContain("second#3 has ended without having given back a permit");
  });

  test("a permit that a timeout around a part of a task has lost", async () => {
    const program = function* () {
      const semaphore = new Semaphore(3);
      yield* taskGroup(function* (group) {
        for (const ms of [1, 3]) {
          group.createTask(function* worker() {
            yield* moveOnAfter(2, function* () {
              yield* semaphore.acquire();
              yield* sleep(ms);
              semaphore.release();
            });
          });
        }
      });
    };
    const { failure } = await explore(program, { throws: false });
    expect((failure!.error as Error).message).toContain(
      "worker#3 has ended without having given back a permit",
    );
  });

  test("a token that a task was lent itself, and has not given back", async () => {
    const program = function* () {
      const limiter = new CapacityLimiter(1);
      yield* moveOnAfter(1, function* () {
        yield* limiter.acquire();
        yield* sleep(5);
        limiter.release();
      });
    };
    const { failure } = await explore(program, { throws: false });
    expect((failure!.error as Error).message).toContain("main#1 has ended without having given back a token");
    expect(short((await errorOf(runTest(program))).message)).toBe(
      "Cannot pass: main has ended well, but\n" +
        "  main#1 has ended without having given back a token of a capacity limiter, which it took at " +
        "here: it was cancelled, while it waited for sleep 5 ms. " +
        "`using guard = yield* limiter.acquire()` and `yield* limiter.with(body)` give it back whatever happens.\n" +
        'What is meant to be so: `allow: ["lost-permit"]`.',
    );
  });
});

test("a lost permit may be allowed, everywhere by the same name", async () => {
  const program = cancelsOne(carelessly);
  await runTest(program, { allow });
  await explore(program, { allow });
  await cancelEverywhere(program, { allow });
  const { failure } = await explore(program, { throws: false });
  expect(await replay(program, failure!.replay, { allow, throws: false })).toBeUndefined();
});

test.each([
  ["explore", (wrong: Finding) => explore(() => sleep(1), { allow: [wrong] })],
  ["cancelEverywhere", (wrong: Finding) => cancelEverywhere(() => sleep(1), { allow: [wrong] })],
])("%s can be allowed only what there is", async (_, run) => {
  await expect(run("permits" as Finding)).rejects.toThrow(
    'Cannot allow "permits": what can be is "unfinished-task"',
  );
});

describe("no permit is lost", () => {
  const right = async (
    program: () => Awaitable<unknown>,
    allowed: readonly Finding[] = [],
  ): Promise<void> => {
    await runTest(program, { allow: allowed });
    await explore(program, { budget: { schedules: 200 } });
  };

  /** Whoever takes what a writer has put gives the place back. Another one may find that it has nothing to put. */
  const buffer = (reserve: (places: Semaphore) => Awaitable<unknown>) =>
    function* () {
      const places = new Semaphore(3);
      const items: string[] = [];
      yield* taskGroup(function* (group) {
        const writer = group.createTask(function* writer() {
          yield* reserve(places);
          items.push("job");
          yield* sleep(5);
        });
        group.createTask(function* prober() {
          yield* reserve(places);
          yield* sleep(1);
          places.release();
        });
        yield* sleep(2);
        yield* writer.cancel();
      });
    };

  test("where it counts the free places of a buffer, and a writer is cancelled that has put its item", async () => {
    await right(buffer((places) => places.acquire()));
    await right(
      buffer(function* reserve(places) {
        yield* places.acquire();
      }),
    );
  });

  test("where it is kept on purpose, and others give back theirs", async () => {
    await right(function* () {
      const semaphore = new Semaphore(3);
      const kept: unknown[] = [];
      yield* taskGroup(function* (group) {
        const keeper = group.createTask(function* keeper() {
          kept.push(yield* semaphore.acquire());
          yield* sleep(5);
        });
        group.createTask(() => semaphore.with(() => sleep(1)));
        yield* sleep(1);
        yield* keeper.cancel();
      });
    });
  });

  test("where it is given back, or where nobody shows that it was to be", async () => {
    const { exhausted } = await explore(cancelsOne((semaphore) => semaphore.with(() => sleep(1))));
    expect(exhausted).toBe(true);
    await right(
      cancelsOne(function* (semaphore) {
        yield* semaphore.acquire();
        yield* sleep(1);
      }),
    );
  });

  test("where main has ended before its task is cancelled: nobody is left who would want it", async () => {
    await right(
      function* () {
        const semaphore = new Semaphore(3);
        const use = function* (ms: number) {
          yield* semaphore.acquire();
          yield* sleep(ms);
          semaphore.release();
        };
        createTask(() => use(100));
        yield* createTask(() => use(1));
      },
      ["unfinished-task"],
    );
  });
});

describe("a permit for each task that is created", () => {
  const bounded = (
    options: { start?: "always" },
    giveBack: (semaphore: Semaphore) => () => Awaitable<unknown>,
  ) =>
    function* () {
      const slots = new Semaphore(2, { name: "slots" });
      yield* taskGroup(function* (group) {
        for (let n = 0; n < 3; n++) {
          yield* slots.acquire();
          group.createTask(giveBack(slots), { name: "load", ...options });
        }
      });
    };
  const inFinally = (slots: Semaphore) =>
    function* () {
      try {
        yield* sleep(1);
      } finally {
        slots.release();
      }
    };

  test("is lost where one is cancelled before its first step", async () => {
    const cause = await causeOf(cancelEverywhere(bounded({}, inFinally), { by: "signal" }));
    expect(cause.split("\n")[0]).toBe(
      'load#2 has not given back a permit of semaphore "slots", which main#1 took in step 1 at here and which it gives ' +
        "back when nothing is cancelled: it was cancelled at its first step. Create it with " +
        '`{ start: "always" }`, and give it back in a `finally`; or let the task take it, with `semaphore.with(body)`.',
    );
  });

  test("is not, where each of them begins", async () => {
    await cancelEverywhere(bounded({ start: "always" }, inFinally), { schedules: 3 });
  });

  test("is lost where one is cancelled on its way", async () => {
    const careless = (slots: Semaphore) =>
      function* () {
        yield* sleep(1);
        slots.release();
      };
    const cause = await causeOf(cancelEverywhere(bounded({ start: "always" }, careless), { by: "signal" }));
    expect(cause).toMatch(/^load#2 has not given back a permit of semaphore "slots"/);
  });

  test("is not what a producer takes that creates its consumer", async () => {
    await cancelEverywhere(
      function* () {
        const places = new Semaphore(2);
        const items: number[] = [];
        yield* taskGroup(function* (group) {
          for (const item of [1, 2, 3]) {
            yield* places.acquire();
            items.push(item);
            if (item > 1) continue;
            group.createTask(function* consumer() {
              for (let n = 0; n < 3; n++) {
                while (items.length === 0) yield* sleep(1);
                items.shift();
                places.release();
              }
            });
          }
        });
      },
      { schedules: 5 },
    );
  });
});

describe("cancelEverywhere tells of what was left", () => {
  test("who waited for a promise, and where, with the steps", async () => {
    const { message } = await errorOf(
      cancelEverywhere(
        function* () {
          yield* until(new Promise<void>((resolve) => setTimeout(resolve, 20)));
        },
        { by: "signal" },
      ),
    );
    expect(short(message)).toMatchInlineSnapshot(`
      "The program leaves a promise unsettled when it is cancelled at point 2:
        awaited by main#1, at here
      Stop the work with \`call\`, or allow it: { allow: ["host-work"] }.

      step   main#1
         1   waits for a promise
         2   is cancelled here, ends, cancelled

      To run it again: replay(main, "1::0!2:2:dr")"
    `);
  });

  test("who has asked for a call that is still to come, and where", async () => {
    const program = function* () {
      const call = runningLoop().callLater(1000, () => {});
      yield* sleep(1);
      call.cancel();
    };
    expect(await causeOf(cancelEverywhere(program, { by: "signal" }))).toMatchInlineSnapshot(
      `"The program left something behind: a call at 1000 ms was still to come that main#1 had asked for at here."`,
    );
    await cancelEverywhere(program, { allow: ["call-later"] });
  });

  test("who goes on and on, with the first and the last steps", async () => {
    const { message } = await errorOf(
      cancelEverywhere(
        function* () {
          try {
            yield* sleep(1);
          } finally {
            yield* shield(function* () {
              for (;;) yield;
            });
          }
        },
        { by: "signal" },
      ),
    );
    expect(message).toMatch(
      /^The program does not end when it is not cancelled: it has taken 100000 steps, and there are still\n {2}main#1 \(ready\)\n\nstep/,
    );
    expect(message).toMatch(/… 99\d+ steps …[^]*To run it again: replay\(main, "/);
  });
});
