import { all, run, sleep } from "effection";
import { holdsBoth } from "../../holds-both.js";

function* fail(name) {
  yield* sleep(10);
  throw new Error(name);
}

await run(function* () {
  try {
    yield* all([fail("first"), fail("second")]);
  } catch (error) {
    const kept = holdsBoth(error);
    console.log(`thrown: ${error.message}; other error: ${kept ? "kept" : "lost"}`);
  }
});
