import { Effect, Fiber } from "effect";

try {
  await Effect.runPromise(
    Effect.gen(function* () {
      const a = yield* Effect.forkChild(Effect.suspend(() => Fiber.join(b)));
      const b = yield* Effect.forkChild(Fiber.join(a));
      yield* Fiber.join(a);
    }),
  );
} catch (error) {
  const { name, message } = error;
  const named = /\ba\b/.test(message) && /\bb\b/.test(message);
  console.log(`thrown: ${name}; tasks: ${named ? "both named" : "not named"}`);
}
