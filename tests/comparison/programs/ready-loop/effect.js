import { Effect } from "effect";

const cached = Effect.sync(() => 1);

const start = performance.now();
let fired = Infinity;
setTimeout(() => (fired = performance.now() - start), 20);

await Effect.runPromise(
  Effect.gen(function* () {
    while (performance.now() - start < 300) yield* cached;
  }),
);
setTimeout(
  () => console.log(`host's timer: ${fired < 150 ? "on time" : "held up until the loop ended"}`),
  50,
);
