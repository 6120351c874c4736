/** What a cancellation must not leave: permits, tokens, timers of the platform. Each with a program that is right. */
import { afterEach, describe, expect, test } from "vitest";
import { failureOf } from "../../tests/support/failure.ts";
import {
  CapacityLimiter,
  cede,
  createTask,
  moveOnAfter,
  Semaphore,
  shield,
  sleep,
  taskGroup,
  until,
  type Awaitable,
} from "../index.ts";
import { cancelEverywhere, explore, replay } from "./index.ts";

const causeOf = async (failing: Promise<unknown>): Promise<string> =>
  ((await failureOf(failing)).cause as Error).message;

/** The body of tasks that use a semaphore, each of which is to give back what it takes. */
const users = (permits: number, use: (semaphore: Semaphore) => Awaitable<unknown>) =>
  function* () {
    const semaphore = new Semaphore(permits, { name: "db" });
    yield* taskGroup(function* (group) {
      for (let n = 0; n < 2; n++) {
        group.createTask(() => use(semaphore), { name: "user" });
      }
    });
  };

const careless = users(1, function* (semaphore) {
  yield* semaphore.acquire();
  yield* sleep(1);
  semaphore.release();
});

describe("a permit that is lost where a cancellation falls between", () => {
  test("is found, with who took it, and where that was cancelled", async () => {
    const error = await failureOf(cancelEverywhere(careless, { by: "signal" }));
    expect(error.message).toMatchInlineSnapshot(`
      "The program fails when it is cancelled at point 4.

      step   main#1                                user#2                              user#3
         1   creates user#2, creates user#3
             waits for group "tasks", 2 of 2 left
         2                                         waits for sleep 1 ms
         3                                                                             is cancelled here, ends, cancelled
         4                                         is cancelled here, ends, cancelled
         5   ends, cancelled

      To run it again: replay(main, "1::0!4:5:ddfdt")"
    `);
    expect((error.cause as Error).message).toMatchInlineSnapshot(
      `
      "user#2 has ended without having given back a permit of semaphore "db", which it took in step 2: it was cancelled in step 4, while it waited for sleep 1 ms. \`using guard = yield* semaphore.acquire()\` and \`yield* semaphore.with(body)\` give it back whatever happens.
      What is meant to be so: \`allow: ["lost-permit"]\`."
    `,
    );
  });

  test("is found by `replay`, too", async () => {
    const { message } = await failureOf(cancelEverywhere(careless));
    const schedule = /replay\(main, "(.*)"\)/.exec(message)![1]!;
    const failure = await replay(careless, schedule, { throws: false });
    expect((failure!.error as Error).message).toContain('a permit of semaphore "db"');
  });

  test("is found where a deadline cancels a part of a task", async () => {
    const program = function* () {
      const semaphore = new Semaphore(2);
      yield* semaphore.acquire(2);
      yield* sleep(1);
      semaphore.release(2);
    };
    expect(await causeOf(cancelEverywhere(program, { by: "deadline" }))).toMatchInlineSnapshot(
      `
      "main#1 has ended without having given back 2 permits of a semaphore, which it took in step 1: it was cancelled in step 2, while it waited for sleep 1 ms. \`using guard = yield* semaphore.acquire()\` and \`yield* semaphore.with(body)\` give it back whatever happens.
      What is meant to be so: \`allow: ["lost-permit"]\`."
    `,
    );
  });

  test("may be allowed, by its name, or as any error where a program is cancelled", async () => {
    await cancelEverywhere(careless, { allow: ["lost-permit"] });
    await cancelEverywhere(careless, {
      allowError: (error) => String(error).includes("permit of semaphore"),
    });
  });

  test.each<[string, (semaphore: Semaphore) => Awaitable<unknown>]>([
    ["`with`", (semaphore) => semaphore.with(() => sleep(1))],
    [
      "`using`",
      function* (semaphore) {
        using _guard = yield* semaphore.acquire();
        yield* sleep(1);
      },
    ],
    [
      "`finally`",
      function* (semaphore) {
        yield* semaphore.acquire();
        try {
          yield* sleep(1);
        } finally {
          yield* shield(() => cede()); // also on the normal way out
          semaphore.release();
        }
      },
    ],
    [
      "the guard, in another task",
      function* (semaphore) {
        const guard = yield* semaphore.acquire();
        try {
          yield* createTask(function* () {
            yield* sleep(1);
            guard.release();
          });
        } finally {
          guard.release();
        }
      },
    ],
  ])("is none where %s gives it back", async (_, use) => {
    await cancelEverywhere(users(1, use), { schedules: 5 });
  });

  test("is none where a semaphore counts the free places of a buffer", async () => {
    const program = function* () {
      const places = new Semaphore(2);
      const items: number[] = [];
      yield* taskGroup(function* (group) {
        group.createTask(function* producer() {
          for (const item of [1, 2, 3]) {
            yield* places.acquire();
            items.push(item);
            yield;
          }
        });
        group.createTask(function* consumer() {
          for (let n = 0; n < 3; n++) {
            while (items.length === 0) yield* sleep(1);
            items.shift();
            places.release();
          }
        });
      });
    };
    await cancelEverywhere(program, { schedules: 5 });
    await explore(program, { budget: { schedules: 300 } });
  });

  test("is none where a semaphore is a signal", async () => {
    await cancelEverywhere(
      function* () {
        const signal = new Semaphore(0, { max: Infinity });
        yield* taskGroup(function* (group) {
          group.createTask(function* () {
            for (let n = 0; n < 3; n++) {
              yield* signal.acquire();
              yield* sleep(1);
            }
          });
          for (let n = 0; n < 3; n++) {
            yield* sleep(2);
            signal.release();
          }
        });
      },
      { schedules: 5 },
    );
  });

  test("is none where the program keeps it when it is not cancelled, either", async () => {
    await cancelEverywhere(function* () {
      const kept = new Semaphore(1);
      yield* kept.acquire();
      yield* sleep(1);
    });
  });

  test("is none where a callback of the host gives it back, of which nobody hears", async () => {
    await cancelEverywhere(
      function* () {
        const semaphore = new Semaphore(2);
        yield* semaphore.with(() => sleep(1));
        yield* semaphore.acquire();
        const released = Promise.resolve().then(() => semaphore.release());
        yield* until(released);
      },
      { allow: ["host-work"] },
    );
  });

  test("is none of a semaphore that is used only when the program is cancelled", async () => {
    await cancelEverywhere(function* () {
      const used = new Semaphore(1, { name: "used" });
      const kept = new Semaphore(1, { name: "kept" });
      let done = false;
      try {
        yield* sleep(1);
        yield* used.with(() => sleep(1));
        done = true;
      } finally {
        if (!done) kept.tryAcquire();
      }
    });
  });

  test("is none where somebody else gives it back after the cancellation", async () => {
    await cancelEverywhere(function* () {
      const semaphore = new Semaphore(1);
      try {
        yield* createTask(function* () {
          yield* semaphore.acquire();
          yield* sleep(1);
          semaphore.release();
        });
      } finally {
        if (semaphore.available === 0) semaphore.release();
      }
    });
  });
});

describe("a token of a limiter that is lost", () => {
  test("is found", async () => {
    const program = function* () {
      const limiter = new CapacityLimiter(1, { name: "disk" });
      yield* limiter.acquire("somebody");
      yield* sleep(1);
      limiter.release("somebody");
    };
    expect(await causeOf(cancelEverywhere(program, { by: "signal" }))).toMatchInlineSnapshot(
      `
      "main#1 has ended without having given back a token of capacity limiter "disk", which it took in step 1: it was cancelled in step 2, while it waited for sleep 1 ms. \`using guard = yield* limiter.acquire()\` and \`yield* limiter.with(body)\` give it back whatever happens.
      What is meant to be so: \`allow: ["lost-permit"]\`."
    `,
    );
  });

  test("is none where it is given back whatever happens, or kept on purpose", async () => {
    await cancelEverywhere(function* () {
      const limiter = new CapacityLimiter(1);
      yield* limiter.with(() => sleep(1));
      yield* limiter.acquire("kept");
      yield* sleep(1);
    });
  });
});

describe("explore finds", () => {
  test("a token that a cancelled task was lent itself", async () => {
    const program = function* () {
      const limiter = new CapacityLimiter(1);
      yield* moveOnAfter(1, function* () {
        yield* limiter.acquire();
        yield* sleep(2);
        limiter.release();
      });
    };
    const { failure } = await explore(program, { throws: false });
    expect((failure!.error as Error).message).toMatchInlineSnapshot(
      `
      "main#1 has ended without having given back a token of a capacity limiter, which it took in step 1: it was cancelled in step 2, while it waited for sleep 2 ms. \`using guard = yield* limiter.acquire()\` and \`yield* limiter.with(body)\` give it back whatever happens.
      What is meant to be so: \`allow: ["lost-permit"]\`."
    `,
    );
  });

  test("an interval of the platform that a cancelled task has left, and no timeout", async () => {
    const program = (set: () => () => void) =>
      function* () {
        yield* moveOnAfter(1, function* () {
          const clear = set();
          yield* sleep(2);
          clear();
        });
      };
    const { failure } = await explore(
      program(() => {
        const timer = setInterval(() => {}, 50_000);
        return () => clearInterval(timer);
      }),
      { throws: false },
    );
    expect((failure!.error as Error).message).toMatchInlineSnapshot(
      `
      "main#1 has not cleared an interval of 50000 ms (\`setInterval\`): it was cancelled in step 2, while it waited for sleep 2 ms.
      Clear it in a \`finally\`, or use \`interval\`. What is meant to be so: \`allow: ["real-timer"]\`."
    `,
    );
    await explore(
      program(() => {
        const timer = setTimeout(() => {}, 10);
        return () => clearTimeout(timer);
      }),
    );
  });
});

describe("a timer of the platform", () => {
  const timers: NodeJS.Timeout[] = [];
  afterEach(() => timers.splice(0).forEach((timer) => clearTimeout(timer)));

  test("that is left where the program is cancelled is found, and cleared", async () => {
    const program = function* () {
      const timer = setInterval(() => {}, 50_000);
      timers.push(timer);
      yield* sleep(1);
      clearInterval(timer);
    };
    const error = await failureOf(cancelEverywhere(program, { by: "signal" }));
    expect(error.message).toMatchInlineSnapshot(`
      "The program leaves timers of the platform when it is cancelled at point 2:
        main#1 has not cleared an interval of 50000 ms (\`setInterval\`): it was cancelled in step 2, while it waited for sleep 1 ms
      Clear them in a \`finally\`, use \`sleep\` or \`interval\`, or allow it: { allow: ["real-timer"] }.

      step   main#1
         1   waits for sleep 1 ms
         2   is cancelled here, ends, cancelled

      To run it again: replay(main, "1::0!2:2:dr")"
    `);
    expect((timers.at(-1) as unknown as { _destroyed: boolean })._destroyed).toBe(true);
  });

  test("may be allowed", async () => {
    await cancelEverywhere(
      function* () {
        timers.push(setTimeout(() => {}, 50_000));
        yield* sleep(1);
      },
      { allow: ["real-timer"] },
    );
  });

  test("is judged only where the outside was not silent: what would have come of it nobody knows", async () => {
    const program = function* () {
      yield* moveOnAfter(1000, () =>
        until(new Promise((resolve) => timers.push(setTimeout(resolve, 50_000)))),
      );
    };
    const { message } = await failureOf(cancelEverywhere(program, { by: "signal", allow: ["host-work"] }));
    expect(message).toMatch(/^The program leaves timers of the platform when it is cancelled at point 2:/);
  });

  test("that has rung, was cleared, or keeps nothing, is not found", async () => {
    await cancelEverywhere(
      function* () {
        setImmediate(() => {});
        setTimeout(() => {}, 50_000).unref();
        const cleared = setTimeout(() => {}, 50_000);
        const disposed = setInterval(() => {}, 50_000);
        try {
          yield* until(new Promise((resolve) => setTimeout(resolve, 1)));
        } finally {
          clearTimeout(cleared);
          disposed[Symbol.dispose]();
          yield* sleep(1);
        }
      },
      { allow: ["host-work", "real-timer"] },
    );
  });
});
