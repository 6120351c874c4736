// Places are of the program, not of the library: so these tests stand outside src/.
import { describe, expect, test } from "vitest";
import {
  call,
  cede,
  coroutine,
  createTask,
  DeadlockError,
  InvalidStateError,
  moveOnAfter,
  sleep,
  sleepForever,
  timeout,
  until,
  type Awaitable,
} from "cede";
import type { Report } from "cede/lowlevel";
import { runVirtual } from "cede/testing";

const short = (text: string): string =>
  text.replace(/(?:file:\/\/)?\/\S*\/(\w+\.test\.ts)(?::\d+){2}/g, "$1");

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

  test("a deadlock says where each task waits", async () => {
    const { ended } = await reportsOf(function* () {
      const first: { task?: Awaitable<void> } = {};
      first.task = createTask(function* () {
        yield;
        yield* createTask(() => first.task!);
      });
      yield* first.task;
    });
    expect(ended).toBeInstanceOf(DeadlockError);
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
      const late = new Promise((_, reject) => setTimeout(reject, 5, new Error("late")));
      yield* moveOnAfter(1, () => until(late));
      yield* until(late.catch(() => {}));
    });
    expect(told).toEqual([
      "late-error: A promise of main#1, whose wait was cancelled at reports.test.ts, rejected: Error: late",
    ]);
  });

  test("host work that ignores its signal says where it was called", async () => {
    const { told } = await reportsOf(function* () {
      yield* moveOnAfter(5, function* () {
        yield* call(() => new Promise(() => {}), { settleTimeout: 5 });
      });
    });
    expect(told).toEqual([
      "work-abandoned: Host work of main#1, called at reports.test.ts, did not end 5 ms after its signal was aborted.",
    ]);
  });
});
