import { Effect } from "effect";

let loser = "runs on";

const slow = Effect.sleep(500).pipe(
  Effect.ensuring(
    Effect.gen(function* () {
      loser = "is being stopped";
      yield* Effect.sleep(20);
      loser = "is stopped and cleaned up";
    }),
  ),
);

await Effect.runPromise(
  Effect.gen(function* () {
    yield* Effect.raceFirst(slow, Effect.sleep(10));
    console.log(`loser, when the race is over: ${loser}; who saw to it: the system`);
  }),
);
