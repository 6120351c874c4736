import { coroutine, createTask, run, sleep } from "../../../../src/index.ts";

const facts = { inner: "cut", outer: "cut", line: "did not run" };

const inner = coroutine(function* inner() {
  try {
    yield* sleep(1000);
  } finally {
    yield* sleep(5);
    facts.inner = "ended";
  }
});

const outer = coroutine(function* outer() {
  try {
    yield* inner();
    facts.line = "ran";
  } finally {
    yield* sleep(5);
    facts.outer = "ended";
  }
});

await run(function* () {
  const task = createTask(outer());
  yield* sleep(10);
  yield* task.cancel();
  console.log(
    `inner cleanup: ${facts.inner}; outer cleanup: ${facts.outer}; line after the call: ${facts.line}`,
  );
});
