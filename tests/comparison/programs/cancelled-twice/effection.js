import { run, sleep, spawn } from "effection";

let cleanup = "cut";

await run(function* () {
  const task = yield* spawn(function* () {
    try {
      yield* sleep(1000);
    } finally {
      yield* sleep(30);
      cleanup = "ended";
    }
  });
  yield* sleep(10);
  yield* spawn(() => task.halt());
  yield* sleep(10);
  yield* spawn(() => task.halt());
  yield* sleep(100);
  console.log(`cleanup: ${cleanup}`);
});
