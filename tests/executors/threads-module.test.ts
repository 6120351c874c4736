/** Threads from their module on: what can be loaded, what cannot, and how the process ends that has them. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { allSettled, EventLoop, sleep, type Awaitable } from "cede";
import { Executor, threads, type Jobs } from "cede/executors";
import { runTest } from "cede/testing";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { warnings } from "../support/warnings.ts";
import { complaints } from "../support/complaints.ts";
import { onThreads, SOURCE } from "./on-threads.ts";

const LIMIT = 30_000;

describe("a module", () => {
  const opening = (file: string): Promise<Error> =>
    failureOf(EventLoop.run(() => onThreads(new URL(file, new URL("./broken/", import.meta.url)).href)));
  test("that throws", { timeout: LIMIT }, async () => {
    const error = await opening("throws.ts");
    expect(error.message).toBe("Cannot load the jobs of throws.ts: this module is broken");
    expect(error.cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).stack).toContain("throws.ts:1");
  });
  test("that is not there", { timeout: LIMIT }, async () => {
    const error = await opening("nowhere.ts");
    expect(error.message).toMatch(/^Cannot load the jobs of nowhere\.ts: Cannot find module/);
    expect(error.cause).toMatchObject({ code: "ERR_MODULE_NOT_FOUND" });
  });
  test("that cannot be read", { timeout: LIMIT }, async () => {
    const file = join(temporaryFolder(), "garbled.js");
    writeFileSync(file, "export const add = (a, b) => a +* b;");
    const error = await opening(pathToFileURL(file).href);
    expect(error.message).toBe("Cannot load the jobs of garbled.js: Unexpected token '*'");
    expect(error.cause).toBeInstanceOf(SyntaxError);
  });
  test("that ends its thread", { timeout: LIMIT }, async () => {
    const error = await opening("exits.ts");
    expect(error.message).toBe("Cannot load the jobs of exits.ts: the thread ended with exit code 3.");
  });
  test.each([[5], [undefined], ["./jobs.ts"], [{}]])("%j is none", (module) => {
    expect(() => threads(module as URL)).toThrow(
      /^Cannot load the jobs of .* on threads: give the module's address/,
    );
  });
  test.each([
    [{ workers: 0 }, /^Cannot set workers to 0/],
    [{ workers: 1.5 }, /^Cannot set workers to 1\.5/],
    [{ concurrency: 0 }, /^Cannot set concurrency to 0/],
    [{ workers: Infinity }, /^Cannot set workers to Infinity: give a whole number, 1 or more\.$/],
    [{ grace: -1 }, /^Cannot set grace to -1/],
  ])("with %j", (options, says) => {
    expect(() => threads(new URL("file:///jobs.ts"), options)).toThrow(says);
  });
});

test("virtual time stands still while a thread that ended is replaced", { timeout: LIMIT }, async () => {
  const patient = { patience: LIMIT, realTimeout: LIMIT };
  const told = await runTest(function* () {
    const jobs = yield* onThreads<typeof import("./broken/slow.ts")>("./broken/slow.ts", { workers: 1 });
    const lose = () => allSettled([jobs.exit(3)]);
    const lost = [...(yield* lose())];
    const first = yield* jobs.add(1, 2); // no deadlock, though nobody here could end the wait
    lost.push(...(yield* lose()));
    const second = yield* jobs.add.with({ timeout: 60_000 })(3, 4);
    return [...lost.map(({ status }) => status), first, second];
  }, patient);
  expect(told).toEqual(["rejected", "rejected", 3, 7]);
});

test("threads have an environment of their own", { timeout: LIMIT }, async () => {
  const value = await EventLoop.run(function* () {
    const env = { CEDE_TEST: "there" };
    return yield* (yield* onThreads<typeof import("./faults.ts")>("./faults.ts", { env })).variable(
      "CEDE_TEST",
    );
  });
  expect(value).toBe("there");
});

describe.each([
  ["throws", "the database is not there"],
  ["exits", "the thread ended with exit code 9."],
])("while a module %s", (how, why) => {
  const says = `Cannot load the jobs of sometimes.ts: ${why}`;
  /** `next`: has the module do something when it is loaded next. */
  const during = async (
    workers: number,
    body: (
      jobs: Jobs<typeof import("./broken/sometimes.ts")>,
      next: (does: string) => void,
      heard: readonly Error[],
    ) => Awaitable<void>,
  ): Promise<void> => {
    const file = join(temporaryFolder(), "how");
    const next = (does: string): void => writeFileSync(file, does);
    next("load");
    const heard = warnings();
    await EventLoop.run(function* () {
      const env = { ...(process.env as Record<string, string>), CEDE_TEST_FILE: file };
      const jobs = yield* onThreads<typeof import("./broken/sometimes.ts")>("./broken/sometimes.ts", {
        workers,
        env,
      });
      while (Executor.of(jobs).statistics.workers < workers) yield* sleep(1);
      yield* body(jobs, next, heard);
    });
    expect(heard.map(({ message }) => message)).toEqual([expect.stringContaining(`${says}\n`)]);
  };

  test("calls fail with the reason, and succeed when it has gone", { timeout: LIMIT }, () =>
    during(1, function* (jobs, next) {
      next(how);
      yield* allSettled([jobs.exit(3)]);
      const [waits] = yield* allSettled([jobs.add(1, 2)]); // for what is being started
      expect(waits).toMatchObject({ reason: { message: says } });
      const [refused] = yield* allSettled([jobs.add(1, 2)]); // there is nothing to wait for
      expect(refused).toMatchObject({ reason: { message: says } });
      next("load");
      while (Executor.of(jobs).statistics.workers === 0) yield* sleep(1);
      expect(yield* jobs.add(1, 2)).toBe(3);
    }),
  );
  test("a worker that is left serves, and its own replacement is waited for", { timeout: LIMIT }, () =>
    during(2, function* (jobs, next, heard) {
      next(how);
      yield* allSettled([jobs.exit(3)]);
      while (heard.length === 0) yield* sleep(1);
      expect(yield* jobs.add(1, 2)).toBe(3);
      expect(Executor.of(jobs).statistics.workers).toBe(1);
      next("load");
      yield* allSettled([jobs.exit(3)]);
      expect(yield* jobs.add(1, 2)).toBe(3);
      while (Executor.of(jobs).statistics.workers < 2) yield* sleep(1);
    }),
  );
});

describe("a process", () => {
  const node = (file: string, ...args: string[]): Promise<{ code: number | null; output: string }> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [...SOURCE, join(import.meta.dirname, file), ...args]);
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (text) => (output += String(text)));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, output: complaints(output) }));
    });
  test("goes on while a module is loaded, and ends by itself", { timeout: LIMIT }, async () => {
    expect(await node("broken/opens-slowly.ts")).toEqual({ code: 0, output: "3\nended\n" });
  });
  test(
    "outlives threads that are ended while they still read their own code",
    { timeout: LIMIT },
    async () => {
      expect(await node("broken/opens-often.ts")).toEqual({ code: 0, output: "ended\n" });
    },
  );
  test("reads all that its threads have written before they end", { timeout: LIMIT }, async () => {
    const { code, output } = await node("broken/chatters.ts");
    expect(code).toBe(0);
    const lines = output.trimEnd().split("\n");
    expect([lines.length, lines.at(-1)]).toEqual([4000, "line 4000"]);
  });
  test(
    "survives a storm: one outcome for each call, nothing left behind",
    { timeout: 2 * LIMIT },
    async () => {
      const seed = Math.floor(Math.random() * 1e6);
      const { code, output } = await node("storm.ts", "150", String(seed));
      expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/\nall is well\n$/) });
    },
  );
});
