import { coroutine, run } from "../../../../src/index.ts";

const cached = coroutine(function* cached() {
  return 1;
});

const start = performance.now();
let fired = Infinity;
setTimeout(() => (fired = performance.now() - start), 20);

await run(function* () {
  while (performance.now() - start < 300) yield* cached();
});
setTimeout(
  () => console.log(`host's timer: ${fired < 150 ? "on time" : "held up until the loop ended"}`),
  50,
);
