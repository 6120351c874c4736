/** Threads from their module on: what can be loaded, what cannot, and how the process ends that has them. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allSettled, EventLoop } from "cede";
import { threads } from "cede/executors";
import { runTest } from "cede/testing";
import { failureOf } from "../support/failure.ts";
import { onThreads, SOURCE } from "./on-threads.ts";

const LIMIT = 30_000;

describe("a module", () => {
  const opening = (file: string): Promise<Error> =>
    failureOf(EventLoop.run(() => onThreads(`./broken/${file}`)));
  test("that throws", { timeout: LIMIT }, async () => {
    const error = await opening("throws.ts");
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe("this module is broken");
    expect(error.stack).toContain("throws.ts:1");
  });
  test("that is not there", { timeout: LIMIT }, async () => {
    expect(await opening("nowhere.ts")).toMatchObject({ code: "ERR_MODULE_NOT_FOUND" });
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

describe("a process", () => {
  const node = (file: string, ...args: string[]): Promise<{ code: number | null; output: string }> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [...SOURCE, join(import.meta.dirname, file), ...args]);
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (text) => (output += String(text)));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, output }));
    });
  test("goes on while a module is loaded, and ends by itself", { timeout: LIMIT }, async () => {
    expect(await node("broken/opens-slowly.ts")).toEqual({ code: 0, output: "3\nended\n" });
  });
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
