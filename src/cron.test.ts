import { afterEach, expect, test, vi } from "vitest";
import { cron } from "./cron.ts";
import { repeat, runningLoop, Schedule } from "./index.ts";
import { runTest } from "./testing/index.ts";

afterEach(() => {
  vi.doUnmock("croner");
  vi.resetModules();
});

const clock = (start: string) => ({ now: () => Date.parse(start) + runningLoop().time() });

/** When it is called, by the clock, so many times. */
async function calls(schedule: Schedule, count: number, { now }: { now: () => number }): Promise<string[]> {
  const times: string[] = [];
  await runTest(() =>
    repeat(
      function* () {
        times.push(new Date(now()).toISOString());
      },
      schedule.limit(count),
      { immediate: false },
    ),
  );
  return times;
}

test("cron() waits for the times of its pattern, in the time zone, also where the clocks change", async () => {
  const time = clock("2030-03-29T12:00:00Z");
  expect(await calls(cron("30 3 * * *", { timezone: "Europe/Berlin", ...time }), 3, time)).toEqual([
    "2030-03-30T02:30:00.000Z",
    "2030-03-31T01:30:00.000Z",
    "2030-04-01T01:30:00.000Z",
  ]);
});

test("cron() takes seconds as a sixth field, to the millisecond", async () => {
  const time = clock("2030-01-01T00:00:00.250Z");
  expect(await calls(cron("*/20 * * * * *", time), 3, time)).toEqual([
    "2030-01-01T00:00:20.000Z",
    "2030-01-01T00:00:40.000Z",
    "2030-01-01T00:01:00.000Z",
  ]);
});

test("a pattern whose time never comes is a schedule without delays", () => {
  expect([...cron("0 0 30 2 *").delays()]).toEqual([]);
});

test("what is no pattern, or no time zone, is refused at once", () => {
  expect(() => cron("every day")).toThrow(TypeError);
  expect(() => cron("* * * * *", { timezone: "Nowhere/At" })).toThrow(/Nowhere\/At/);
});

test("without croner the error says how to install it", async () => {
  vi.resetModules();
  vi.doMock("croner", () => {
    throw new Error("Cannot find package 'croner'");
  });
  await expect(import("./cron.ts")).rejects.toThrow(
    'Cannot use "cede/cron": the package croner, which reads the notation of cron, is not installed, or cannot be loaded. ' +
      "Install it: npm install croner",
  );
});
