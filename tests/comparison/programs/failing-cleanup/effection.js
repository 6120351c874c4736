import { run, scoped, sleep, spawn, suspend } from "effection";
import { holdsBoth } from "../../holds-both.js";

await run(function* () {
  try {
    yield* scoped(function* () {
      yield* spawn(function* () {
        yield* sleep(10);
        throw new Error("first");
      });
      yield* spawn(function* () {
        try {
          yield* sleep(1000);
        } finally {
          yield* sleep(5);
          throw new Error("second");
        }
      });
      yield* suspend();
    });
  } catch (error) {
    const kept = holdsBoth(error);
    console.log(`thrown: ${error.message}; other error: ${kept ? "kept" : "lost"}`);
  }
});
