import { createTask, run, sleep } from "../../../../src/index.ts";

let tries = 0;

await run(function* () {
  const task = createTask(function* () {
    while (tries < 5) {
      try {
        tries++;
        yield* sleep(100);
      } catch {}
    }
  });
  yield* sleep(10);
  task.cancel();
  yield* sleep(600);
  console.log(`tries after the cancellation: ${tries - 1}`);
});
