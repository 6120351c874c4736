import { describe, expect, test } from "vitest";
import { cede, createTask, EventLoop, InvalidStateError, sleep, sleepForever } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

/** A loop on a virtual clock. */
function setUp() {
  const clock = new VirtualClock();
  return { clock, loop: new EventLoop({ host: clock }) };
}

describe("closing a loop", () => {
  test("stops; then the loop takes nothing new, and says so", async () => {
    const { loop, clock } = setUp();
    const ended = loop.runUntilComplete(() => sleepForever());
    const closed = loop.close();
    clock.runAll();
    await expect(ended).rejects.toMatchObject({ name: "CancelledError" });
    await closed;
    const refused = (what: string) =>
      new InvalidStateError(`Cannot ${what}: the loop is closed. Make a new EventLoop.`);
    expect(() => loop.createTask(() => cede())).toThrow(refused("create a task"));
    expect(() => loop.runUntilComplete()).toThrow(refused("run"));
    expect(() => loop.runUntilComplete(() => cede())).toThrow(refused("run"));
    expect(() => loop.callSoon(() => {})).toThrow(refused("call back"));
    expect(() => loop.callLater(1, () => {})).toThrow(refused("call back"));
    expect(() => loop.callAt(1, () => {})).toThrow(refused("call back"));
    await loop.close();
  });

  test("takes back the calls that were still to come", async () => {
    const { loop, clock } = setUp();
    const log: string[] = [];
    const handle = loop.callLater(10, () => log.push("callLater"));
    loop.callAt(20, () => log.push("callAt"));
    void loop.close();
    expect(loop.statistics.deadlines).toBe(0);
    handle.cancel(); // does nothing, and no harm
    clock.runAll();
    expect([log, clock.now()]).toEqual([[], 0]);
  });

  test("takes them back when cleanup, which may wait for them, has ended", async () => {
    const { loop, clock } = setUp();
    const log: string[] = [];
    const gate = loop.createFuture<void>("gate");
    loop.callLater(10, () => gate.setResult());
    loop.callLater(20, () => log.push("after the loop was closed"));
    const ended = loop.runUntilComplete(function* () {
      try {
        yield* sleepForever();
      } finally {
        yield* gate;
        log.push(`${loop.time()} cleaned up`);
      }
    });
    loop.callLater(1, () => void loop.close());
    clock.runAll();
    await expect(ended).rejects.toMatchObject({ name: "CancelledError" });
    expect(log).toEqual(["10 cleaned up"]);
    expect(clock.now()).toBe(10);
  });

  test("takes the host's timer back: nothing keeps the process", () => {
    const calls: (() => void)[] = [];
    const wakes: number[] = [];
    const loop = new EventLoop({
      host: {
        now: () => 0,
        soon: (callback) => void calls.push(callback),
        later: (callback) => void calls.push(callback),
        wakeAt: (at) => void wakes.push(at),
      },
    });
    loop.callAt(20, () => {});
    for (let call = calls.shift(); call !== undefined; call = calls.shift()) call();
    expect(wakes).toEqual([20]);
    void loop.close();
    for (let call = calls.shift(); call !== undefined; call = calls.shift()) call();
    expect(wakes).toEqual([20, Infinity]);
  });

  test("lets cleanup create what it needs", async () => {
    const { loop, clock } = setUp();
    const log: string[] = [];
    const ended = loop.runUntilComplete(function* () {
      try {
        yield* sleepForever();
      } finally {
        yield* createTask(function* () {
          yield* sleep(1);
          log.push("a task of the cleanup");
        });
      }
    });
    loop.callLater(1, () => void loop.close());
    clock.runAll();
    await expect(ended).rejects.toMatchObject({ name: "CancelledError" });
    expect(log).toEqual(["a task of the cleanup"]);
  });
});
