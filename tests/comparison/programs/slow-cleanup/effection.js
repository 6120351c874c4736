import { race, run, sleep } from "effection";

let cleanup = "still running";

function* work() {
  try {
    yield* sleep(1000);
  } finally {
    yield* sleep(50);
    cleanup = "ended";
  }
}

function* limit(ms) {
  yield* sleep(ms);
  throw new DOMException("late", "TimeoutError");
}

await run(function* () {
  try {
    yield* race([work(), limit(10)]);
  } catch (error) {
    console.log(`thrown: ${error.name}; cleanup by then: ${cleanup}`);
  }
});
