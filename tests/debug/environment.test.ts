// `CEDE_DEBUG` is read when the library is imported: so it is imported anew here.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type * as Cede from "cede";
import type { Report } from "cede/lowlevel";

const short = (text: string): string =>
  text.replace(/(?:file:\/\/)?\/\S*\/(\w+\.test\.ts)(?::\d+){2}/g, "$1");

let cede: typeof Cede;
beforeEach(async () => {
  vi.stubEnv("CEDE_DEBUG", "1");
  vi.resetModules();
  cede = await import("cede");
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

async function told(main: () => Cede.Awaitable<unknown>): Promise<string[]> {
  const reports: Report[] = [];
  await cede.EventLoop.run(main, { onReport: (report) => void reports.push(report) }).catch(() => {});
  return reports.map(({ kind, message }) => `${kind}: ${short(message)}`);
}

describe("S28: with CEDE_DEBUG=1", () => {
  test("a coroutine that nobody awaited is reported, with the place where it was made", async () => {
    const work = cede.coroutine(function* work() {
      yield;
      return 1;
    });
    const main = cede.coroutine(function* main() {
      void work(); // forgotten
      yield* work();
      yield* cede.createTask(work());
      yield* cede.createTask(work);
      yield* cede.timeout(10, work);
      yield* cede.all([work(), work()]);
    });
    expect(await told(main)).toEqual([
      "never-awaited: Nobody awaited the coroutine work(…), made by main#1 at environment.test.ts: " +
        "did you forget `yield*`?",
    ]);
  });

  test("what was handed to asCompleted, and not started before that was left, is not reported", async () => {
    const work = cede.coroutine(function* work() {
      yield;
    });
    const main = cede.coroutine(function* main() {
      for (const next of cede.asCompleted([work(), work(), work()], { concurrency: 1 })) {
        yield* next;
        break;
      }
    });
    expect(await told(main)).toEqual([]);
  });

  test("a marked function is still a generator function, with its name and its methods", () => {
    const work = cede.coroutine(function* work(a: number, b: number) {
      return a + b;
    });
    expect([work.name, work.length]).toEqual(["work", 2]);
    expect(cede.runSync(() => work(1, 2))).toBe(3);
    expect(cede.coroutine(work)(1, 2)).toBeInstanceOf(work);
  });

  test("of many that were awaited nothing is kept", async () => {
    const work = cede.coroutine(function* work() {});
    const main = function* () {
      for (let i = 0; i < 5000; i++) yield* work();
      void work();
    };
    const unawaited = (await told(main)).filter((report) => report.startsWith("never-awaited"));
    expect(unawaited).toHaveLength(1);
  });
});

describe("S24: with CEDE_DEBUG=1", () => {
  test("every run is in debug mode, unless it says otherwise", async () => {
    const main = function* () {
      yield;
      throw new Error("failed");
    };
    const stack = (options: Cede.RunOptions) =>
      cede.run(main, options).catch((error: Error) => short(error.stack!));
    expect(await stack({})).toMatch(/at task main#1 \(environment.test.ts\)$/);
    expect(await stack({ debug: false })).toMatch(/at task main#2 \(cede\)$/);
  });

  test.each(["", "0"])("CEDE_DEBUG=%s is none", async (value) => {
    vi.stubEnv("CEDE_DEBUG", value);
    vi.resetModules();
    cede = await import("cede");
    const work = cede.coroutine(function* work() {});
    expect(
      await told(function* () {
        void work();
      }),
    ).toEqual([]);
  });
});
