/** Channels in every order of small programs, in many orders of bigger ones, and cancelled everywhere. */
import { describe, expect, test } from "vitest";
import {
  Broadcast,
  cancelScope,
  Channel,
  ChannelClosedError,
  createTask,
  moveOnAfter,
  PriorityChannel,
  select,
  sleep,
  taskGroup,
  Watch,
  type Awaitable,
} from "../../src/index.ts";
import { cancelEverywhere } from "../../src/testing/index.ts";
import { disturbed, everyOrder, finished, randomSchedules, sideBySide } from "../support/explored.ts";
import { History, type Model } from "../support/linearizable.ts";

type Ask = "receive" | "tryReceive" | "close" | { readonly send: number } | { readonly trySend: number };
/** Of what was received the item, `null` if there was none; of what was sent whether it was; or that it was closed. */
type Result = number | boolean | null | "closed";

interface Items {
  readonly items: readonly number[];
  readonly closed: boolean;
  /** Of a rendezvous, the send whose item comes next. */
  readonly from?: { readonly called: number; readonly returned: number };
}

/** A queue. Of capacity 0, a send and the receive of its item have one moment, so both are under way then. */
const queue = (capacity: number): Model<Items, Ask, Result> => ({
  initial: { items: [], closed: false },
  step(state, operation) {
    const { input, result } = operation;
    const { items, closed, from } = state;
    if (from !== undefined && (result === null || result === false || result === "closed")) return null;
    if (input === "close") return from === undefined ? { state: { items, closed: true } } : null;
    if (input === "receive" || input === "tryReceive") {
      if (result === "closed") return closed && items.length === 0 ? { state } : null;
      if (result === null) return items.length === 0 && !closed ? { state } : null;
      if (items[0] !== result) return null;
      if (from !== undefined && (from.called > operation.returned || operation.called > from.returned))
        return null;
      return { state: { items: items.slice(1), closed } };
    }
    if (result === "closed") return closed ? { state } : null;
    if (closed) return null;
    const room = Math.max(capacity, 1);
    if (result === false) return capacity === 0 || items.length === room ? { state } : null;
    if (items.length >= room) return null;
    const item = "send" in input ? input.send : input.trySend;
    const { called, returned } = operation;
    return {
      state: { items: [...items, item], closed, ...(capacity === 0 && { from: { called, returned } }) },
    };
  },
});

/** Says so where the channel was closed. */
function* orClosed(operation: () => Awaitable<Result>): Awaitable<Result> {
  try {
    return yield* operation();
  } catch (error) {
    if (error instanceof ChannelClosedError) return "closed";
    throw error;
  }
}

function orClosedNow(operation: () => Result): Result {
  try {
    return operation();
  } catch (error) {
    if (error instanceof ChannelClosedError) return "closed";
    throw error;
  }
}

const nothing = { size: 0, waitingSenders: 0, waitingReceivers: 0 };

describe.each([0, 1, 2])("a channel of capacity %i", (capacity) => {
  let channel = new Channel<number>(capacity);
  const sendThree = function* (): Awaitable<void> {
    for (let n = 0; n < 3; n++) yield* channel.send(n);
  };
  const receiveThree = function* (): Awaitable<void> {
    for (let n = 0; n < 3; n++) yield* channel.receive();
  };
  const programs: Record<string, () => Awaitable<unknown>> = {
    "a producer and a consumer": sideBySide(sendThree, receiveThree),
    "two of each": sideBySide(sendThree, receiveThree, sendThree, receiveThree),
    "ends that are closed by using": sideBySide(
      function* () {
        using sender = channel.sender();
        for (let n = 0; n < 3; n++) yield* sender.send(n);
      },
      function* () {
        for (;;) if ((yield* channel.receiveOrEnd()).done) return;
      },
    ),
    "waits that are not waited for long": sideBySide(
      () => moveOnAfter(1, receiveThree),
      () => moveOnAfter(1, sendThree),
      () => moveOnAfter(0, () => channel.receive()),
    ),
    "a select of both": sideBySide(
      () => select([channel.send(1), channel.receive(), sleep(1)]),
      () => select([channel.receive(), channel.send(2), sleep(1)]),
      () => select([channel.receive(), sleep(2)]),
    ),
  };

  test.each(Object.entries(programs))("cancelled everywhere: %s", async (_, program) => {
    await cancelEverywhere(
      function* () {
        channel = new Channel<number>(capacity);
        yield* cancelScope(program);
      },
      {
        schedules: 8,
        check: () => expect(channel.statistics).toMatchObject({ waitingSenders: 0, waitingReceivers: 0 }),
      },
    );
  });

  test("every order of three tasks of three operations, one of which is cancelled: linearizable", async () => {
    await everyOrder(function* () {
      const channel = new Channel<number>(capacity);
      const history = new History<Ask, Result>();
      const send = (by: string, n: number) => history.record(by, { send: n }, sent(channel, n));
      const receive = (by: string) => history.record(by, "receive", channel.receive());
      yield* taskGroup(function* (group) {
        const victim = group.createTask(function* () {
          yield* send("a", 1);
          yield* send("a", 2);
        });
        const other = group.createTask(function* () {
          yield* receive("b");
          history.note("b", "tryReceive", () => channel.tryReceive()?.value ?? null);
          yield* receive("b");
        });
        group.createTask(function* () {
          history.note("c", { trySend: 3 }, () => channel.trySend(3));
          void victim.cancel();
          yield* moveOnAfter(1, () => send("c", 4));
          void other.cancel();
        });
      });
      history.check(queue(capacity));
      expect(channel.statistics).toMatchObject({ waitingSenders: 0, waitingReceivers: 0 });
    });
  });

  test("is linearizable, with cancellations and an end, in many orders", async () => {
    await randomSchedules(function* (draw) {
      const channel = new Channel<number>(capacity);
      const history = new History<Ask, Result>();
      let item = 0;
      const work = (by: string) =>
        function* (): Awaitable<void> {
          for (let n = 0; n < 4; n++) {
            switch (draw(by === "d" ? 5 : 4)) {
              case 0: {
                const n = ++item;
                yield* history.record(
                  by,
                  { send: n },
                  orClosed(() => sent(channel, n)),
                );
                break;
              }
              case 1:
                yield* history.record(
                  by,
                  "receive",
                  orClosed(() => channel.receive()),
                );
                break;
              case 2: {
                const n = ++item;
                history.note(by, { trySend: n }, () => orClosedNow(() => channel.trySend(n)));
                break;
              }
              case 3:
                history.note(by, "tryReceive", () => orClosedNow(() => channel.tryReceive()?.value ?? null));
                break;
              default:
                history.note(by, "close", () => (channel.close(), true));
            }
            for (let step = draw(2); step > 0; step--) yield;
          }
        };
      yield* disturbed(draw, work, 1);
      history.check(queue(capacity));
      expect(channel.statistics).toMatchObject({ waitingSenders: 0, waitingReceivers: 0 });
    });
  });

  test("FIFO in many orders: of each producer, in the order it sent; nothing twice, nothing lost", async () => {
    await randomSchedules(function* (draw) {
      const channel = new Channel<string>(capacity);
      const got: string[] = [];
      const producers = ["a", "b"].map((by) => {
        const sender = channel.sender();
        return createTask(
          function* () {
            using items = sender;
            for (let n = 0; n < 4; n++) {
              yield* items.send(`${by}${n}`);
              if (draw(2) === 0) yield;
            }
          },
          { start: "always" },
        );
      });
      const consumers = [1, 2].map(() =>
        createTask(function* () {
          for (;;) {
            const item = yield* channel.receiveOrEnd();
            if (item.done) return;
            got.push(item.value);
          }
        }),
      );
      for (let step = draw(6); step > 0; step--) yield;
      void consumers[draw(3)]?.cancel(); // one of them at most: the other one receives all
      yield* finished([...producers, ...consumers]);
      expect(got.toSorted()).toEqual(["a", "b"].flatMap((by) => [0, 1, 2, 3].map((n) => `${by}${n}`)));
      expect(channel.statistics).toMatchObject(nothing);
    });
  });
});

describe("the others, cancelled everywhere", () => {
  let left: () => unknown = () => undefined;
  const programs: Record<string, () => Awaitable<unknown>> = {
    PriorityChannel: function* () {
      const channel = new PriorityChannel<number>(2, { compare: (a, b) => a - b });
      left = () => [channel.statistics.waitingSenders, channel.statistics.waitingReceivers];
      yield* sideBySide(
        function* () {
          for (let n = 4; n > 0; n--) yield* channel.send(n);
        },
        function* () {
          for (let n = 4; n > 0; n--) yield* channel.receive();
        },
      )();
    },
    Broadcast: function* () {
      const news = new Broadcast<number>();
      left = () => [news.statistics.subscriptions, news.statistics.waitingSenders];
      const listen = (overflow: "wait" | "dropOldest") => {
        const listening = news.subscribe(1, { overflow });
        return function* () {
          using subscription = listening;
          for (;;) if ((yield* subscription.receiveOrEnd()).done) return;
        };
      };
      yield* taskGroup(function* (group) {
        for (const overflow of ["wait", "dropOldest", "wait"] as const) {
          group.createTask(listen(overflow), { start: "always" });
        }
        for (let n = 0; n < 3; n++) yield* news.send(n);
        news.close();
      });
    },
    Watch: function* () {
      const level = new Watch(0);
      left = () => [level.statistics.waiting, 0];
      yield* sideBySide(
        function* () {
          for (let last = 0; last < 3;) last = yield* level.changed(last);
        },
        () => level.when((value) => value > 1),
        function* () {
          for (let n = 1; n <= 3; n++) {
            level.set(n);
            yield;
          }
        },
      )();
    },
    "join and taskDone": function* () {
      const jobs = new Channel<number>(2);
      left = () => [jobs.statistics.waitingSenders, jobs.statistics.waitingReceivers];
      yield* taskGroup(function* (group) {
        group.createTask(
          function* () {
            for (;;) {
              yield* jobs.receive();
              yield;
              jobs.taskDone();
            }
          },
          { background: true },
        );
        for (let n = 0; n < 3; n++) yield* jobs.send(n);
        yield* jobs.join();
        expect(jobs.statistics.unfinished).toBe(0);
      });
    },
  };

  test.each(Object.entries(programs))("%s", async (_, program) => {
    await cancelEverywhere(() => cancelScope(program), {
      schedules: 8,
      check: () => expect(left()).toEqual([0, 0]),
    });
  });

  test("every order of a broadcast with a slow subscriber, one sender of which is cancelled", async () => {
    await everyOrder(function* () {
      const news = new Broadcast<number>();
      const slow = news.subscribe(1);
      const fast = news.subscribe(3);
      const victim = createTask(() => news.send(1));
      const sender = createTask(() => news.send(2));
      const killer = createTask(function* () {
        yield* fast.receive();
        void victim.cancel();
      });
      const got = [yield* slow.receive()];
      yield* sender;
      yield* killer;
      yield* finished([victim]);
      for (let item = slow.tryReceive(); item !== undefined; item = slow.tryReceive()) got.push(item.value);
      expect(got).toContain(2);
      expect(got.includes(1)).toBe(!victim.cancelled);
      expect(new Set(got).size).toBe(got.length);
      expect(fast.statistics.size).toBe(got.length - 1);
    });
  });

  test("every order of a broadcast where one subscriber ends by being slow: the others get all, in order", async () => {
    await everyOrder(function* () {
      const news = new Broadcast<number>();
      const early = news.subscribe(1);
      const strict = news.subscribe(1, { overflow: "error" });
      const late = news.subscribe(1);
      yield* news.send(0);
      const got: number[][] = [[], []];
      const senders = [1, 2].map((n) => createTask(() => news.send(n)));
      const receivers = [early, late].map((subscription, place) =>
        createTask(function* () {
          for (let n = 0; n < 3; n++) got[place]!.push(yield* subscription.receive());
        }),
      );
      yield* finished([...senders, ...receivers]);
      expect(got[1]).toEqual(got[0]);
      expect([[0, 1, 2].join(), [0, 2, 1].join()]).toContain(got[0]!.join());
      expect(yield* strict.receive()).toBe(0);
      expect(strict.statistics.closed).toBe(true);
    });
  });
});

function* sent(channel: Channel<number>, n: number): Awaitable<boolean> {
  yield* channel.send(n);
  return true;
}
