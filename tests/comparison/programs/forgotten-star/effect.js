import { Effect } from "effect";

const save = Effect.sleep(5).pipe(Effect.as(7));

try {
  await Effect.runPromise(
    Effect.gen(function* () {
      const number = yield save;
      console.log(`the line: goes on, with a value of type ${typeof number}`);
    }),
  );
} catch (error) {
  const helps = error.message.includes("yield*");
  console.log(`the line: throws ${error.name}${helps ? ", which says what to write" : ""}`);
}
