// Example 9: two generators, in turn
//
// The point: this is example 5 with generators for lists. A bare `yield` now says "wait", `return` gives the
// answer, and between the two there is room for code.
import { isProgram } from "./support/is-program.ts";

type Request = Generator<undefined, string>;

function* first(): Request {
  for (let wait = 0; wait < 3; wait += 1) yield;
  return "Request One!!!";
}

function* second(): Request {
  yield;
  return "Request Two!!!";
}

export function main(): void {
  const queue: Request[] = [first(), second()];

  while (true) {
    const request = queue.shift();
    if (request === undefined) break;

    const step = request.next();
    if (step.done) {
      console.log(step.value);
    } else {
      queue.push(request);
    }
  }
}

if (isProgram(import.meta)) main();
