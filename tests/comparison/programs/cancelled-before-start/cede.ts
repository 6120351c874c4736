import { createTask, run, sleep } from "../../../../src/index.ts";

await run(function* () {
  let body = "did not begin";
  const task = createTask(function* () {
    body = "began";
    yield* sleep(20);
    body = "ran to its end";
  });
  yield* task.cancel();
  yield* sleep(50);
  console.log(`body: ${body}`);
});
