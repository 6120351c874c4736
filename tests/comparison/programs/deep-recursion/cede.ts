import { coroutine, run, type Awaitable } from "../../../../src/index.ts";

const depth = coroutine(function* depth(n: number): Awaitable<number> {
  return n === 0 ? 0 : 1 + (yield* depth(n - 1));
});

const result = await run(() => depth(100_000)).catch((error: Error) => error.name);
console.log(`result: ${result}`);
