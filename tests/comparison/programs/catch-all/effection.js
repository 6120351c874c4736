import { run, sleep, spawn } from "effection";

let tries = 0;

await run(function* () {
  const task = yield* spawn(function* () {
    while (tries < 5) {
      try {
        tries++;
        yield* sleep(100);
      } catch {}
    }
  });
  yield* sleep(10);
  yield* task.halt();
  yield* sleep(600);
  console.log(`tries after the cancellation: ${tries - 1}`);
});
