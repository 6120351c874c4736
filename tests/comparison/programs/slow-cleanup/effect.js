import { Effect } from "effect";

let cleanup = "still running";

const work = Effect.sleep(1000).pipe(
  Effect.ensuring(
    Effect.gen(function* () {
      yield* Effect.sleep(50);
      cleanup = "ended";
    }),
  ),
);

const error = await Effect.runPromise(work.pipe(Effect.timeout(10), Effect.flip));
console.log(`thrown: ${error._tag}; cleanup by then: ${cleanup}`);
