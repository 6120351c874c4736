import { describe, expect, test } from "vitest";
import {
  createTask,
  DeadlockError,
  EventLoop,
  Future,
  moveOnAfter,
  sleep,
  timeout,
  until,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "./index.ts";

describe("a virtual clock as a host", () => {
  test("stands still but for jumps to the next wake", () => {
    const clock = new VirtualClock(100);
    const times: number[] = [];
    clock.wakeAt(150, () => {
      times.push(clock.now());
      clock.wakeAt(175.5, () => times.push(clock.now()));
    });
    expect(clock.now()).toBe(100);
    clock.runAll();
    expect(times).toEqual([150, 175.5]);
    expect(clock.now()).toBe(175.5);
  });

  test("a new wake replaces the last one, and Infinity takes it back", () => {
    const clock = new VirtualClock();
    const woken: string[] = [];
    clock.wakeAt(10, () => woken.push("replaced"));
    clock.wakeAt(20, () => woken.push("woken"));
    clock.runAll();
    clock.wakeAt(30, () => woken.push("taken back"));
    clock.wakeAt(Infinity, () => woken.push("never"));
    clock.runAll();
    expect(woken).toEqual(["woken"]);
    expect(clock.now()).toBe(20);
  });

  test("never goes back: a wake that is due is at once", () => {
    const clock = new VirtualClock(100);
    let at = 0;
    clock.wakeAt(50, () => (at = clock.now()));
    clock.runAll();
    expect(at).toBe(100);
  });

  test("makes all calls, in order, before time jumps", () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    const note = (what: string) => order.push(`${clock.now()} ${what}`);
    clock.wakeAt(10, () => note("wake"));
    clock.soon(() => {
      note("soon");
      clock.later(() => note("later, from soon"));
    });
    clock.later(() => note("later"));
    expect(order).toEqual([]);
    clock.runAll();
    expect(order).toEqual(["0 soon", "0 later", "0 later, from soon", "10 wake"]);
  });

  test("says when nothing is left, and goes on with what that brings", () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    const stop = clock.onExhausted(() => {
      order.push("exhausted");
      if (order.length === 1) clock.soon(() => order.push("called"));
    });
    clock.runAll();
    expect(order).toEqual(["exhausted", "called", "exhausted"]);
    stop();
    clock.runAll();
    expect(order).toHaveLength(3);
  });
});

describe("a program on a virtual clock", () => {
  test("takes no time, and is the same each time", async () => {
    const texts: string[] = [];
    for (let i = 0; i < 3; i++) {
      const log = transcript({ tasks: false });
      await runVirtual(function* () {
        for (const ms of [1e9, 3, 0.5]) {
          createTask(function* () {
            yield* sleep(ms);
            log(`${ms}`);
          });
        }
        yield* sleep(2e9);
        log("main");
      });
      texts.push(log.toString());
    }
    expect(texts[0]).toBe("0.5 0.5\n3 3\n1000000000 1000000000\n2000000000 main");
    expect(new Set(texts).size).toBe(1);
  });

  test("has ended when runVirtual returns, if it awaits no promise", async () => {
    let ended = false;
    const promise = runVirtual(function* () {
      yield* sleep(1e6);
      ended = true;
    });
    expect(ended).toBe(true);
    await promise;
  });

  test("runs by itself, too, when nobody runs the clock by hand", async () => {
    const clock = new VirtualClock();
    const result = await EventLoop.run(
      function* () {
        yield* sleep(1e6);
        return "ended";
      },
      { host: clock },
    );
    expect([result, clock.now()]).toEqual(["ended", 1e6]);
  });

  // Time jumped in the very step in which the program had begun to wait for the promise.
  test("that runs by itself sees promises that have settled before time jumps", async () => {
    const log = transcript({ tasks: false });
    await EventLoop.run(
      function* () {
        log(yield* timeout(1000, () => until(Promise.resolve("a promise"))));
        const chain = Promise.resolve().then(() => Promise.resolve().then(() => "a chain of promises"));
        log(yield* timeout(1000, () => until(chain)));
        const { expired } = yield* moveOnAfter(1000, () => until(new Promise(() => {})));
        log(`expired: ${expired}`);
      },
      { host: new VirtualClock() },
    );
    expect(log.lines).toEqual(["0 a promise", "0 a chain of promises", "1000 expired: true"]);
  });

  test("S23: that waits for what nobody brings is a deadlock", async () => {
    await expect(runVirtual(() => new Future<void>())).rejects.toThrow(DeadlockError);
  });
});
