import { Effect } from "effect";

let main = "ended well";
try {
  await Effect.runPromise(
    Effect.gen(function* () {
      yield* Effect.forkChild(Effect.sleep(10).pipe(Effect.andThen(Effect.fail(new Error("boom")))));
      yield* Effect.sleep(200);
    }),
  );
} catch (error) {
  main = `failed with ${error.message}`;
}
console.log(`program: ${main}`);
