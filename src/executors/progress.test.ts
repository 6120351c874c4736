/** How often progress is sent, and that the last of it always is. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Progress } from "./progress.ts";

describe("progress", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const started = (): { sent: unknown[]; progress: Progress } => {
    const sent: unknown[] = [];
    return { sent, progress: new Progress((value) => sent.push(value)) };
  };

  test("the first is sent at once", () => {
    const { sent, progress } = started();
    progress.tell(1);
    expect(sent).toEqual([1]);
    expect(vi.getTimerCount()).toBe(0);
  });
  test("of what follows at once the last is sent, a little later", () => {
    const { sent, progress } = started();
    for (let n = 1; n <= 100; n++) progress.tell(n);
    expect(sent).toEqual([1]);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(10);
    expect(sent).toEqual([1, 100]);
    expect(vi.getTimerCount()).toBe(0);
  });
  test("what comes slowly is sent as it comes", () => {
    const { sent, progress } = started();
    for (let n = 1; n <= 5; n++) {
      progress.tell(n);
      vi.advanceTimersByTime(10);
    }
    expect(sent).toEqual([1, 2, 3, 4, 5]);
  });
  test("the end sends what was held back, and leaves no timer", () => {
    const { sent, progress } = started();
    progress.tell("first");
    progress.tell("held");
    progress.end();
    expect(sent).toEqual(["first", "held"]);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(sent).toEqual(["first", "held"]);
  });
  test("the end sends nothing twice", () => {
    const { sent, progress } = started();
    progress.end();
    progress.tell("only");
    progress.end();
    progress.end();
    expect(sent).toEqual(["only"]);
  });
  test("a thread that is kept from its timers sends the next one itself, and nothing older after it", () => {
    const { sent, progress } = started();
    progress.tell(1);
    progress.tell(2);
    vi.setSystemTime(Date.now()); // the timer is due, but nothing calls it
    const now = performance.now();
    vi.spyOn(performance, "now").mockReturnValue(now + 50);
    progress.tell(3);
    expect(sent).toEqual([1, 3]);
    vi.restoreAllMocks();
    vi.advanceTimersByTime(100);
    expect(sent).toEqual([1, 3]);
  });
  test("`undefined` is a value like another", () => {
    const { sent, progress } = started();
    progress.tell(1);
    progress.tell(undefined);
    progress.end();
    expect(sent).toEqual([1, undefined]);
  });
  test("a value that is held back is sent as it was when it was told", () => {
    const { sent, progress } = started();
    const value: Record<string, unknown> = { done: 1 };
    progress.tell("first");
    progress.tell(value);
    value["done"] = () => "what cannot be sent";
    vi.advanceTimersByTime(10);
    expect(sent).toEqual(["first", { done: 1 }]);
  });
  test("whoever tells what cannot be sent hears that, not the timer", () => {
    const { sent, progress } = started();
    progress.tell("first");
    expect(() => progress.tell(() => 1)).toThrow(/could not be cloned/);
    vi.advanceTimersByTime(10);
    expect(sent).toEqual(["first"]);
  });
});
