import { Effect } from "effect";

const depth = Effect.fnUntraced(function* (n) {
  return n === 0 ? 0 : 1 + (yield* depth(n - 1));
});

const result = await Effect.runPromise(depth(100_000)).catch((error) => error.name);
console.log(`result: ${result}`);
