import { Effect, Fiber } from "effect";

let cleanup = "cut";

const work = Effect.sleep(1000).pipe(
  Effect.ensuring(
    Effect.gen(function* () {
      yield* Effect.sleep(30);
      cleanup = "ended";
    }),
  ),
);

await Effect.runPromise(
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(work);
    yield* Effect.sleep(10);
    yield* Effect.forkChild(Fiber.interrupt(fiber));
    yield* Effect.sleep(10);
    yield* Effect.forkChild(Fiber.interrupt(fiber));
    yield* Effect.sleep(100);
    console.log(`cleanup: ${cleanup}`);
  }),
);
