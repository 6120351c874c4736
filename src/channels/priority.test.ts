import { describe, expect, test } from "vitest";
import { createTask, PriorityChannel } from "../index.ts";
import { runVirtual, waitAllParked } from "../testing/index.ts";
import { thrownBy } from "../../tests/support/waiters.ts";
import fc from "../../tests/support/fast-check.ts";

const byNumber = { compare: (a: number, b: number) => a - b };

describe("a priority channel", () => {
  test("gives what comes first by the order that it was given, and of equals what was sent first", async () => {
    await runVirtual(function* () {
      const channel = new PriorityChannel<{ at: number; name: string }>(10, {
        compare: (a, b) => a.at - b.at,
      });
      for (const [at, name] of [
        [2, "a"],
        [1, "b"],
        [2, "c"],
        [1, "d"],
        [0, "e"],
      ] as const) {
        yield* channel.send({ at, name });
      }
      let order = "";
      while (channel.statistics.size > 0) order += (yield* channel.receive()).name;
      expect(order).toBe("ebdac");
    });
  });

  test("is a stable sort, whatever is sent and received between", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 5 })), { maxLength: 60 }), (actions) => {
        const channel = new PriorityChannel<{ at: number; n: number }>(Infinity, {
          compare: (a, b) => a.at - b.at,
        });
        const model: { at: number; n: number }[] = [];
        for (const [n, at] of actions.entries()) {
          if (at === null) {
            expect(channel.tryReceive()?.value).toEqual(model.shift());
            continue;
          }
          channel.trySend({ at, n });
          model.push({ at, n });
          model.sort((a, b) => a.at - b.at || a.n - b.n);
        }
        expect(channel.statistics.size).toBe(model.length);
      }),
    );
  });

  test("S22: lets in whoever has waited longest for room, and hands over to whoever has waited longest", async () => {
    await runVirtual(function* () {
      const channel = new PriorityChannel<number>(1, byNumber);
      yield* channel.send(5);
      const senders = [9, 1].map((n) => createTask(() => channel.send(n)));
      yield* waitAllParked();
      expect([yield* channel.receive(), yield* channel.receive(), yield* channel.receive()]).toEqual([
        5, 9, 1,
      ]);
      for (const sender of senders) yield* sender;
      const receiver = createTask(() => channel.receive());
      yield* waitAllParked();
      yield* channel.send(7);
      expect(yield* receiver).toBe(7);
    });
  });

  test("changes nothing where the comparison of a new item throws", async () => {
    await runVirtual(function* () {
      const channel = new PriorityChannel<number>(10, {
        compare(a, b) {
          if (a < 0) throw new Error("negative");
          return a - b;
        },
      });
      for (const n of [5, 3, 4]) yield* channel.send(n);
      expect(yield* thrownBy(() => channel.send(-1))).toBe("Error: negative");
      expect(channel.statistics).toMatchObject({ size: 3, unfinished: 3 });
      expect([yield* channel.receive(), yield* channel.receive(), yield* channel.receive()]).toEqual([
        3, 4, 5,
      ]);
    });
  });

  test("fails the sender that waited for room where its item's comparison throws, and lets in the next one, S7", async () => {
    await runVirtual(function* () {
      const channel = new PriorityChannel<number>(2, {
        compare(a, b) {
          if (a < 0) throw new Error("negative");
          return a - b;
        },
      });
      for (const n of [1, 2]) yield* channel.send(n);
      const negative = createTask(() => thrownBy(() => channel.send(-1)));
      const next = createTask(() => channel.send(0));
      yield* waitAllParked();
      expect(yield* channel.receive()).toBe(1);
      expect(yield* negative).toBe("Error: negative");
      yield* next;
      expect(channel.statistics).toMatchObject({ size: 2, unfinished: 3 });
      expect([yield* channel.receive(), yield* channel.receive()]).toEqual([0, 2]);
    });
  });

  test("has a name, ends, and a policy as a channel has", async () => {
    await runVirtual(function* () {
      const channel = new PriorityChannel<number>(1, { ...byNumber, name: "calls", overflow: "error" });
      using receiver = channel.receiver();
      using sender = channel.sender();
      yield* sender.send(1);
      expect(yield* thrownBy(() => sender.send(2))).toMatch(
        'ChannelFullError: Cannot send on priority channel "calls"',
      );
      expect(yield* receiver.receive()).toBe(1);
    });
  });

  test("refuses what makes no sense", () => {
    expect(() => new PriorityChannel(0, byNumber)).toThrow(
      "Cannot make the priority channel for 0 items: give a whole number, 1 or more, or Infinity for no limit.",
    );
    expect(() => new PriorityChannel(1, { ...byNumber, overflow: "dropOldest" as "wait" })).toThrow(
      'it is one of "wait", "error".',
    );
    expect(() => new PriorityChannel(1, { compare: "at" as never })).toThrow(
      'Cannot make the priority channel that compares by "at"',
    );
  });
});
