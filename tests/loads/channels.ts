// A million items through channels, one task to another, by ways that queue and ways that do not: nothing may be left of
// them on the heap, neither meanwhile nor after. A bounded channel never holds more than its capacity.
import { parseArgs } from "node:util";
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

const { values } = parseArgs({ options: { times: { type: "string", default: "1000000" } } });
const times = Number(values.times);
/** The heap's own noise. The smallest object that one item could leave behind takes 16 bytes. */
const ALLOWED_BYTES = 200_000 + 2 * times;
const WARM_UP = 20_000;

const { gc } = globalThis;
if (gc === undefined) throw new Error("Cannot measure the heap: start node with --expose-gc.");

/** The highest that the heap was above where it began, looked at ten times on the way. */
let high = 0;
let floor = 0;

/** Sends so many items, and has them received. */
type Way = (items: number) => Awaitable<void>;

function through(channel: Channel<object> | PriorityChannel<{ at: number }>): Way {
  return function* (items) {
    const sending = createTask(function* () {
      for (let n = 0; n < items; n++) yield* channel.send({ at: n & 1023 });
    });
    for (let n = 0; n < items; n++) {
      yield* channel.receive();
      look(n, items);
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
      look(n, items);
    }
  },
  *"a channel that drops the oldest"(items) {
    const channel = new Channel<object>(10, { overflow: "dropOldest" });
    for (let n = 0; n < items; n++) {
      yield* channel.send({ n });
      look(n, items);
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
      look(n, items);
    }
    yield* latest.receive();
    yield* sending;
  },
  *"a select that never takes it, of a channel that lives on"(items) {
    const channel = new Channel<object>(0);
    for (let n = 0; n < items; n++) {
      yield* select([channel.receive(), sleep(0)], { order: "listed" });
      look(n, items);
    }
  },
  *"a wait that is cut short, of a channel that lives on"(items) {
    const channel = new Channel<object>(0);
    for (let n = 0; n < items; n++) {
      yield* moveOnAfter(0.5, () => channel.send({}));
      look(n, items);
    }
  },
};

let failed = 0;
for (const [name, way] of Object.entries(ways)) {
  await runVirtual(() => way(WARM_UP));
  // What the engine compiles meanwhile takes room once; what leaks does so each time.
  let bytes = Infinity;
  for (let n = 0; n < 2; n++) {
    floor = heap();
    high = 0;
    await runVirtual(() => way(times / 2));
    bytes = Math.min(bytes, Math.max(high, heap() - floor));
  }
  const holds = bytes <= ALLOWED_BYTES;
  if (!holds) failed++;
  console.log(`${holds ? "ok  " : "FAIL"} ${times} items through ${name}: at most ${bytes} bytes more`);
}
console.log(`${Object.keys(ways).length - failed} passed, ${failed} failed, 0 skipped`);
if (failed > 0) process.exitCode = 1;

function look(n: number, of: number): void {
  if (n % (of / 10) === 0) high = Math.max(high, heap() - floor);
}

function heap(): number {
  gc!();
  gc!();
  return process.memoryUsage().heapUsed;
}
