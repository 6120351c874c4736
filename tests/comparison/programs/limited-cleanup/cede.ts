import { createTask, moveOnAfter, run, sleep } from "../../../../src/index.ts";

let cleanup = "cut";

await run(function* () {
  const task = createTask(function* () {
    try {
      yield* sleep(1000);
    } finally {
      const { expired } = yield* moveOnAfter(10, () => sleep(200));
      yield* sleep(5);
      cleanup = expired ? "its limit was kept, and it ended" : "its limit was not kept";
    }
  });
  yield* sleep(10);
  yield* task.cancel();
  console.log(`cleanup: ${cleanup}`);
});
