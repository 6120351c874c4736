import { afterEach, describe, expect, test, vi } from "vitest";
import { cede, DeadlockError, EventLoop, Future } from "../index.ts";
import { onExhausted } from "./exhausted.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** The listeners that came since, called as the platform would. */
function listening() {
  const before = new Set<unknown>(process.listeners("beforeExit"));
  return {
    get added() {
      return process.listeners("beforeExit").filter((listener) => !before.has(listener));
    },
    exhaust() {
      for (const listener of this.added) listener.call(process, 0);
    },
  };
}

describe("when the platform has nothing left", () => {
  test("whoever listens is called, as often as it happens, until it stops", () => {
    const platform = listening();
    const calls: string[] = [];
    const stopOne = onExhausted(() => calls.push("one") > 0);
    const stopTwo = onExhausted(() => calls.push("two") > 0);
    platform.exhaust();
    stopOne();
    stopOne();
    platform.exhaust();
    stopTwo();
    platform.exhaust();
    expect(calls).toEqual(["one", "two", "two"]);
    expect(platform.added).toEqual([]);
  });

  test("S23: whoever waits for the outside has come to a deadlock, on any host", async () => {
    const platform = listening();
    const stuck = new EventLoop().runUntilComplete(() => new Future<void>("gate"));
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    platform.exhaust();
    await expect(stuck).rejects.toThrow(DeadlockError);
  });

  test("a loop that has not come so far is left alone", async () => {
    const platform = listening();
    const running = new EventLoop().runUntilComplete(function* () {
      yield* cede();
      return "ended";
    });
    platform.exhaust();
    expect(await running).toBe("ended");
  });

  test("any number of loops is one listener, and none when nothing runs", async () => {
    const platform = listening();
    const running = Array.from({ length: 50 }, () => new EventLoop().runUntilComplete(() => cede()));
    expect(platform.added).toHaveLength(1);
    await Promise.all(running);
    expect(platform.added).toHaveLength(0);
  });

  test("a platform that cannot tell is never asked again", () => {
    for (const platform of [undefined, {}, { on: 1 }]) {
      vi.stubGlobal("process", platform);
      const stop = onExhausted(() => false);
      vi.unstubAllGlobals();
      expect(stop).not.toThrow();
    }
  });
});
