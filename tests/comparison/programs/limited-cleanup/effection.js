import { race, run, sleep, spawn } from "effection";

let cleanup = "cut";

function* moveOnAfter(ms, operation) {
  let expired = false;
  yield* race([
    operation,
    (function* () {
      yield* sleep(ms);
      expired = true;
    })(),
  ]);
  return expired;
}

await run(function* () {
  const task = yield* spawn(function* () {
    try {
      yield* sleep(1000);
    } finally {
      const expired = yield* moveOnAfter(10, sleep(200));
      yield* sleep(5);
      cleanup = expired ? "its limit was kept, and it ended" : "its limit was not kept";
    }
  });
  yield* sleep(10);
  yield* task.halt();
  console.log(`cleanup: ${cleanup}`);
});
