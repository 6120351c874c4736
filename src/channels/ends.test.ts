import { describe, expect, test } from "vitest";
import { all, BrokenChannelError, Channel, createTask, taskGroup } from "../index.ts";
import { runVirtual, waitAllParked } from "../testing/index.ts";
import { thrownBy } from "../../tests/support/waiters.ts";

describe("the senders of a channel", () => {
  test("close it when the last of them is closed, and not before", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(5, { name: "jobs" });
      const first = channel.sender();
      const second = first.clone();
      expect(channel.statistics.openSenders).toBe(2);
      yield* first.send(1);
      first.close();
      first.close();
      expect([first.closed, second.closed, channel.statistics.closed]).toEqual([true, false, false]);
      expect(second.trySend(2)).toBe(true);
      second.close();
      expect(channel.statistics).toMatchObject({ closed: true, openSenders: 0 });
      expect([yield* channel.receive(), yield* channel.receive()]).toEqual([1, 2]);
      expect(yield* channel.receiveOrEnd()).toEqual({ done: true, value: undefined });
      expect(yield* thrownBy(() => channel.send(3))).toMatch(
        'Cannot send on channel "jobs": its last sender was closed at 0.0 s by main.',
      );
    });
  });

  test("are closed by using", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(5);
      yield* taskGroup(function* (group) {
        for (const n of [1, 2]) {
          const sender = channel.sender();
          group.createTask(
            function* () {
              using numbers = sender;
              yield* numbers.send(n);
            },
            { start: "always" },
          );
        }
      });
      expect(channel.statistics.closed).toBe(true);
    });
  });

  test("are closed without a look at those who wait through others: many may be, and all may be closed", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(0);
      const last = createTask(() => channel.send(0));
      yield* waitAllParked();
      let looks = 0;
      Object.defineProperty(channel.senders.first, "via", { get: () => (looks++, null) });
      const crowd = createTask(() =>
        taskGroup(function* (group) {
          for (let n = 1; n < 100; n++) {
            const sender = channel.sender();
            group.createTask(
              function* () {
                using numbers = sender;
                yield* numbers.send(n);
              },
              { start: "always" },
            );
          }
          yield* waitAllParked();
          channel.sender(); // one that stays open
        }),
      );
      yield* waitAllParked();
      yield* crowd.cancel();
      expect(channel.statistics).toMatchObject({ openSenders: 1, waitingSenders: 1 });
      expect(looks).toBe(0);
      expect(channel.tryReceive()).toEqual({ value: 0 });
      yield* last;
    });
  });

  test("refuse to be used when they are closed, and tell those who wait through them", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(0, { name: "jobs" });
      const [sender, other] = [channel.sender(), channel.sender()];
      const waiting = [sender, other].map((end, n) => createTask(() => thrownBy(() => end.send(n))));
      yield* waitAllParked();
      sender.close();
      const closed = 'channel "jobs": this sender was closed. Clone it for each task that is to close one.';
      expect(yield* waiting[0]!).toBe(`ChannelClosedError: Cannot wait on ${closed}`);
      expect(channel.tryReceive()).toEqual({ value: 1 });
      expect(yield* waiting[1]!).toBe("nothing");
      expect(yield* thrownBy(() => sender.send(1))).toBe(`ChannelClosedError: Cannot send on ${closed}`);
      expect(() => sender.trySend(1)).toThrow(`Cannot send on ${closed}`);
      expect(() => sender.clone()).toThrow(`Cannot clone a sender of ${closed}`);
    });
  });
});

describe("the receivers of a channel", () => {
  test("break it when the last of them is closed: nothing can be sent, and what is left is dropped", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(1, { name: "jobs" });
      const receiver = channel.receiver();
      const clone = receiver.clone();
      yield* channel.send(1);
      const waiting = [2, 3].map((n) => createTask(() => thrownBy(() => channel.send(n))));
      yield* waitAllParked();
      receiver.close();
      expect(channel.statistics).toMatchObject({ openReceivers: 1, waitingSenders: 2, closed: false });
      clone.close();
      const broken =
        'BrokenChannelError: Cannot send on channel "jobs": its last receiver was closed at 0.0 s by main, so nobody would ' +
        "ever get an item. Stop sending, or keep a receiver open.";
      expect(yield* all(waiting)).toEqual([broken, broken]);
      expect(yield* thrownBy(() => channel.send(4))).toBe(broken);
      expect(() => channel.trySend(4)).toThrow(BrokenChannelError);
      expect(() => channel.sender()).toThrow(BrokenChannelError);
      expect(() => channel.receiver()).toThrow('Cannot take a receiver of channel "jobs"');
      expect(channel.statistics).toMatchObject({ size: 0, closed: true, unfinished: 0 });
      const dropped = /ChannelClosedError: Cannot receive .* and what was left was dropped/;
      expect(yield* thrownBy(() => channel.receive())).toMatch(dropped);
      expect(yield* thrownBy(() => channel.receiveOrEnd())).toMatch(dropped);
    });
  });

  test("receive what was sent before the channel was closed", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(2);
      using receiver = channel.receiver();
      yield* channel.send(1);
      yield* channel.send(2);
      channel.close();
      expect(yield* receiver.receive()).toBe(1);
      expect(receiver.tryReceive()).toEqual({ value: 2 });
      expect(yield* receiver.receiveOrEnd()).toEqual({ done: true, value: undefined });
      expect(yield* thrownBy(() => receiver.receive())).toMatch("ChannelClosedError");
      channel.receiver().close(); // one may still be taken, and closed
    });
  });

  test("refuse to be used when they are closed, and tell those who wait through them", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(0, { name: "jobs" });
      const [receiver, other] = [channel.receiver(), channel.receiver()];
      const waiting = [
        createTask(() => thrownBy(() => receiver.receive())),
        createTask(() => thrownBy(() => receiver.receiveOrEnd())),
        createTask(() => thrownBy(() => other.receive())),
      ];
      yield* waitAllParked();
      receiver.close();
      channel.trySend(1);
      const text =
        'ChannelClosedError: Cannot wait on channel "jobs": this receiver was closed. Clone it for each task that is to ' +
        "close one.";
      expect(yield* all(waiting)).toEqual([text, text, "nothing"]);
      expect(yield* thrownBy(() => receiver.receive())).toMatch("Cannot receive from");
      expect(() => receiver.tryReceive()).toThrow("Cannot receive from");
      expect(() => receiver.clone()).toThrow('Cannot clone a receiver of channel "jobs"');
    });
  });

  test("end a join for what is dropped", async () => {
    await runVirtual(function* () {
      const channel = new Channel<number>(5);
      const receiver = channel.receiver();
      for (const n of [1, 2, 3]) yield* channel.send(n);
      yield* receiver.receive();
      const joining = createTask(() => channel.join());
      yield* waitAllParked();
      receiver.close();
      expect([channel.statistics.unfinished, joining.done]).toEqual([1, false]);
      channel.taskDone();
      yield* joining;
    });
  });
});
