import { Effect } from "effect";

let inner = "did not run";
let outer = "not kept";

const again = Effect.gen(function* () {
  inner = "ran";
  yield* Effect.sleep(500);
});
const work = Effect.sleep(500).pipe(
  Effect.timeout(20),
  Effect.catch(() => again),
);

await Effect.runPromise(
  Effect.gen(function* () {
    const error = yield* work.pipe(Effect.timeout(20), Effect.flip);
    if (error._tag === "TimeoutError") outer = "kept";
    console.log(`outer limit: ${outer}; inner handler: ${inner}`);
  }),
);
