import { run } from "effection";

function* depth(n) {
  return n === 0 ? 0 : 1 + (yield* depth(n - 1));
}

const result = await run(() => depth(100_000)).catch((error) => error.name);
console.log(`result: ${result}`);
