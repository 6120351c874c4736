import { run, sleep, timeout, TimeoutError } from "../../../../src/index.ts";

let inner = "did not run";
let outer = "not kept";

await run(function* () {
  try {
    yield* timeout(20, function* () {
      try {
        yield* timeout(20, () => sleep(500));
      } catch {
        inner = "ran";
        yield* sleep(500);
      }
    });
  } catch (error) {
    if (error instanceof TimeoutError) outer = "kept";
  }
  console.log(`outer limit: ${outer}; inner handler: ${inner}`);
});
