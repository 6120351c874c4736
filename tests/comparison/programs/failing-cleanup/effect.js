import { Cause, Effect } from "effect";

const first = Effect.sleep(10).pipe(Effect.andThen(Effect.fail(new Error("first"))));
const other = Effect.sleep(1000).pipe(
  Effect.ensuring(Effect.sleep(5).pipe(Effect.andThen(Effect.die(new Error("second"))))),
);

const exit = await Effect.runPromiseExit(Effect.all([first, other], { concurrency: "unbounded" }));
const thrown = await Effect.runPromise(exit).catch((error) => error);
const kept = Cause.pretty(exit.cause).includes("second");
console.log(`thrown: ${thrown.message}; other error: ${kept ? "kept" : "lost"}`);
