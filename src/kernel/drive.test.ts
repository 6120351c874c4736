import { describe, expect, test } from "vitest";
import { createTask, EventLoop, Future, sleep, taskGroup, type Awaitable } from "../index.ts";
import { firstInFirstOut, type Host, type Scheduler } from "../lowlevel.ts";
import { VirtualClock } from "../testing/index.ts";

/** A host that does only what it is told, and writes down what it is asked for. */
class Puppet implements Host {
  readonly asked: string[] = [];
  time = 0;
  /** Read at every look at the clock: a step may take time. */
  passing = 0;
  #calls: (() => void)[] = [];
  #timer: (() => void) | null = null;

  now(): number {
    return (this.time += this.passing);
  }
  soon(callback: () => void): void {
    this.asked.push("soon");
    this.#calls.push(callback);
  }
  later(callback: () => void): void {
    this.asked.push("later");
    this.#calls.push(callback);
  }
  wakeAt(at: number, callback: () => void): void {
    this.asked.push(`wake at ${at}`);
    this.#timer = at === Infinity ? null : callback;
  }
  /** Makes the oldest call. */
  call(): void {
    this.#calls.shift()?.();
  }
  callAll(): void {
    while (this.#calls.length > 0) this.call();
  }
  /** Lets the timer fire, at whatever time it is. */
  fire(): void {
    const timer = this.#timer;
    this.#timer = null;
    timer?.();
  }
}

describe("a loop asks its host", () => {
  test("once, however many tasks become ready", () => {
    const host = new Puppet();
    const loop = new EventLoop({ host });
    for (let i = 0; i < 10; i++) loop.createTask(() => sleep(0));
    expect(host.asked).toEqual(["soon"]);
  });

  test("for a macrotask at first, then for microtasks while its slice lasts", () => {
    const host = new Puppet();
    const loop = new EventLoop({ host });
    const future = loop.createFuture<void>();
    loop.createTask(() => future);
    host.callAll();
    expect(host.asked).toEqual(["soon", "later"]);
    host.time += 1; // a promise that settles soon after: it is still the same slice
    future.setResult();
    host.callAll();
    expect(host.asked).toEqual(["soon", "later", "soon"]);
    host.time += 1; // the slice is over
    loop.createTask(() => sleep(0));
    host.call();
    expect(host.asked).toEqual(["soon", "later", "soon", "soon", "later"]);
  });

  test("S21: for a macrotask whenever a slice is over and somebody is still ready", () => {
    const host = new Puppet();
    host.passing = 0.01;
    const loop = new EventLoop({ host });
    let stop = false;
    loop.createTask(function* () {
      while (!stop) yield;
    });
    for (let i = 0; i < 10; i++) host.call();
    expect(host.asked).toEqual(["soon", ...Array.from({ length: 10 }, () => "later")]);
    stop = true;
    host.callAll();
  });

  test("for one timer, the next deadline, and takes it back when there is none", async () => {
    const host = new Puppet();
    const loop = new EventLoop({ host });
    const future = loop.createFuture<void>();
    const ended = loop.runUntilComplete(function* () {
      const tasks = [30, 10, 20].map((ms) => createTask(sleep(ms)));
      yield* future;
      for (const task of tasks) task.cancel();
    });
    host.call();
    host.call();
    expect(host.asked).toEqual(["soon", "later", "wake at 10"]);
    host.asked.length = 0;
    future.setResult();
    host.time = 5;
    host.callAll();
    await ended;
    expect(host.asked.at(-1)).toBe("wake at Infinity");
  });

  test("not again for a deadline that is later than the timer that is set", () => {
    const host = new Puppet();
    const loop = new EventLoop({ host });
    const wakes = () => host.asked.filter((what) => what.startsWith("wake"));
    loop.callAt(10, () => {});
    host.call();
    host.call();
    loop.callAt(20, () => {});
    loop.callAt(15, () => {});
    host.callAll();
    expect(wakes()).toEqual(["wake at 10"]);
    host.time = 1;
    host.fire(); // too early: it is set again
    expect(wakes()).toEqual(["wake at 10", "wake at 10"]);
    host.time = 10;
    host.fire();
    expect(wakes()).toEqual(["wake at 10", "wake at 10", "wake at 15"]);
  });
});

test("a scheduler that throws is told to the platform, and the loop goes on", () => {
  const host = new Puppet();
  const queue = firstInFirstOut();
  let broken = true;
  const scheduler: Scheduler = {
    get size() {
      return queue.size;
    },
    push: (runnable) => queue.push(runnable),
    pick() {
      if (!broken) return queue.pick();
      broken = false;
      throw new Error("a broken scheduler");
    },
  };
  const loop = new EventLoop({ host, scheduler });
  const task = loop.createTask(function* () {
    return "ended";
  });
  host.call();
  expect(() => host.call()).toThrow("a broken scheduler");
  host.callAll();
  expect(task.result()).toBe("ended");
});

describe("S17: a host's timer that comes early", () => {
  /** Wakes half-way, as often as it takes. */
  class EarlyClock extends VirtualClock {
    wakes = 0;
    override wakeAt(at: number, callback: () => void): void {
      const early = at - this.now() > 1 ? this.now() + (at - this.now()) / 2 : at;
      super.wakeAt(at === Infinity ? at : early, () => {
        this.wakes++;
        callback();
      });
    }
  }

  test("wakes nobody before the time, and is set again", async () => {
    const host = new EarlyClock();
    const loop = new EventLoop({ host });
    const times: number[] = [];
    const ended = loop.runUntilComplete(() =>
      taskGroup(function* (group) {
        for (const ms of [100, 7, 55]) {
          group.createTask(function* (): Awaitable<void> {
            yield* sleep(ms);
            times.push(loop.time());
          });
        }
      }),
    );
    host.runAll();
    await ended;
    expect(times).toEqual([7, 55, 100]);
    expect(host.wakes).toBeGreaterThan(3);
  });
});

describe("S17: the clock", () => {
  test("that jumps ahead (the process was stopped) wakes whoever is due, in the order of the deadlines", async () => {
    const host = new Puppet();
    const loop = new EventLoop({ host });
    const order: number[] = [];
    for (const ms of [30, 10, 20]) {
      loop.createTask(function* () {
        yield* sleep(ms);
        order.push(ms);
        yield* sleep(ms); // counted from now: no burst
        order.push(ms);
      });
    }
    const ended = loop.runUntilComplete();
    host.callAll();
    host.time = 60_000;
    host.fire();
    expect(order).toEqual([10, 20, 30]);
    host.time = 60_030;
    host.fire();
    await ended;
    expect(order).toEqual([10, 20, 30, 10, 20, 30]);
  });

  test("is read once a turn that has deadlines: what is set together is due together", async () => {
    const host = new VirtualClock();
    const loop = new EventLoop({ host });
    const future = new Future<void>();
    const ended = loop.runUntilComplete(() => future);
    const times = new Set<number>();
    for (let i = 0; i < 100; i++) loop.callLater(10, () => times.add(loop.time()));
    loop.callLater(11, () => future.setResult());
    host.runAll();
    await ended;
    expect([...times]).toEqual([10]);
  });
});
