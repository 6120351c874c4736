import { createTask, run, sleep } from "../../../../src/index.ts";

let cleanup = "cut";

await run(function* () {
  const task = createTask(function* () {
    try {
      yield* sleep(1000);
    } finally {
      yield* sleep(30);
      cleanup = "ended";
    }
  });
  yield* sleep(10);
  task.cancel();
  yield* sleep(10);
  task.cancel();
  yield* sleep(100);
  console.log(`cleanup: ${cleanup}`);
});
