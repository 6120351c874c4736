import { Effect, Fiber } from "effect";

const facts = { inner: "cut", outer: "cut", line: "did not run" };

const end = (which) =>
  Effect.gen(function* () {
    yield* Effect.sleep(5);
    facts[which] = "ended";
  });

const inner = Effect.sleep(1000).pipe(Effect.ensuring(end("inner")));

const outer = Effect.gen(function* () {
  yield* inner;
  facts.line = "ran";
}).pipe(Effect.ensuring(end("outer")));

await Effect.runPromise(
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(outer);
    yield* Effect.sleep(10);
    yield* Fiber.interrupt(fiber);
    console.log(
      `inner cleanup: ${facts.inner}; outer cleanup: ${facts.outer}; line after the call: ${facts.line}`,
    );
  }),
);
