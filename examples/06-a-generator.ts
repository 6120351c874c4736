// Example 6: a generator
//
// The point: a generator is a function that can stop half way. Calling it runs nothing; each `next()` runs
// it to its next `yield`, and whoever called `next()` has control again until it calls once more.
import { isProgram } from "./support/is-program.ts";

function* greet(): Generator<undefined, string> {
  console.log("Hello");
  yield; // Pauses here, with all its variables, until the second `next()`.
  console.log("World");
  return "Result";
}

export function main(): void {
  const greeting = greet();
  console.log("Starting");

  greeting.next();
  console.log("Paused");

  const last = greeting.next();
  if (last.done) console.log(`Finished with ${last.value}`);
}

if (isProgram(import.meta)) main();
