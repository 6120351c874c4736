/** Programs whose cleanup takes too long, and what is heard of them. */
import { coroutine, EventLoop, sleep, sleepForever, suppressedErrors, type Awaitable } from "cede";
import { VirtualClock } from "cede/testing";
import { expect } from "vitest";
import type { Log } from "./small.ts";

/** What was done and reported, and when; the last line is the outcome. */
export function outcome(
  main: (log: Log) => Awaitable<unknown>,
  shutdownTimeout: number = Infinity,
): Promise<string[]> {
  const host = new VirtualClock();
  const lines: string[] = [];
  const log: Log = (line) => lines.push(`${host.now()} ${line.replaceAll(/#\d+/g, "")}`);
  const loop = new EventLoop({
    host,
    onReport({ kind, message }) {
      if (kind !== "suppressed-error" && kind !== "slow-cleanup") log(message);
    },
  });
  const ended = loop
    .runUntilComplete(() => main(log), { shutdownTimeout })
    .then(
      (value) => JSON.stringify(value) ?? "undefined",
      (error: unknown) => [error, ...suppressedErrors(error)].map(String).join(", besides "),
    );
  host.runAll();
  expect(loop.statistics).toEqual({ ready: 0, deadlines: 0, external: 0, hostWork: 0 });
  return ended.then((end) => [...lines, end.replaceAll(/#\d+/g, "")]);
}

/** Waits for ever, and cleans up in steps of `ms` milliseconds: one in each of two frames. */
export const stuck = coroutine(function* stuck(log: Log, ms: number = Infinity): Awaitable<never> {
  try {
    return yield* inner(log, ms);
  } finally {
    log("outer begins");
    yield* sleep(ms);
    log("outer ends");
  }
});
const inner = coroutine(function* inner(log: Log, ms: number): Awaitable<never> {
  try {
    return yield* sleepForever();
  } finally {
    try {
      log("inner begins");
      yield* sleep(ms);
      log("inner ends");
    } finally {
      log("told to return");
    }
  }
});

/** Waits for ever, and in its cleanup, too; calls `told` when it is told to return once more. */
export const twice = coroutine(function* twice(told: () => unknown): Awaitable<void> {
  try {
    yield* sleepForever();
  } finally {
    try {
      yield* sleepForever();
    } finally {
      told();
    }
  }
});

export const bound = { cleanupTimeout: 20 };

/** What is reported of one that exceeded its bound. */
export const abandoned = (what: string, wait: string = "sleep for ever", ms: number = 20): string =>
  `The cleanup of ${what} exceeded its bound of ${ms} ms and was abandoned while it waited for ${wait}.`;
