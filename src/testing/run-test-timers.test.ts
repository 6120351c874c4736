/** What a test must not leave to come: calls of the loop, timers of the platform; and whom a promise left waiting. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { failureOf } from "../../tests/support/failure.ts";
import { call, createTask, moveOnAfter, runningLoop, sleep, taskGroup, timeout, until } from "../index.ts";
import { runTest } from "./index.ts";

const never = (): Promise<never> => new Promise(() => {});

beforeEach(() => void vi.stubEnv("CEDE_SEED", undefined));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

describe("what `callLater` was to call", () => {
  test("fails the test where it is still to come, and may be allowed", async () => {
    const program = function* () {
      yield* createTask(function* poll() {
        yield* sleep(5);
        runningLoop().callLater(1000, () => {});
      });
      runningLoop().callAt(2000, () => {});
    };
    const error = await failureOf(runTest(program));
    expect(error.message).toMatchInlineSnapshot(`
      "Cannot pass: main has ended well, but
        a call at 1005 ms was still to come that poll#2 had asked for
        a call at 2000 ms was still to come that main#1 had asked for
      Take back what \`callLater\` or \`callAt\` is to call, with \`cancel()\`, or let a task \`sleep\` and call. What is meant to be so: \`allow: ["call-later"]\`."
    `);
    await runTest(program, { allow: ["call-later"] });
  });

  test("is none where it was called, or taken back, or comes while cleanup goes on", async () => {
    const called: string[] = [];
    await runTest(
      function* () {
        const loop = runningLoop();
        loop.callLater(5, () => called.push("later"));
        loop.callLater(1000, () => called.push("taken back")).cancel();
        loop.callSoon(() => called.push("soon"));
        createTask(function* () {
          try {
            yield* sleep(1000);
          } finally {
            loop.callLater(3, () => called.push("in cleanup"));
            yield* sleep(4);
          }
        });
        yield* sleep(10);
      },
      { allow: ["unfinished-task"] },
    );
    expect(called).toEqual(["soon", "later", "in cleanup"]);
  });
});

describe("a timer of the platform", () => {
  const timers: (NodeJS.Timeout | NodeJS.Immediate)[] = [];
  const stands = () => timers.map((timer) => !(timer as unknown as { _destroyed: boolean })._destroyed);
  afterEach(() => timers.splice(0).forEach((timer) => timer[Symbol.dispose]()));

  const leaving = function* () {
    yield* createTask(function* poll() {
      timers.push(setInterval(() => {}, 50_000));
      yield* sleep(5);
    });
    timers.push(setTimeout(() => {}, 60_000));
  };

  test("fails the test where it was left, and is cleared", async () => {
    const error = await failureOf(runTest(leaving));
    expect(error.message).toMatchInlineSnapshot(`
      "Cannot pass: main has ended well, but
        poll#2 has not cleared an interval of 50000 ms (\`setInterval\`)
        main#1 has not cleared a timeout of 60000 ms (\`setTimeout\`)
      Clear a timer in a \`finally\`, or use \`sleep\` or \`interval\`. What is meant to be so: \`allow: ["real-timer"]\`.
      main#1 used setTimeout, which is real time: the virtual clock does not know of it.
      poll#2 used setInterval, which is real time: the virtual clock does not know of it."
    `);
    expect(stands()).toEqual([false, false]);
  });

  test("that may be allowed, and is left then", async () => {
    await runTest(leaving, { allow: ["real-timer"] });
    expect(stands()).toEqual([true, true]);
  });

  test("that has rung, was cleared, by whomever, or keeps nothing, is none", async () => {
    await runTest(function* () {
      setImmediate(() => {});
      setTimeout(() => {}, 50_000).unref();
      clearTimeout(setTimeout(() => {}, 50_000));
      setTimeout(() => {}, 50_000)[Symbol.dispose]();
      yield* call(async () => {
        const timer = setTimeout(() => {}, 50_000);
        await new Promise((resolve) => setTimeout(resolve, 1));
        clearInterval(timer);
      });
    });
  });

  test("of a fake clock is that clock's affair", async () => {
    vi.useFakeTimers();
    await runTest(function* () {
      setInterval(() => {}, 1000);
      yield* sleep(1);
    });
  });

  test("of many that have rung is found all the same", async () => {
    const error = await failureOf(
      runTest(function* () {
        timers.push(setTimeout(() => {}, 60_000));
        for (let n = 0; n < 500; n++) clearTimeout(setTimeout(() => {}, 60_000));
        yield* sleep(1);
      }),
    );
    expect(error.message.match(/has not cleared/g)).toHaveLength(1);
  });
});

describe("a promise that has not settled", () => {
  test("is told with all who waited for it, each once", async () => {
    const gate = never();
    const error = await failureOf(
      runTest(
        () =>
          taskGroup(function* (group) {
            for (const name of ["first", "second"]) {
              group.createTask(
                function* () {
                  for (let n = 0; n < 3; n++) yield* moveOnAfter(10, () => until(gate));
                },
                { name },
              );
            }
            yield* until(Promise.resolve()); // settles
          }),
        { patience: 0 },
      ),
    );
    expect(error.message).toContain(
      "  a promise was unsettled that had been given to `until` or `call` by first#2 and second#3\n",
    );
  });

  test("is not waited for by asking it: a thenable that works when it is asked works once", async () => {
    let asked = 0;
    const query = {
      then(done: (value: string) => void) {
        asked++;
        setTimeout(() => done("rows"), 1);
      },
    } as PromiseLike<string>;
    expect(await runTest(() => until(query))).toBe("rows");
    expect(asked).toBe(1);
  });

  test("is told at a deadlock, and where time went on without it", async () => {
    const stuck = await failureOf(runTest(() => until(never()), { patience: 1 }));
    expect(stuck.message).toMatch(/\nNot settled: the promise awaited by main#1\.$/);
    const late = await failureOf(
      runTest(() => timeout(5, () => until(never())), { patience: 5, allow: ["host-work"] }),
    );
    expect(late.message).toMatch(/gives them more\. Awaited by main#1\.$/);
  });
});
