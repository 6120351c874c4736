// Example 3: one request, told as a list
//
// The point: waiting can be a value. Whoever walks through the list meets WAIT as long as there is no
// answer, and is free to do something else each time.
import { isProgram } from "./support/is-program.ts";

const WAIT = Symbol("wait");

export function main(): void {
  const request = [WAIT, WAIT, WAIT, "Hello World from Request One!!!"];

  for (const item of request) {
    if (typeof item === "string") console.log(`The result is '${item}'`);
  }
}

if (isProgram(import.meta)) main();
