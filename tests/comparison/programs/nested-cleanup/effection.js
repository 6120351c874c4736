import { run, sleep, spawn } from "effection";

const facts = { inner: "cut", outer: "cut", line: "did not run" };

function* inner() {
  try {
    yield* sleep(1000);
  } finally {
    yield* sleep(5);
    facts.inner = "ended";
  }
}

function* outer() {
  try {
    yield* inner();
    facts.line = "ran";
  } finally {
    yield* sleep(5);
    facts.outer = "ended";
  }
}

await run(function* () {
  const task = yield* spawn(outer);
  yield* sleep(10);
  yield* task.halt();
  console.log(
    `inner cleanup: ${facts.inner}; outer cleanup: ${facts.outer}; line after the call: ${facts.line}`,
  );
});
