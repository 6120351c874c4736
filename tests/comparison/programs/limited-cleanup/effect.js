import { Effect, Fiber, Option } from "effect";

let cleanup = "cut";

const release = Effect.gen(function* () {
  const done = yield* Effect.sleep(200).pipe(Effect.interruptible, Effect.timeoutOption(10));
  yield* Effect.sleep(5);
  cleanup = Option.isNone(done) ? "its limit was kept, and it ended" : "its limit was not kept";
});

await Effect.runPromise(
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.sleep(1000).pipe(Effect.ensuring(release)));
    yield* Effect.sleep(10);
    yield* Fiber.interrupt(fiber);
    console.log(`cleanup: ${cleanup}`);
  }),
);
