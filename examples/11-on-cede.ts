// Example 11: the coroutine of example 10, on Cede
//
// The point: the loop of example 10 is gone, since Cede brings one. And there is nothing secret about what
// a coroutine can wait for: here it is a generator of our own, with a bare `yield` for each turn of the loop.
import { type Awaitable, coroutine, run } from "cede";
import { isProgram } from "./support/is-program.ts";

let cycles = 0;

/** Waits for a number of the loop's turns. Anything that `yield*` can walk through can be waited for. */
function turns(count: number): Awaitable<void> {
  return {
    *[Symbol.iterator]() {
      for (let turn = 0; turn < count; turn += 1) {
        cycles += 1;
        yield;
      }
    },
  };
}

const a = coroutine(function* a() {
  yield* turns(5);
  const result = yield* b();
  console.log(result);
});

const b = coroutine(function* b() {
  yield* turns(10);
  return "Hello World";
});

export const main = coroutine(function* main() {
  cycles = 0;
  yield* a();
  console.log(`Waited for ${cycles} cycles`);
});

if (isProgram(import.meta)) await run(main);
