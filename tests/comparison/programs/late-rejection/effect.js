import { Effect } from "effect";

let heard = "nothing";
process.on("unhandledRejection", () => (heard = "a rejection"));

const late = new Promise((_, reject) => setTimeout(() => reject(new Error("boom")), 30));
await Effect.runPromise(
  Effect.gen(function* () {
    yield* Effect.tryPromise(() => late).pipe(Effect.timeoutOption(10));
    yield* Effect.sleep(50);
  }),
);
console.log(`unhandled: ${heard}`);
