import { describe, expect, test } from "vitest";
import { createTask, EventLoop, sleep } from "../index.ts";
import { firstInFirstOut, type Runnable, type Scheduler } from "../lowlevel.ts";
import { runVirtual, VirtualClock } from "../testing/index.ts";

const runnable = (): Runnable => ({ nextReady: null, step: () => false });

describe("first in, first out", () => {
  test("gives whatever was pushed in its order, and then nobody", () => {
    const queue = firstInFirstOut();
    const [a, b, c] = [runnable(), runnable(), runnable()];
    expect([queue.size, queue.pick()]).toEqual([0, null]);
    for (const one of [a, b, c]) queue.push(one);
    expect(queue.size).toBe(3);
    expect(queue.pick()).toBe(a);
    queue.push(a);
    expect([queue.pick() === b, queue.pick() === c, queue.pick() === a]).toEqual([true, true, true]);
    expect([queue.size, queue.pick()]).toEqual([0, null]);
    queue.push(b);
    expect(queue.pick()).toBe(b);
  });

  test("holds on to nobody that was picked", () => {
    const queue = firstInFirstOut();
    const [a, b] = [runnable(), runnable()];
    queue.push(a);
    queue.push(b);
    queue.pick();
    expect(a.nextReady).toBe(null);
  });

  test("is the order of a loop that is given no scheduler", async () => {
    const order: number[] = [];
    await runVirtual(function* () {
      for (let i = 0; i < 5; i++) {
        createTask(function* () {
          order.push(i);
        });
      }
      yield* sleep(1);
    });
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });
});

test("S19: another scheduler answers who runs next, and nothing else changes", async () => {
  /** Last in, first out. */
  class Stack implements Scheduler {
    readonly #stack: Runnable[] = [];
    get size(): number {
      return this.#stack.length;
    }
    push(runnable: Runnable): void {
      this.#stack.push(runnable);
    }
    pick(): Runnable | null {
      return this.#stack.pop() ?? null;
    }
  }
  const clock = new VirtualClock();
  const loop = new EventLoop({ host: clock, scheduler: new Stack() });
  const order: number[] = [];
  const ended = loop.runUntilComplete(function* () {
    for (let i = 0; i < 5; i++) {
      createTask(function* () {
        order.push(i);
        yield* sleep(1);
      });
    }
    yield* sleep(1);
    return "ended";
  });
  clock.runAll();
  expect(await ended).toBe("ended");
  expect(order).toEqual([4, 3, 2, 1, 0]);
});
