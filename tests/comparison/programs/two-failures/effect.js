import { Cause, Effect } from "effect";

const fail = (name) => Effect.sleep(10).pipe(Effect.andThen(Effect.fail(new Error(name))));

const exit = await Effect.runPromiseExit(
  Effect.all([fail("first"), fail("second")], { concurrency: "unbounded" }),
);
const thrown = await Effect.runPromise(exit).catch((error) => error);
const kept = Cause.pretty(exit.cause).includes("second");
console.log(`thrown: ${thrown.message}; other error: ${kept ? "kept" : "lost"}`);
