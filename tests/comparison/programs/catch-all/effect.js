import { Effect, Fiber } from "effect";

let tries = 0;

await Effect.runPromise(
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(
      Effect.gen(function* () {
        while (tries < 5) {
          tries++;
          yield* Effect.sleep(100).pipe(Effect.catchCause(() => Effect.void));
        }
      }),
    );
    yield* Effect.sleep(10);
    yield* Fiber.interrupt(fiber);
    yield* Effect.sleep(600);
    console.log(`tries after the cancellation: ${tries - 1}`);
  }),
);
