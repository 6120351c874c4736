// Places are of the program, not of the library: so these tests stand outside src/.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  call,
  cede,
  coroutine,
  createTask,
  DeadlockError,
  defer,
  Future,
  InvalidStateError,
  moveOnAfter,
  resource,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  until,
  use,
  type Awaitable,
  type Task,
  type TaskGroup,
} from "cede";
import type { Report } from "cede/lowlevel";
import { runVirtual } from "cede/testing";

const short = (text: string): string =>
  text.replace(/(?:file:\/\/)?\/\S*\/(\w+\.test\.ts)(?::\d+){2}/g, "$1");

/** The number of the only line of this file that says so. */
const lineOf = (text: string): number => {
  const lines = readFileSync(new URL(import.meta.url), "utf8").split("\n");
  return lines.findIndex((line) => line.trim().endsWith(`// ${text}`)) + 1;
};
const withLines = (text: string): string =>
  text.replace(/(?:file:\/\/)?\/\S*\/\w+\.test\.ts:(\d+):\d+/g, "line $1");

/** What is reported of a program in debug mode, and how it ends. */
async function reportsOf(main: () => Awaitable<unknown>, debug = true, shutdownTimeout = 10_000) {
  const reports: Report[] = [];
  const onReport = (report: Report): void => void reports.push(report);
  const ended = await runVirtual(main, { debug, onReport, shutdownTimeout }).catch((error: unknown) => error);
  return { ended, reports, told: reports.map(({ kind, message }) => `${kind}: ${short(message)}`) };
}

const cleaningUp = (ms: number) =>
  coroutine(function* slow() {
    try {
      yield* sleepForever();
    } finally {
      yield* sleep(ms);
    }
  });

describe("S2: in debug mode", () => {
  const main = coroutine(function* main() {
    yield* moveOnAfter(5, cleaningUp(3000));
  });

  test("slow cleanup is reported with its line, and with what it cleans up for", async () => {
    const { reports, told } = await reportsOf(main);
    expect(told).toEqual([
      "slow-cleanup: The cleanup of coroutine slow in main#1 has taken a second, and waits for sleep 3000 ms at " +
        "reports.test.ts: it is slow, or it escaped its cancellation. " +
        "It was cancelled by moveOnAfter 5 ms (set by main#1 at reports.test.ts).",
    ]);
    expect(short(reports[0]!.cancellation!.source!)).toBe(
      "moveOnAfter 5 ms (set by main#1 at reports.test.ts)",
    );
  });

  test("without it, what it cleans up for is in a field", async () => {
    const { reports, told } = await reportsOf(main, false);
    expect(told[0]).toMatch(/: it is slow, or it escaped its cancellation\.$/);
    expect(reports[0]!.cancellation!.source).toBe("moveOnAfter 5 ms (set by main#1)");
  });

  test("abandoned cleanup is reported with its line: of a run, and of a scope", async () => {
    const left = function* () {
      createTask(cleaningUp(5000));
      yield;
      yield;
    };
    expect((await reportsOf(left, true, 50)).told).toEqual([
      "cleanup-abandoned: The cleanup of slow#2 exceeded its bound and was abandoned while it waited for sleep " +
        "5000 ms at reports.test.ts. It was cancelled by main#1.",
    ]);
    const bounded = () => timeout(5, cleaningUp(500), { cleanupTimeout: 50 });
    expect((await reportsOf(bounded)).told).toEqual([
      "cleanup-abandoned: The cleanup of coroutine slow in main#1 exceeded its bound of 50 ms and was abandoned " +
        "while it waited for sleep 500 ms at reports.test.ts. " +
        "It was cancelled by timeout 5 ms (set by main#1 at reports.test.ts).",
    ]);
  });

  test("abandoned cleanup that waits in the library is reported with the line that called it", async () => {
    const stuck = { [Symbol.asyncDispose]: () => new Promise<void>(() => {}) };
    const holds = coroutine(function* holds() {
      yield* use(stuck);
      yield* sleepForever();
    });
    const main = function* () {
      const body = function* () {
        yield* holds(); // calls what holds
      };
      yield* moveOnAfter(5, body, { cleanupTimeout: 50 });
    };
    const { reports } = await reportsOf(main);
    expect(withLines(reports[0]!.message)).toContain(
      ` while it waited for the promise of a release at line ${lineOf("calls what holds")}. `,
    );
  });

  const deferring = (ms: number) =>
    coroutine(function* work() {
      defer(() => sleep(2000));
      yield* sleep(ms);
    });
  const holding = (ms: number) =>
    coroutine(function* work() {
      yield* use(
        resource(function* slow(provide) {
          yield* provide(1);
          yield* sleep(2000);
        }),
      );
      yield* sleep(ms);
    });

  test.each([
    ["deferred function", deferring, "a deferred function", "sleep 2000 ms"],
    ["resource", holding, "the resource slow", "the release of the resource slow"],
  ])("a slow %s is reported with what it is released for", async (_, work, what, waits) => {
    const slow = async (main: () => Awaitable<unknown>) =>
      (await reportsOf(main)).told.filter((report) => report.startsWith("slow-cleanup"));
    const report = (by: string): string =>
      `slow-cleanup: The cleanup of ${what} in main#1 has taken a second, and waits for ${waits} at ` +
      `reports.test.ts: it is slow, or it escaped its cancellation. It was cancelled by ${by} at reports.test.ts).`;
    expect(await slow(() => timeout(5, work(9000)))).toEqual([report("timeout 5 ms (set by main#1")]);
    expect(await slow(() => timeout(5, () => moveOnAfter(9, work(9000))))).toEqual([
      report("timeout 5 ms (set by main#1"),
    ]);
  });

  test.each([
    ["deferred function", deferring],
    ["resource", holding],
  ])("a slow %s on a normal way out is not reported, and neither is a cancellation", async (_, work) => {
    expect((await reportsOf(() => moveOnAfter(9000, work(5)))).told).toEqual([]);
  });

  test("cleanup in a shield, or in other cleanup, is told to be for what cancelled it, and for nothing further out", async () => {
    const inner = () => moveOnAfter(20, cleaningUp(3000));
    const outer = (body: () => Awaitable<unknown>) => () => moveOnAfter(5, body);
    for (const main of [
      outer(() => shield(inner)),
      outer(function* () {
        defer(inner);
        yield* sleepForever();
      }),
    ]) {
      const { told } = await reportsOf(main);
      const about = told.filter((report) => report.includes("coroutine slow"));
      expect(about).toEqual([expect.stringMatching(/ It was cancelled by moveOnAfter 20 ms \(/)]);
    }
  });

  const waitsOf = (error: unknown): string[] => {
    expect(error).toBeInstanceOf(DeadlockError);
    const { message, waiting } = error as DeadlockError;
    const waits = waiting.map(({ task, label }) => `${task} waits for ${label}`);
    for (const wait of waits) expect(message).toContain(`\n  ${wait}`);
    return waits.map(withLines);
  };

  test("S23: a deadlock says where each task waits", async () => {
    const { ended } = await reportsOf(function* () {
      const never = new Future<void>("the answer");
      const asker = function* () {
        yield* never; // asks
      };
      createTask(asker, { name: "asker" });
      yield* createTask(() => never, { name: "arrow" }); // creates an arrow, and awaits it
    });
    expect(waitsOf(ended)).toEqual([
      `main#1 waits for task arrow#3 at line ${lineOf("creates an arrow, and awaits it")}`,
      `asker#2 waits for future "the answer" at line ${lineOf("asks")}`,
      `arrow#3 waits for future "the answer" at line ${lineOf("creates an arrow, and awaits it")}`,
    ]);
  });

  test("S23: so does a circle, also where a group is left, while others go on", async () => {
    const { ended } = await reportsOf(function* () {
      createTask(sleepForever());
      const child = function* () {
        yield* first; // awaits the first
      };
      const body = function* (group: TaskGroup) {
        group.createTask(child, { name: "child" });
      };
      const main = function* () {
        yield;
        yield* taskGroup(body); // leaves the group
      };
      const first: Task<void> = createTask(main, { name: "first" });
      yield* first;
    });
    expect(waitsOf(ended)).toEqual([
      `first#3 waits for group "tasks", 1 of 1 left at line ${lineOf("leaves the group")}`,
      `child#4 waits for task first#3 at line ${lineOf("awaits the first")}`,
    ]);
  });

  test("a bare yield in cleanup is refused at its line; cede() is not", async () => {
    const program = (give: () => Awaitable<void>) => () =>
      moveOnAfter(5, function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* cede();
          yield* give();
        }
      });
    const bare = program(function* () {
      yield;
    });
    const { ended } = await reportsOf(bare);
    expect(ended).toBeInstanceOf(InvalidStateError);
    expect((ended as Error).message).toMatch(
      /^Cannot yield in the cleanup of .* Write `yield\* cede\(\)`\.$/,
    );
    expect((await reportsOf(program(cede))).ended).toEqual({ expired: true, value: undefined });
    expect((await reportsOf(bare, false)).ended).not.toBeInstanceOf(InvalidStateError);
  });
});

describe("S9: in debug mode", () => {
  test("a rejection that comes too late says where it was waited for", async () => {
    const { told } = await reportsOf(function* () {
      const { promise: late, reject } = Promise.withResolvers<void>();
      yield* moveOnAfter(1, () => until(late));
      reject(new Error("late"));
      yield* until(late.catch(() => {}));
    });
    expect(told).toEqual([
      "late-error: A promise of main#1, whose wait was cancelled at reports.test.ts, rejected: Error: late",
    ]);
  });

  test("a result that comes too late says where it was waited for, and how late it was", async () => {
    const { reports } = await reportsOf(function* () {
      let give!: () => void;
      const slow = new Promise<void>((resolve) => (give = resolve));
      const wait = function* () {
        yield* until(slow); // waits for what is slow
      };
      yield* moveOnAfter(5, wait);
      yield* sleep(40);
      give();
      yield* sleep(1);
    });
    expect(reports.map(({ message }) => withLines(message))).toEqual([
      `A promise of main#1, whose wait was cancelled at line ${lineOf("waits for what is slow")}, ` +
        "was resolved 40 ms later.",
    ]);
  });

  test("host work that ignores its signal says where it was called, also when it ends at last", async () => {
    const { reports } = await reportsOf(function* () {
      let give!: () => void;
      const deaf = new Promise<void>((resolve) => (give = resolve));
      const work = function* () {
        yield* call(() => deaf, { settleTimeout: 5 }); // calls what is deaf
      };
      yield* moveOnAfter(5, work);
      yield* sleep(2000);
      give();
      yield* sleep(1);
    });
    const called = `called at line ${lineOf("calls what is deaf")}`;
    expect(reports.map(({ message }) => withLines(message))).toEqual([
      `Host work of main#1, ${called}, did not end 5 ms after its signal was aborted.`,
      `Host work that main#1 aborted, ${called}, has ended after all, 2005 ms later.`,
    ]);
  });
});
