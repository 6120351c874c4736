// What `cede/testing` finds is told with its place, also where debug mode is off. Places are of the program, so these
// tests stand outside src/.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTask, runningLoop, Semaphore, sleep, taskGroup, timeout, until } from "cede";
import { cancelEverywhere, explore, runTest } from "cede/testing";

const HERE = /(?:file:\/\/)?\/[^\s()]*\/places-in-tests\.test\.ts:(\d+):\d+/g;
const never = (): Promise<never> => new Promise(() => {});

/** The message, with only the lines of the places in it, counted from the line on which the program begins. */
const told = (failing: Promise<unknown>, from: Error): Promise<string> => {
  const start = Number(new RegExp(HERE.source).exec(from.stack!)![1]);
  return failing.then(
    () => expect.unreachable(),
    (error: Error) => {
      const told = (error.cause as Error | undefined)?.message ?? error.message;
      return told.replace(HERE, (_, line: string) => `+${Number(line) - start}`);
    },
  );
};

beforeEach(() => {
  vi.stubEnv("CEDE_SEED", undefined);
  vi.stubEnv("CEDE_DEBUG", undefined);
});
afterEach(() => void vi.unstubAllEnvs());

test("a timer, a call and a promise that a test has left", async () => {
  const here = new Error();
  const ended = runTest(function* () {
    setInterval(() => {}, 50_000);
    runningLoop().callLater(50, () => {});
    createTask(function* waits() {
      yield* until(never());
    });
    yield* sleep(1);
  });
  const message = await told(ended, here);
  expect(message).toContain(
    "  a promise was unsettled that had been given to `until` or `call` by waits#2, at +5\n",
  );
  expect(message).toContain("  a call at 50 ms was still to come that main#1 had asked for at +3\n");
  expect(message).toContain(
    "  main#1 has not cleared an interval of 50000 ms (`setInterval`) that it set at +2\n",
  );
});

test("a promise at a deadlock, and where time went on without it", async () => {
  const here = new Error();
  const waits = function* () {
    yield* until(never());
  };
  expect(await told(runTest(waits, { patience: 1 }), here)).toContain("awaited by main#1, at +2.");
  const late = runTest(() => timeout(5, waits), { patience: 5 });
  expect(await told(late, here)).toContain("Awaited by main#1, at +2.");
});

test("a permit that a cancelled task has taken, at once or after it had to wait", async () => {
  const here = new Error();
  const program = (holdsFirst: boolean) =>
    function* () {
      const semaphore = new Semaphore(1);
      yield* taskGroup(function* (group) {
        if (holdsFirst) group.createTask(() => semaphore.with(() => sleep(1)));
        group.createTask(function* user() {
          yield* semaphore.acquire();
          yield* sleep(10);
          semaphore.release();
        });
      });
    };
  expect(await told(cancelEverywhere(program(false)), here)).toContain("which it took in step 2 at +7:");
  expect(await told(cancelEverywhere(program(true)), here)).toContain("which it took in step 4 at +7:");
});

test("an interval in a schedule", async () => {
  const here = new Error();
  const found = explore(function* () {
    const task = createTask(function* () {
      setInterval(() => {}, 50_000);
      yield* sleep(10);
    });
    yield* sleep(1);
    yield* task.cancel();
  });
  expect(await told(found, here)).toContain("that it set at +3: it was cancelled in step");
});
