// Places are of the program, not of the library: so these tests stand outside src/.
import { describe, expect, test } from "vitest";
import {
  cancelScope,
  CancelledError,
  coroutine,
  createTask,
  currentTask,
  map,
  moveOnAfter,
  race,
  runningLoop,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  TimeoutError,
  type Awaitable,
  type CancelScope,
  type Task,
} from "cede";
import { runVirtual } from "cede/testing";

const short = (text: string): string =>
  text.replace(/(?:file:\/\/)?\/\S*\/(\w+\.test\.ts)(?::\d+){2}/g, "$1");

/** What whoever awaits "download" gets, which runs in a group that `end` cancels. */
function* outcome(around: (body: () => Awaitable<void>) => Awaitable<unknown>): Awaitable<CancelledError> {
  let download!: Task<void>;
  const checkout = createTask(
    () =>
      around(() =>
        taskGroup(function* (group) {
          download = group.createTask(() => sleepForever(), { name: "download" });
        }),
      ),
    { name: "checkout" },
  );
  checkout.then(
    () => {},
    () => {},
  );
  yield;
  yield;
  try {
    yield* download;
  } catch (error) {
    if (error instanceof CancelledError) return error;
  }
  return expect.unreachable();
}

const cancelled = (around: (body: () => Awaitable<void>) => Awaitable<unknown>, debug = false) =>
  runVirtual(() => outcome(around), { debug });

const cancelSoon = (body: (scope: CancelScope) => Awaitable<unknown>, reason?: unknown) =>
  cancelScope(function* (scope) {
    createTask(
      function* () {
        yield* sleep(5);
        scope.cancel(reason);
      },
      { name: "impatient" },
    );
    return yield* body(scope);
  });

describe("S25: a cancelled task says who or what asked", () => {
  test.each<[string, (body: () => Awaitable<void>) => Awaitable<unknown>, string]>([
    ["a timeout", (body) => timeout(5000, body), "by timeout 5 s (set by checkout#2)"],
    ["a limit", (body) => moveOnAfter(20, body), "by moveOnAfter 20 ms (set by checkout#2)"],
    [
      "a deadline",
      (body) =>
        cancelScope((scope) => {
          scope.deadline = runningLoop().time() + 5;
          return body();
        }),
      "by a deadline (set by checkout#2)",
    ],
    ["a task", (body) => cancelSoon(body), "by impatient#3"],
    ["a task that says why", (body) => cancelSoon(body, "enough"), "by impatient#3: enough"],
  ])("%s", async (_, around, who) => {
    const { message, task } = await cancelled(around);
    expect(task).toMatch(/^download#\d$/);
    expect(message).toBe(`task ${task} was cancelled ${who}`);
  });

  test("in fields, too", async () => {
    const { reason, by, source, place } = await cancelled((body) => timeout(5000, body));
    expect(reason).toBeInstanceOf(TimeoutError);
    expect({ by, source, place }).toEqual({
      by: undefined,
      source: "timeout 5 s (set by checkout#2)",
      place: undefined,
    });
  });

  test("in debug mode with the place: of a timeout, where it was entered", async () => {
    const { message } = await cancelled((body) => timeout(5000, body), true);
    expect(short(message)).toMatch(
      /^task download#\d was cancelled by timeout 5 s \(set by checkout#2 at provenance.test.ts\)$/,
    );
  });

  test("in debug mode with the place: of a task, where it called", async () => {
    const { message, place } = await cancelled((body) => cancelSoon(body, "enough"), true);
    expect(short(message)).toMatch(
      /^task download#\d was cancelled by impatient#3 at provenance.test.ts: enough$/,
    );
    expect(short(place!)).toBe("provenance.test.ts");
  });
});

describe("S25: a timeout says who set it", () => {
  const slow = coroutine(function* slow() {
    try {
      yield* timeout(5, () => sleep(100));
    } catch (error) {
      return { error: error as TimeoutError, name: currentTask()!.name };
    }
    return expect.unreachable();
  });

  test("in a field", async () => {
    const { error, name } = await runVirtual(slow);
    expect(error).toMatchObject({ message: "Timed out after 5 ms.", ms: 5, by: name, place: undefined });
  });

  test("in debug mode with the place", async () => {
    const { error, name } = await runVirtual(slow, { debug: true });
    expect(short(error.message)).toBe(`Timed out after 5 ms (set by ${name} at provenance.test.ts).`);
    expect(short(error.place!)).toBe("provenance.test.ts");
  });

  test.each<[string, () => Awaitable<unknown>]>([
    ["an item of a race", () => race([timeout(5, sleepForever)])],
    ["what map gave", () => map([5], (ms) => timeout(ms, sleepForever))],
  ])("in debug mode with the place where it was made, as %s", async (_, body) => {
    const error = (await runVirtual(body, { debug: true }).catch((error: unknown) => error)) as TimeoutError;
    expect(short(error.place!)).toBe("provenance.test.ts");
  });
});
