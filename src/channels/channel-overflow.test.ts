import { describe, expect, test } from "vitest";
import { Channel, ChannelFullError, moveOnAfter, sleep, taskGroup, type ChannelOptions } from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import { thrownBy } from "../../tests/support/waiters.ts";

describe("where there is no room", () => {
  const filled = (options: ChannelOptions) => {
    const channel = new Channel<number>(2, { name: "jobs", ...options });
    channel.trySend(1);
    channel.trySend(2);
    return channel;
  };

  test("dropOldest makes room", async () => {
    await runVirtual(function* () {
      const channel = filled({ overflow: "dropOldest" });
      yield* channel.send(3);
      expect(channel.trySend(4)).toBe(true);
      expect(channel.statistics).toMatchObject({ size: 2, dropped: 2, unfinished: 2 });
      expect([yield* channel.receive(), yield* channel.receive()]).toEqual([3, 4]);
    });
  });

  test("dropNewest leaves the item out; trySend says so", async () => {
    await runVirtual(function* () {
      const channel = filled({ overflow: "dropNewest" });
      yield* channel.send(3);
      expect(channel.trySend(4)).toBe(false);
      expect(channel.statistics).toMatchObject({ size: 2, dropped: 1, unfinished: 2 });
      expect([yield* channel.receive(), yield* channel.receive()]).toEqual([1, 2]);
      const direct = new Channel<number>(0, { overflow: "dropNewest" });
      yield* direct.send(1);
      expect(direct.statistics).toMatchObject({ size: 0, dropped: 1 });
    });
  });

  test("error throws; trySend says so", async () => {
    await runVirtual(function* () {
      const channel = filled({ overflow: "error" });
      expect(channel.trySend(3)).toBe(false);
      expect(yield* thrownBy(() => channel.send(3))).toBe(
        'ChannelFullError: Cannot send on channel "jobs": there is no room, with 2 of 2 items in it. Let `send` wait, ' +
          'with { overflow: "wait" }, or give it more room.',
      );
      expect(yield* thrownBy(() => new Channel(0, { overflow: "error" }).send(1))).toMatch(
        "nobody waits to receive",
      );
      expect(new ChannelFullError("x").name).toBe("ChannelFullError");
    });
  });

  test("Infinity is room for all, and is given back", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(Infinity);
      for (let n = 0; n < 10_000; n++) expect(channel.trySend(n)).toBe(true);
      for (let n = 0; n < 10_000; n++) expect(channel.tryReceive()).toEqual({ value: n });
    });
  });
});

describe("join", () => {
  test("waits until taskDone was called for every item: also for those that were sent meanwhile", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(() =>
      taskGroup(function* (group) {
        const pages = new Channel<number>(10);
        yield* pages.join();
        yield* pages.send(3);
        for (let n = 0; n < 2; n++) {
          group.createTask(
            function* () {
              for (;;) {
                const depth = yield* pages.receive();
                yield* sleep(10);
                log(`page ${depth}`);
                if (depth > 1) for (let link = 0; link < 2; link++) yield* pages.send(depth - 1);
                pages.taskDone();
              }
            },
            { background: true },
          );
        }
        yield* pages.join();
        log("all");
        expect(pages.statistics.unfinished).toBe(0);
      }),
    );
    expect(log.lines).toEqual([
      "10 page 3",
      "20 page 2",
      "20 page 2",
      "30 page 1",
      "30 page 1",
      "40 page 1",
      "40 page 1",
      "40 all",
    ]);
  });

  test("refuses a taskDone too many", () => {
    const channel = new Channel<number>(1, { name: "jobs" });
    channel.trySend(1);
    expect(() => channel.taskDone()).toThrow(
      'Cannot mark an item of channel "jobs" as done: every item that was received has been. Call `taskDone` once for each.',
    );
    channel.tryReceive();
    channel.taskDone();
    expect(() => channel.taskDone()).toThrow("Cannot mark");
  });

  test("is cancelled as any wait", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(1);
      channel.trySend(1);
      expect((yield* moveOnAfter(5, () => channel.join())).expired).toBe(true);
      channel.tryReceive();
      channel.taskDone();
      const join = channel.join();
      yield* join;
      yield* join;
    });
  });
});

test("a channel refuses what is no capacity and no policy", () => {
  for (const capacity of [-1, 1.5, NaN, undefined, "8"]) {
    expect(() => new Channel(capacity as number)).toThrow(RangeError);
  }
  expect(() => new Channel(NaN, { name: "jobs" })).toThrow(
    'Cannot make channel "jobs" for NaN items: give a whole number, 0 or more, 0 to hand each over directly, or Infinity ' +
      "for no limit.",
  );
  expect(() => new Channel(1, { overflow: "drop" as "wait" })).toThrow(
    'Cannot make the channel with the overflow "drop": it is one of "wait", "dropOldest", "dropNewest", "error".',
  );
  expect(() => new Channel(0, { overflow: "dropOldest" })).toThrow(
    "Cannot make the channel of capacity 0 drop the oldest item",
  );
});
