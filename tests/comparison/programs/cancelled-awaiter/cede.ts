import { createTask, run, sleep } from "../../../../src/index.ts";

await run(function* () {
  let awaited = "stopped";
  const task = createTask(function* () {
    yield* sleep(200);
    awaited = "went on to its end";
  });
  const awaiter = createTask(function* () {
    yield* task;
  });
  yield* sleep(10);
  yield* awaiter.cancel();
  yield* sleep(400);
  console.log(`task that was awaited: ${awaited}`);
});
