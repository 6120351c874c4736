/** Programs with deadlines: each as a line of a table, with its outcome and what was heard on the way. */
import { coroutine, EventLoop, sleep, sleepForever, suppressedErrors, type Awaitable } from "cede";
import { VirtualClock } from "cede/testing";
import { expect, test } from "vitest";
import type { Log } from "./small.ts";

/** Runs a program: how it ended, what it did and when, and what was told to the monitor alone. */
export async function outcome(main: (log: Log) => Awaitable<unknown>): Promise<[string, ...string[]]> {
  const host = new VirtualClock();
  const lines: string[] = [];
  const log: Log = (line) => lines.push(`${host.now()} ${line}`);
  const loop = new EventLoop({
    host,
    onReport: ({ kind, message }) => {
      if (kind !== "suppressed-error") log(`${kind}: ${message}`);
    },
  });
  const ended = loop
    .runUntilComplete(() => main(log))
    .then(
      (value) => JSON.stringify(value) ?? "undefined",
      (error: unknown) => [error, ...suppressedErrors(error)].join(", besides ").replace(/#\d+/, "#N"),
    );
  host.runAll();
  expect(loop.statistics).toEqual({ ready: 0, deadlines: 0, external: 0, hostWork: 0 });
  return [await ended, ...lines];
}

type Program = [main: (log: Log) => Awaitable<unknown>, outcome: string, ...lines: string[]];

/** Makes a test of each. */
export function programs(table: Record<string, Program>): void {
  test.each(Object.entries(table))("%s", async (_, [main, ...expected]) => {
    expect(await outcome(main)).toEqual(expected);
  });
}

/** Waits, and tells when it has cleaned up, which takes `ms`. */
export const tidy = coroutine(function* tidy(log: Log, ms: number = 0): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    if (ms > 0) yield* sleep(ms);
    log("cleaned up");
  }
});

export const timedOut = (ms: number): string => `TimeoutError: Timed out after ${ms} ms.`;
export const unheard = (ms: number): string => `expired-unheard: Timed out after ${ms} ms.`;
