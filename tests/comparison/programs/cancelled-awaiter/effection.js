import { run, sleep, spawn } from "effection";

await run(function* () {
  let awaited = "stopped";
  const task = yield* spawn(function* () {
    yield* sleep(200);
    awaited = "went on to its end";
  });
  const awaiter = yield* spawn(function* () {
    yield* task;
  });
  yield* sleep(10);
  yield* awaiter.halt();
  yield* sleep(400);
  console.log(`task that was awaited: ${awaited}`);
});
