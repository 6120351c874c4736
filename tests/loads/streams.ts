// A million items through streams: nothing may be left of them on the heap, neither meanwhile nor after.
import { parseArgs } from "node:util";
import { cede, type Awaitable } from "cede";
import { iterate, merge, stream, type Source } from "cede/streams";
import { runVirtual } from "cede/testing";

const { values } = parseArgs({ options: { times: { type: "string", default: "1000000" } } });
const times = Number(values.times);
/** The heap's own noise. The smallest object that one item could leave behind takes 16 bytes. */
const ALLOWED_BYTES = 200_000 + 2 * times;
const WARM_UP = 20_000;

const { gc } = globalThis;
if (gc === undefined) throw new Error("Cannot measure the heap: start node with --expose-gc.");

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

let failed = 0;
for (const [name, way] of Object.entries(ways)) {
  await runVirtual(() => through(way, WARM_UP));
  // What the engine compiles meanwhile takes room once; what leaks does so each time.
  let bytes = Infinity;
  for (let n = 0; n < 2; n++) bytes = Math.min(bytes, await runVirtual(() => through(way, times / 2)));
  const holds = bytes <= ALLOWED_BYTES;
  if (!holds) failed++;
  console.log(`${holds ? "ok  " : "FAIL"} ${times} items through ${name}: at most ${bytes} bytes more`);
}
console.log(`${Object.keys(ways).length - failed} passed, ${failed} failed, 0 skipped`);
if (failed > 0) process.exitCode = 1;

/** The highest that the heap was above where it began, looked at ten times on the way. */
function* through(way: (items: number) => Source<unknown>, count: number): Awaitable<number> {
  const floor = heap();
  let high = 0;
  const items = yield* iterate(way(count));
  for (let n = 1; yield* items.next(); n++) if (n % (count / 10) === 0) high = Math.max(high, heap() - floor);
  return high;
}

function heap(): number {
  gc!();
  gc!();
  return process.memoryUsage().heapUsed;
}
