// A million items through streams: nothing may be left of them on the heap, neither meanwhile nor after.
import { cede, type Awaitable } from "cede";
import { iterate, merge, stream, type Source } from "cede/streams";
import { runVirtual } from "cede/testing";
import { HighWater, hold } from "./heap.ts";

function* objects(count: number) {
  for (let n = 0; n < count; n++) yield { n };
}

const slowly = function* <T>(item: T): Awaitable<T> {
  yield* cede();
  return item;
};

/** Each brings as many items as it is given. */
const ways: Record<string, (items: number) => Source<unknown>> = {
  "map and filter": (items) =>
    stream(objects(items))
      .map(({ n }) => ({ n }))
      .filter(() => true),
  "map and filter, awaited": (items) => stream(objects(items)).map(slowly).filter(slowly),
  "map, filter and buffer": (items) =>
    stream(objects(items))
      .map(({ n }) => ({ n }))
      .filter(() => true)
      .buffer(100),
  "map, eight at once": (items) => stream(objects(items)).map(slowly, { concurrency: 8 }),
  "map, eight at once, as they come": (items) =>
    stream(objects(items)).map(slowly, { concurrency: 8, ordered: false }),
  merge: (items) => merge(objects(items / 2), stream(objects(items / 2)).map(slowly)),
  timeout: (items) => stream(objects(items)).map(slowly).timeout(1000),
  async *"an async generator"(items) {
    for (let n = 0; n < items; n++) yield { n };
  },
  "a web stream": (items) => {
    let n = 0;
    return new ReadableStream({
      pull(controller) {
        if (n++ < items) controller.enqueue({ n });
        else controller.close();
      },
    });
  },
};

await hold("items through", ways, (way, count) =>
  runVirtual(function* (): Awaitable<number> {
    const high = new HighWater(count);
    const items = yield* iterate(way(count));
    for (let n = 1; yield* items.next(); n++) high.look(n);
    return high.bytes;
  }),
);
