import { Effect, Fiber } from "effect";

await Effect.runPromise(
  Effect.gen(function* () {
    let body = "did not begin";
    const fiber = yield* Effect.forkChild(
      Effect.gen(function* () {
        body = "began";
        yield* Effect.sleep(20);
        body = "ran to its end";
      }),
    );
    yield* Fiber.interrupt(fiber);
    yield* Effect.sleep(50);
    console.log(`body: ${body}`);
  }),
);
