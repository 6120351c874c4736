// A million items through channels, one task to another, by ways that queue and ways that do not: nothing may be left of
// them on the heap, neither meanwhile nor after. A bounded channel never holds more than its capacity.
import {
  Broadcast,
  Channel,
  createTask,
  moveOnAfter,
  PriorityChannel,
  select,
  sleep,
  type Awaitable,
} from "cede";
import { runVirtual } from "cede/testing";
import { HighWater, hold } from "./heap.ts";

let high = new HighWater(1);

/** Sends so many items, and has them received. */
type Way = (items: number) => Awaitable<void>;

function through(channel: Channel<object> | PriorityChannel<{ at: number }>): Way {
  return function* (items) {
    const sending = createTask(function* () {
      for (let n = 0; n < items; n++) yield* channel.send({ at: n & 1023 });
    });
    for (let n = 0; n < items; n++) {
      yield* channel.receive();
      high.look(n);
    }
    yield* sending;
  };
}

const byAt = { compare: (a: { at: number }, b: { at: number }) => a.at - b.at };
const ways: Record<string, Way> = {
  "a rendezvous": through(new Channel(0)),
  "a channel for 1": through(new Channel(1)),
  "a channel for 1,000": through(new Channel(1000)),
  "a priority channel for 100": through(new PriorityChannel(100, byAt)),
  *"a channel without a limit, filled a thousand at a time"(items) {
    const channel = new Channel<object>(Infinity);
    for (let n = 0; n < items; n += 1000) {
      for (let i = 0; i < 1000; i++) channel.trySend({ n });
      for (let i = 0; i < 1000; i++) yield* channel.receive();
      high.look(n);
    }
  },
  *"a channel that drops the oldest"(items) {
    const channel = new Channel<object>(10, { overflow: "dropOldest" });
    for (let n = 0; n < items; n++) {
      yield* channel.send({ n });
      high.look(n);
    }
  },
  *"a broadcast to two"(items) {
    const news = new Broadcast<object>();
    using fast = news.subscribe(10);
    using latest = news.subscribe(1, { overflow: "dropOldest" });
    const sending = createTask(function* () {
      for (let n = 0; n < items; n++) yield* news.send({ n });
    });
    for (let n = 0; n < items; n++) {
      yield* fast.receive();
      high.look(n);
    }
    yield* latest.receive();
    yield* sending;
  },
  *"a select that never takes it, of a channel that lives on"(items) {
    const channel = new Channel<object>(0);
    for (let n = 0; n < items; n++) {
      yield* select([channel.receive(), sleep(0)], { order: "listed" });
      high.look(n);
    }
  },
  *"a wait that is cut short, of a channel that lives on"(items) {
    const channel = new Channel<object>(0);
    for (let n = 0; n < items; n++) {
      yield* moveOnAfter(0.5, () => channel.send({}));
      high.look(n);
    }
  },
};

await hold("items through", ways, async (way, count) => {
  high = new HighWater(count);
  await runVirtual(() => way(count));
  high.look(0);
  return high.bytes;
});
