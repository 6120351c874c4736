import { Effect, Fiber } from "effect";

await Effect.runPromise(
  Effect.gen(function* () {
    let awaited = "stopped";
    const fiber = yield* Effect.forkChild(
      Effect.gen(function* () {
        yield* Effect.sleep(200);
        awaited = "went on to its end";
      }),
    );
    const awaiter = yield* Effect.forkChild(Fiber.join(fiber));
    yield* Effect.sleep(10);
    yield* Fiber.interrupt(awaiter);
    yield* Effect.sleep(400);
    console.log(`task that was awaited: ${awaited}`);
  }),
);
