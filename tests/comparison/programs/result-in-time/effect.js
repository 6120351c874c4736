import { Deferred, Effect } from "effect";
import { block } from "../../helpers.ts";

await Effect.runPromise(
  Effect.gen(function* () {
    const answer = yield* Deferred.make();
    setTimeout(() => {
      Deferred.doneUnsafe(answer, Effect.succeed("the result"));
      block(400);
    }, 50);
    const ended = yield* Deferred.await(answer).pipe(
      Effect.timeout(200),
      Effect.catch((error) => Effect.succeed(error._tag)),
    );
    console.log(`ended with: ${ended}`);
  }),
);
