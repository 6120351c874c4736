import { describe, expect, test } from "vitest";
import {
  all,
  Channel,
  ChannelClosedError,
  createTask,
  moveOnAfter,
  run,
  runSync,
  select,
  sleep,
  taskGroup,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript, waitAllParked } from "../testing/index.ts";
import { everyOrder } from "../../tests/support/explored.ts";
import { cancelAMillion, thrownBy } from "../../tests/support/waiters.ts";

/** Receives until the end. */
function* rest<T>(channel: Channel<T>): Awaitable<T[]> {
  const items: T[] = [];
  for (;;) {
    const item = yield* channel.receiveOrEnd();
    if (item.done) return items;
    items.push(item.value);
  }
}

/** Tasks that wait, in this order. */
function* parked<T>(...bodies: (() => Awaitable<T>)[]) {
  const tasks = bodies.map((body) => createTask(body));
  yield* waitAllParked();
  return tasks;
}

describe("a channel", () => {
  test("gives in the order in which was sent, and keeps at most its capacity", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(() =>
      taskGroup(function* (group) {
        const channel = new Channel<number>(2);
        group.createTask(function* () {
          for (let n = 1; n <= 4; n++) {
            yield* channel.send(n);
            log(`sent ${n}`);
          }
          channel.close();
        });
        yield* sleep(1);
        expect(channel.statistics).toMatchObject({ size: 2, capacity: 2, waitingSenders: 1 });
        yield* sleep(1);
        expect(yield* channel.receive()).toBe(1);
        yield* sleep(1);
        expect(yield* rest(channel)).toEqual([2, 3, 4]);
      }),
    );
    expect(log.lines).toEqual(["0 sent 1", "0 sent 2", "2 sent 3", "3 sent 4"]);
  });

  test("of capacity 0 hands over: send ends when there is a receiver", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const channel = new Channel<string>(0);
      const sending = createTask(function* () {
        yield* channel.send("tea");
        log("sent");
      });
      yield* sleep(5);
      log(yield* channel.receive());
      yield* sending;
      const receiving = createTask(() => channel.receive());
      yield* sleep(5);
      yield* channel.send("coffee");
      log("sent at once");
      log(yield* receiving);
    });
    expect(log.lines).toEqual(["5 tea", "5 sent", "10 sent at once", "10 coffee"]);
  });

  test("gives what is undefined, and what is null, as any other item", async () => {
    await runVirtual(function* () {
      const channel = new Channel<unknown>(3);
      yield* channel.send(undefined);
      yield* channel.send(null);
      expect([yield* channel.receive(), channel.tryReceive()]).toEqual([undefined, { value: null }]);
      expect(channel.tryReceive()).toBe(undefined);
    });
  });

  test("hands over what is undefined, and what is null, as any other item", async () => {
    await runVirtual(function* () {
      const channel = new Channel<unknown>(0);
      yield* parked(
        () => channel.send(undefined),
        () => channel.send(null),
      );
      expect(yield* channel.receive()).toBe(undefined);
      expect(channel.tryReceive()).toEqual({ value: null });
      const receiving = createTask(() => channel.receiveOrEnd());
      yield* waitAllParked();
      yield* channel.send(undefined);
      expect(yield* receiving).toEqual({ done: false, value: undefined });
    });
  });

  test("sends again, and receives again, when what send or receive gave is awaited twice", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(5);
      const send = channel.send(7);
      yield* send;
      yield* send;
      const [receive, orEnd] = [channel.receive(), channel.receiveOrEnd()];
      expect([yield* receive, yield* receive]).toEqual([7, 7]);
      yield* channel.send(8);
      channel.close();
      expect(yield* orEnd).toEqual({ done: false, value: 8 });
      expect(yield* orEnd).toEqual({ done: true, value: undefined });
    });
  });

  test("S22: serves senders and receivers in the order in which they came, and trySend and tryReceive not before", async () => {
    await runVirtual(function* () {
      for (const capacity of [0, 1, 3]) {
        const channel = new Channel<number>(capacity);
        const receivers = yield* parked(...[1, 2, 3].map(() => () => channel.receive()));
        expect(channel.statistics.waitingReceivers).toBe(3);
        for (const n of [1, 2]) expect(channel.trySend(n)).toBe(true);
        expect(channel.tryReceive()).toBe(undefined); // they are those receivers' already
        yield* channel.send(3);
        expect(yield* all(receivers)).toEqual([1, 2, 3]);

        const filled = Array.from({ length: capacity + 3 }, (_, n) => n);
        yield* parked(...filled.map((n) => () => channel.send(n)));
        expect(channel.statistics).toMatchObject({ size: capacity, waitingSenders: 3 });
        expect(channel.trySend(99)).toBe(false);
        expect(channel.tryReceive()).toEqual({ value: 0 });
        expect(channel.trySend(99)).toBe(false); // the room is the longest waiting sender's
        for (const n of filled.slice(1)) expect(yield* channel.receive()).toBe(n);
        expect(channel.statistics).toMatchObject({ size: 0, waitingSenders: 0 });
      }
    });
  });

  test("S5: finds a cancellation before it sends or takes anything", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(2);
      yield* channel.send(1);
      expect((yield* moveOnAfter(0, () => channel.receive())).expired).toBe(true);
      expect((yield* moveOnAfter(0, () => channel.send(2))).expired).toBe(true);
      expect(channel.statistics).toMatchObject({ size: 1, unfinished: 1 });
    });
  });

  test("S7: a giver passes over a receiver that was cancelled, and nothing is lost", async () => {
    await runVirtual(function* () {
      for (const capacity of [0, 1]) {
        const channel = new Channel<number>(capacity);
        const [first, second] = yield* parked(
          () => channel.receive(),
          () => channel.receive(),
        );
        void first!.cancel();
        expect(channel.statistics.waitingReceivers).toBe(1);
        expect(channel.trySend(1)).toBe(true);
        expect(yield* second!).toBe(1);
        expect(first!.cancelled).toBe(true);
      }
    });
  });

  test("S7: a receiver passes over a sender that was cancelled, whose item is not sent", async () => {
    await runVirtual(function* () {
      for (const capacity of [0, 1]) {
        const channel = new Channel<string>(capacity);
        channel.trySend("before");
        const [first, second] = yield* parked(
          () => channel.send("cancelled"),
          () => channel.send("sent"),
        );
        void first!.cancel();
        expect(channel.statistics.waitingSenders).toBe(1);
        if (capacity === 1) expect(yield* channel.receive()).toBe("before");
        expect(yield* channel.receive()).toBe("sent");
        yield* second!;
        expect(first!.cancelled).toBe(true);
      }
    });
  });

  test("S7: what was handed over before the cancellation came is delivered", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(0);
      const got: number[] = [];
      const [receiver] = yield* parked(function* () {
        got.push(yield* channel.receive());
        yield* sleep(0);
        got.push(0);
      });
      expect(channel.trySend(1)).toBe(true);
      yield* receiver!.cancel();
      expect(got).toEqual([1]);
      expect(receiver!.cancelled).toBe(true);
    });
  });

  test("S7: a hand-over that races a cancellation loses nothing, in every order", async () => {
    await everyOrder(function* () {
      const channel = new Channel<number>(0);
      const got: number[] = [];
      const take = function* () {
        got.push(yield* channel.receive());
      };
      const victim = createTask(take);
      const other = createTask(take);
      const sender = createTask(() => channel.send(1));
      const killer = createTask(function* () {
        yield;
        void victim.cancel();
      });
      yield* sender;
      yield* killer;
      yield* waitAllParked();
      expect(got).toEqual([1]);
      void other.cancel();
      void victim.cancel();
    });
  });

  test("a million senders and receivers that were cancelled leave nothing", { timeout: 60_000 }, () => {
    const channel = new Channel<number>(0);
    runSync(() => cancelAMillion(() => channel.receive()));
    expect(channel.statistics).toMatchObject({ waitingReceivers: 0 });
    expect([channel.receivers.isEmpty, channel.senders.isEmpty]).toEqual([true, true]);
  });

  test("is waited for as something that a callback may end, and says for what", async () => {
    const channel = new Channel<number>(1, { name: "jobs" });
    setTimeout(() => channel.trySend(1), 1);
    expect(await run(() => channel.receive())).toBe(1);
    await runVirtual(function* () {
      const waiting = yield* parked(
        () => new Channel(0, { name: "jobs" }).receive(),
        () => new Channel(0, { name: "jobs" }).send(1),
        function* () {
          channel.trySend(2);
          yield* channel.send(3);
        },
        () => channel.join(),
        () => new Channel(0).receive(),
      );
      expect(waiting.map(({ waitingFor }) => waitingFor)).toEqual([
        'an item of channel "jobs"',
        'a receiver of channel "jobs"',
        'room in channel "jobs"',
        '2 unfinished items of channel "jobs"',
        "an item of the channel",
      ]);
      for (const task of waiting) void task.cancel();
    });
    expect(() => runSync(() => new Channel(0).receive())).toThrow("only the host could end that");
  });

  test("may be used by tasks of several loops", async () => {
    const channel = new Channel<number>(0);
    const received = run(() => channel.receive());
    const { EventLoop } = await import("../index.ts");
    const loop = new EventLoop();
    loop.createTask(() => channel.send(5));
    await loop.runUntilComplete();
    expect(await received).toBe(5);
    loop.close();
  });

  test("in a select sends, or receives, once; and never sends to itself", async () => {
    await runVirtual(function* () {
      for (const order of ["listed", "fair"] as const) {
        const direct = new Channel<number>(0);
        const alone = createTask(() => select([direct.send(1), direct.receive()], { order }));
        yield* waitAllParked();
        expect(direct.statistics).toMatchObject({ waitingSenders: 1, waitingReceivers: 1 });
        expect(direct.trySend(5)).toBe(true);
        expect(yield* alone).toEqual({ index: 1, value: 5 });
        expect(direct.statistics).toMatchObject({ waitingSenders: 0, waitingReceivers: 0 });

        const full = new Channel<number>(1);
        full.trySend(1);
        expect(yield* select([full.send(2), full.receive()], { order })).toEqual({ index: 1, value: 1 });
        expect(full.statistics).toMatchObject({ size: 0, waitingSenders: 0 });
        expect((yield* select([full.receive(), full.send(3)], { order })).index).toBe(1);
        expect(full.statistics).toMatchObject({ size: 1, waitingReceivers: 0 });
      }
    });
  });

  test("in a select passes its own wait by, and serves the next one", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(0);
      const sends = createTask(() => select([channel.receive(), sleep(1000)], { order: "listed" }));
      yield* waitAllParked();
      const both = createTask(() => select([channel.receive(), channel.send(1)], { order: "listed" }));
      expect(yield* sends).toEqual({ index: 0, value: 1 });
      expect((yield* both).index).toBe(1);
      expect(channel.statistics).toMatchObject({ waitingReceivers: 0, waitingSenders: 0 });
    });
  });
});

describe("closing a channel", () => {
  test("lets be received what was sent, and then throws, or tells the end", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(3, { name: "jobs" });
      yield* channel.send(1);
      yield* channel.send(2);
      channel.close();
      channel.close();
      expect(channel.statistics.closed).toBe(true);
      expect(yield* channel.receive()).toBe(1);
      expect(channel.tryReceive()).toEqual({ value: 2 });
      const text =
        'ChannelClosedError: Cannot receive from channel "jobs": it was closed at 0.0 s by main, and every item was ' +
        "received. To receive until then without an error, use `receiveOrEnd`.";
      expect(yield* thrownBy(() => channel.receive())).toBe(text);
      expect(() => channel.tryReceive()).toThrow(ChannelClosedError);
      expect(yield* channel.receiveOrEnd()).toEqual({ done: true, value: undefined });
    });
  });

  test("refuses what is sent after it", async () => {
    const channel = new Channel<number>(3, { name: "jobs" });
    channel.close();
    expect(() => channel.trySend(1)).toThrow(
      'Cannot send on channel "jobs": it was closed. Close it after the last item; where several tasks send, let each ' +
        "close a sender of its own.",
    );
    expect(() => channel.sender()).toThrow('Cannot take a sender of channel "jobs": it was closed.');
    await expect(runVirtual(() => channel.send(1))).rejects.toThrow(ChannelClosedError);
  });

  test("tells those who wait: senders that their items were not sent, receivers that nothing will come", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(0);
      const senders = yield* parked(
        () => thrownBy(() => channel.send(1)),
        () => thrownBy(() => channel.send(2)),
      );
      channel.close();
      for (const text of yield* all(senders))
        expect(text).toMatch("ChannelClosedError: Cannot send on the channel");
      const other = new Channel<number>(0);
      const receivers = yield* parked<unknown>(
        () => thrownBy(() => other.receive()),
        () => other.receiveOrEnd(),
      );
      other.close();
      expect(yield* all(receivers)).toEqual([
        expect.stringMatching("ChannelClosedError: Cannot receive"),
        { done: true, value: undefined },
      ]);
    });
  });

  test("passes over those who were cancelled", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(0);
      const [receiver] = yield* parked(() => channel.receive());
      void receiver!.cancel();
      channel.close();
      yield* sleep(0);
      expect(receiver!.cancelled).toBe(true);
    });
  });
});
