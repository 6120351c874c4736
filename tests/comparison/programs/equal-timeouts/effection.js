import { race, run, sleep } from "effection";

let inner = "did not run";
let outer = "not kept";

function* limit(ms) {
  yield* sleep(ms);
  throw new DOMException("late", "TimeoutError");
}

function* work() {
  try {
    yield* race([sleep(500), limit(20)]);
  } catch {
    inner = "ran";
    yield* sleep(500);
  }
}

await run(function* () {
  try {
    yield* race([work(), limit(20)]);
  } catch (error) {
    if (error.name === "TimeoutError") outer = "kept";
  }
  console.log(`outer limit: ${outer}; inner handler: ${inner}`);
});
