// Example 8: generators are iterators
//
// The point: a `for` loop walks through a generator as it walks through a list. The difference is that the
// values do not exist beforehand: code runs to make each one, in turn with the code that uses it.
import { isProgram } from "./support/is-program.ts";

function* numbers(): Generator<number> {
  for (let number = 0; number < 5; number += 1) {
    console.log(`Yielding ${number}`);
    yield number;
  }
}

export function main(): void {
  for (const number of numbers()) console.log(`main got ${number}`);
}

if (isProgram(import.meta)) main();
