import { Effect, Fiber } from "effect";

const facts = { part: "cut", after: "did not run" };

const work = Effect.gen(function* () {
  yield* Effect.uninterruptible(
    Effect.gen(function* () {
      yield* Effect.sleep(30);
      facts.part = "had ended";
    }),
  );
  yield* Effect.sleep(30);
  facts.after = "ran";
});

await Effect.runPromise(
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(work);
    yield* Effect.sleep(10);
    yield* Fiber.interrupt(fiber);
    const { part } = facts;
    yield* Effect.sleep(100);
    console.log(`protected part, when the task had ended: ${part}; line after it: ${facts.after}`);
  }),
);
