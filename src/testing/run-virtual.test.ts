import { describe, expect, test } from "vitest";
import {
  call,
  createTask,
  EventLoop,
  Future,
  moveOnAfter,
  runningLoop,
  sleep,
  timeout,
  until,
} from "../index.ts";
import { runVirtual, transcript, VirtualClock } from "./index.ts";

/** A promise that the platform resolves, after real time. */
const later = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => setTimeout(resolve, ms, value));

describe("runVirtual", () => {
  test("has run a program to its end when it returns, if that never waits for the outside", async () => {
    const log: string[] = [];
    const ended = runVirtual(function* () {
      const task = createTask(() => sleep(1e6));
      yield* timeout(1e9, () => task);
      log.push("ended");
    });
    expect(log).toEqual(["ended"]);
    await ended;
  });

  test("gives a promise's value, and throws its error", async () => {
    expect(await runVirtual(() => until(Promise.resolve(7)))).toBe(7);
    const failing = runVirtual(() => until(Promise.reject(new Error("no"))));
    await expect(failing).rejects.toThrow("no");
  });

  test("hears of promises that have settled before time jumps", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      log(`${yield* timeout(1000, () => until(Promise.resolve("a promise")))}`);
      const chain = Promise.resolve().then(() => Promise.resolve().then(() => "a chain"));
      log(`${yield* timeout(1000, () => until(chain))}`);
      yield* sleep(1);
      log(`${yield* timeout(1, () => call(async () => "a call"))}`);
    });
    expect(log.lines).toEqual(["0 a promise", "0 a chain", "1 a call"]);
  });

  test("hears of futures that are settled after it has returned", async () => {
    const future = new Future<string>();
    const ended = runVirtual(() => timeout(1000, () => future));
    future.setResult("settled");
    expect(await ended).toBe("settled");
  });
});

describe("virtual time", () => {
  test("jumps over what the outside may bring", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const { expired } = yield* moveOnAfter(1000, () => until(new Promise(() => {})));
      log(`expired: ${expired}`);
      const future = new Future<string>();
      createTask(function* () {
        yield* sleep(500);
        future.setResult("by a task");
      });
      log(yield* future);
    });
    expect(log.lines).toEqual(["1000 expired: true", "1500 by a task"]);
  });

  test("stands still while there is nothing to jump to: whatever the outside brings is heard of", async () => {
    const answer = await runVirtual(function* () {
      yield* sleep(42);
      return `${yield* until(later(5, "real"))} at ${runningLoop().time()}`;
    });
    expect(answer).toBe("real at 42");
  });

  test("S23: has an end: who hears nothing from the outside for a while waits for ever", async () => {
    const program = runVirtual(function* () {
      yield* sleep(42);
      yield* until(new Promise(() => {}));
    });
    await expect(program).rejects.toThrow(/ {2}main#\d+ waits for a promise$/);
  });

  test("of several programs is each one's own", async () => {
    const programs = [1000, 2000, 3000].map((ms) =>
      runVirtual(function* () {
        for (let i = 0; i < 3; i++) yield* moveOnAfter(ms, () => until(new Promise(() => {})));
        return runningLoop().time();
      }),
    );
    expect(await Promise.all(programs)).toEqual([3000, 6000, 9000]);
  });
});

describe("advance", () => {
  test("lets time pass, and makes what is due on the way", async () => {
    const clock = new VirtualClock();
    const lines: string[] = [];
    const loop = new EventLoop({ host: clock });
    const ended = loop.runUntilComplete(function* () {
      for (let i = 1; i <= 3; i++) {
        yield* sleep(10);
        lines.push(`${i} at ${loop.time()}`);
      }
    });
    clock.advance(0);
    expect(lines).toEqual([]);
    clock.advance(25);
    expect([lines, clock.now()]).toEqual([["1 at 10", "2 at 20"], 25]);
    clock.advance(5);
    expect(lines).toHaveLength(3);
    await ended;
    expect(clock.now()).toBe(30);
  });

  test("refuses what is no time to come", () => {
    expect(() => new VirtualClock().advance(-1)).toThrow(
      new RangeError("Cannot advance by -1 ms: time never goes back."),
    );
    expect(() => new VirtualClock().advance(NaN)).toThrow(RangeError);
  });
});
