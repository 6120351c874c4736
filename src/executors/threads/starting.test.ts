import { EventEmitter } from "node:events";
import type { Worker as Thread } from "node:worker_threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PlainError } from "../envelope.ts";
import type { Hello, Loaded } from "./protocol.ts";
import { Starting } from "./starting.ts";

/** A thread, as far as it matters here, and its port. */
class Fake extends EventEmitter {
  readonly port = Object.assign(new EventEmitter(), {
    unref() {},
    close() {},
    postMessage: () => void (this.tries = true),
  });
  /** Whether it was told to load the module. */
  tries = false;
  ended = false;
  ref(): void {}
  unref(): void {}
  terminate(): Promise<number> {
    this.ended = true;
    this.emit("exit", 1);
    return Promise.resolve(1);
  }
  says(loaded: Loaded): void {
    this.port.emit("message", loaded);
  }
  fails(message = "no"): void {
    this.says({ error: { name: "RangeError", message } satisfies PlainError });
  }
}

const log: string[] = [];
let warnings: string[];
let starting: Starting;
/** Another thread, which says hello at once. */
function start(): Fake {
  const fake = new Fake();
  starting.hello(fake as unknown as Thread, fake.port as unknown as Hello["port"]);
  return fake;
}

beforeEach(() => {
  vi.useFakeTimers();
  warnings = [];
  log.length = 0;
  vi.spyOn(process, "emitWarning").mockImplementation((text) => void warnings.push(String(text)));
  starting = new Starting("jobs.ts", {
    loaded: (_thread, _port, kinds) => log.push(`loaded ${[...kinds.keys()].join()}`),
    failed: ({ message, cause }) => log.push(`${message} (${String(cause)})`),
  });
});
afterEach(() => {
  starting.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a thread loads the module at once", () => {
  const thread = start();
  expect(thread.tries).toBe(true);
  thread.says({ jobs: [["add", "function"]] });
  expect(log).toEqual(["loaded add"]);
  thread.emit("exit", 3); // its end is not ours to tell
  expect(log).toEqual(["loaded add"]);
});

test("one that cannot load it is ended, and told of once", () => {
  const thread = start();
  thread.fails();
  expect(thread.ended).toBe(true);
  expect(log).toEqual(["Cannot load the jobs of jobs.ts: no (RangeError: no)"]);
  start().emit("exit", 3); // held back, and ended by itself
  expect(log.slice(1)).toEqual([
    "Cannot load the jobs of jobs.ts: the thread ended with exit code 3. (undefined)",
  ]);
});

test("one that ends before it says anything could not load it", () => {
  const fake = new Fake();
  starting.add(fake as unknown as Thread);
  fake.emit("error", new Error("no memory"));
  fake.emit("exit", 1);
  expect(log).toEqual(["Cannot load the jobs of jobs.ts: no memory (Error: no memory)"]);
});

test("after each failure the next one waits longer, up to ten seconds", () => {
  start().fails();
  const pauses: number[] = [];
  for (let i = 0; i < 9; i++) {
    const thread = start();
    const since = Date.now();
    while (!thread.tries) vi.advanceTimersToNextTimer();
    pauses.push(Date.now() - since);
    thread.fails();
  }
  expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test("threads that fail at once make one pause", () => {
  const threads = [start(), start(), start()];
  for (const thread of threads) thread.fails();
  const next = [start(), start(), start()];
  expect(next.map(({ tries }) => tries)).toEqual([false, false, false]);
  vi.advanceTimersByTime(100);
  expect(next.map(({ tries }) => tries)).toEqual([true, true, true]);
});

test.each([
  ["one has loaded it", (slow: Fake) => slow.says({ jobs: [] })],
  ["the last worker has ended", () => starting.hurry()],
])("when %s, none waits", (_, happens) => {
  const slow = start();
  start().fails();
  const held = start();
  expect(held.tries).toBe(false);
  happens(slow);
  expect(held.tries).toBe(true);
  held.fails();
  const next = start();
  vi.advanceTimersByTime(100); // as after the first failure
  expect(next.tries).toBe(true);
});

test("a failure after a success is warned of: once, until one loads it again", () => {
  start().fails("first");
  expect(warnings).toEqual([]); // whoever opens the executor is told
  start().fails("second");
  starting.hurry();
  start().says({ jobs: [] });
  for (const message of ["third", "fourth"]) {
    start().fails(message);
    vi.advanceTimersByTime(100);
  }
  expect(warnings).toEqual([expect.stringContaining("Cannot load the jobs of jobs.ts: third\n")]);
  vi.advanceTimersByTime(100);
  start().says({ jobs: [] });
  start().fails("fifth");
  expect(warnings.slice(1)).toEqual([expect.stringContaining("fifth")]);
});

test("a module that does not load is warned of once, with the likely cause", () => {
  start().says({ jobs: [] });
  start();
  start();
  vi.advanceTimersByTime(4999);
  expect(warnings).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(warnings).toEqual([expect.stringMatching(/^jobs\.ts has not loaded for 5 s.*`await`.*`then`/)]);
});

test("after the end nothing is tried, told or warned of", () => {
  const slow = start();
  start().fails();
  const held = start();
  log.length = 0;
  starting.close();
  vi.advanceTimersByTime(20_000);
  slow.says({ jobs: [] });
  held.emit("exit", 1);
  expect([held.tries, log, warnings]).toEqual([false, [], []]);
  expect(vi.getTimerCount()).toBe(0);
});
