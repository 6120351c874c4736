import { run, sleep, spawn } from "effection";

await run(function* () {
  let body = "did not begin";
  const task = yield* spawn(function* () {
    body = "began";
    yield* sleep(20);
    body = "ran to its end";
  });
  yield* task.halt();
  yield* sleep(50);
  console.log(`body: ${body}`);
});
