import { Effect } from "effect";

let heard = "nothing";
process.on("unhandledRejection", () => (heard = "a rejection"));

const late = new Promise((_, reject) => setTimeout(() => reject(new Error("boom")), 300));
await Effect.runPromise(
  Effect.gen(function* () {
    yield* Effect.tryPromise(() => late).pipe(Effect.timeoutOption(50));
    yield* Effect.sleep(500);
  }),
);
console.log(`unhandled: ${heard}`);
