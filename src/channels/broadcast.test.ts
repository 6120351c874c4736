import { describe, expect, test } from "vitest";
import {
  all,
  Broadcast,
  ChannelClosedError,
  createTask,
  moveOnAfter,
  runSync,
  select,
  sleep,
  taskGroup,
  type Awaitable,
  type Subscription,
} from "../index.ts";
import { runVirtual, waitAllParked } from "../testing/index.ts";
import { cancelAMillion, thrownBy } from "../../tests/support/waiters.ts";

/** What is in it now. */
function drained<T>(subscription: Subscription<T>): T[] {
  const items: T[] = [];
  for (let item = subscription.tryReceive(); item !== undefined; item = subscription.tryReceive()) {
    items.push(item.value);
  }
  return items;
}

describe("a broadcast", () => {
  test("sends to everyone who has subscribed by then, and to nobody where nobody has", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<number>();
      yield* news.send(0);
      const first = news.subscribe(5);
      yield* news.send(1);
      const second = news.subscribe(5);
      yield* news.send(2);
      expect(news.statistics).toEqual({ subscriptions: 2, waitingSenders: 0, closed: false });
      expect([drained(first), drained(second)]).toEqual([[1, 2], [2]]);
    });
  });

  test("hands over to those who wait, and passes over those who were cancelled, S7", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<number>();
      const subscription = news.subscribe(1);
      const tasks = [1, 2].map(() => createTask(() => subscription.receive()));
      yield* waitAllParked();
      expect(subscription.statistics.waitingReceivers).toBe(2);
      void tasks[0]!.cancel();
      yield* news.send(1);
      expect(yield* tasks[1]!).toBe(1);
      expect(subscription.statistics).toMatchObject({ size: 0, waitingReceivers: 0 });
    });
  });

  test("waits for a slow subscriber that wants it, and then sends to all at once, in order, S22", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<number>({ name: "news" });
      const slow = news.subscribe(1);
      const fast = news.subscribe(10);
      yield* news.send(1);
      expect(news.trySend(9)).toBe(false);
      const senders = [2, 3, 4].map((n) => createTask(() => news.send(n)));
      yield* waitAllParked();
      expect(senders[0]!.waitingFor).toBe('room for all subscribers of broadcast "news"');
      expect([drained(fast), news.statistics.waitingSenders]).toEqual([[1], 3]);
      void senders[1]!.cancel();
      expect(news.statistics.waitingSenders).toBe(2);
      expect(yield* slow.receive()).toBe(1);
      expect(drained(fast)).toEqual([2]);
      expect(drained(slow)).toEqual([2, 4]);
      expect(drained(fast)).toEqual([4]);
      yield* all([senders[0]!, senders[2]!]);
      expect(news.trySend(5)).toBe(true);
    });
  });

  test("keeps the order for who waits, and loses nothing, where another is too slow and ends, S7", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<number>();
      const strict = news.subscribe(1, { overflow: "error" });
      const patient = news.subscribe(1);
      yield* news.send(1);
      const senders = [2, 3].map((n) => createTask(() => news.send(n)));
      yield* waitAllParked();
      for (const n of [1, 2, 3]) expect(yield* patient.receive()).toBe(n);
      yield* all(senders);
      expect(patient.statistics.dropped).toBe(0);
      expect(yield* strict.receive()).toBe(1);
      expect(yield* thrownBy(() => strict.receive())).toMatch("ChannelFullError");
    });
  });

  test("waits for a slow subscriber no longer when that is closed", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<number>();
      const gone = news.subscribe(1);
      yield* news.send(1);
      const sender = createTask(() => news.send(2));
      yield* waitAllParked();
      gone.close();
      gone.close();
      yield* sender;
      expect(news.statistics.subscriptions).toBe(0);
      expect(yield* thrownBy(() => gone.receive())).toBe(
        "ChannelClosedError: Cannot receive from a subscription of the broadcast: it was closed at 0.0 s by main.",
      );
      expect(yield* thrownBy(() => gone.receiveOrEnd())).toMatch("ChannelClosedError");
    });
  });

  test("lets the slow miss the oldest, or the newest", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<number>();
      const latest = news.subscribe(2, { overflow: "dropOldest" });
      const first = news.subscribe(2, { overflow: "dropNewest" });
      for (let n = 1; n <= 5; n++) yield* news.send(n);
      expect([latest.statistics.dropped, first.statistics.dropped]).toEqual([3, 3]);
      expect([drained(latest), drained(first)]).toEqual([
        [4, 5],
        [1, 2],
      ]);
    });
  });

  test("ends the subscription of the slow by an error, after what is in its buffer", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<number>({ name: "news" });
      const slow = news.subscribe(1, { overflow: "error" });
      yield* news.send(1);
      yield* news.send(2);
      expect(news.statistics.subscriptions).toBe(0);
      expect(slow.statistics).toMatchObject({ size: 1, closed: true });
      expect(yield* slow.receive()).toBe(1);
      const text =
        'ChannelFullError: Cannot receive from a subscription of broadcast "news": there was no room for an item, with 1 of 1 ' +
        "in it. Receive faster, give it more room, or let it drop some.";
      expect(yield* thrownBy(() => slow.receive())).toBe(text);
      expect(yield* thrownBy(() => slow.receiveOrEnd())).toBe(text);
      slow.close();
    });
  });

  test("is closed: what was sent is still received, whoever waits is told", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<number>({ name: "news" });
      const full = news.subscribe(1);
      const empty = news.subscribe(1, { overflow: "dropOldest" });
      yield* news.send(1);
      drained(empty);
      const sender = createTask(() => thrownBy(() => news.send(2)));
      const receivers = [
        createTask(() => thrownBy(() => empty.receive())),
        createTask(() => thrownBy(() => empty.receiveOrEnd())),
      ];
      yield* waitAllParked();
      news.close();
      news.close();
      expect(yield* sender).toBe(
        'ChannelClosedError: Cannot send on broadcast "news": it was closed at 0.0 s by main. Close it after the last item.',
      );
      expect(yield* all(receivers)).toEqual([
        'ChannelClosedError: Cannot receive from a subscription of broadcast "news": it was closed at 0.0 s by main, and every ' +
          "item was received. To receive until then without an error, use `receiveOrEnd`.",
        "nothing",
      ]);
      expect(yield* full.receiveOrEnd()).toEqual({ done: false, value: 1 });
      expect(yield* full.receiveOrEnd()).toEqual({ done: true, value: undefined });
      expect(() => news.subscribe(1)).toThrow(ChannelClosedError);
      expect(() => news.trySend(1)).toThrow(ChannelClosedError);
      full.close();
      expect(yield* thrownBy(() => full.receive())).toMatch("ChannelClosedError");
    });
  });

  test("works in a select: a send, a subscription, and both of one task", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<number>();
      const subscription = news.subscribe(1);
      yield* news.send(1);
      const [both] = yield* all([
        select([news.send(2), subscription.receive()], { order: "listed" }),
        sleep(1),
      ] as const);
      expect(both).toEqual({ index: 1, value: 1 });
      expect([subscription.statistics.size, news.statistics.waitingSenders]).toEqual([0, 0]);
    });
  });

  test("S5: finds a cancellation before it sends", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<number>();
      const subscription = news.subscribe(1);
      expect((yield* moveOnAfter(0, () => news.send(1))).expired).toBe(true);
      expect(subscription.statistics.size).toBe(0);
    });
  });

  test("a million senders that were cancelled leave nothing", { timeout: 60_000 }, () => {
    const news = new Broadcast<number>();
    news.subscribe(1);
    news.trySend(1);
    runSync(() => cancelAMillion(() => news.send(1)));
    expect(news.senders.isEmpty).toBe(true);
  });

  test("a subscription is closed by using, also when its task is cancelled", async () => {
    await runVirtual(function* () {
      const news = new Broadcast<number>();
      const listen = function* (): Awaitable<void> {
        using subscription = news.subscribe(1);
        for (;;) yield* subscription.receive();
      };
      yield* taskGroup(function* (group) {
        group.createTask(listen, { background: true });
        yield* waitAllParked();
        expect(news.statistics.subscriptions).toBe(1);
      });
      expect(news.statistics.subscriptions).toBe(0);
    });
  });

  test("refuses what is no capacity and no policy", () => {
    const news = new Broadcast<number>({ name: "news" });
    expect(() => news.subscribe(0)).toThrow(
      'Cannot make a subscription of broadcast "news" for 0 items: give a whole number, 1 or more',
    );
    expect(() => news.subscribe(1, { overflow: "end" as "wait" })).toThrow('with the overflow "end"');
  });
});
