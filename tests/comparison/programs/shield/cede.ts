import { createTask, run, shield, sleep } from "../../../../src/index.ts";

const facts = { part: "cut", after: "did not run" };

await run(function* () {
  const task = createTask(function* () {
    yield* shield(function* () {
      yield* sleep(30);
      facts.part = "had ended";
    });
    yield* sleep(30);
    facts.after = "ran";
  });
  yield* sleep(10);
  yield* task.cancel();
  const { part } = facts;
  yield* sleep(100);
  console.log(`protected part, when the task had ended: ${part}; line after it: ${facts.after}`);
});
