// Example 5: two requests, in turn
//
// The point: taking turns is all that concurrency needs. Each request is asked once and then goes to the
// back of the queue, so the one with less to wait for is done first, whatever the order they started in.
import { isProgram } from "./support/is-program.ts";

const WAIT = Symbol("wait");

export function main(): void {
  const queue = [
    [WAIT, WAIT, WAIT, "Request One!!!"],
    [WAIT, "Request Two!!!"],
  ];

  while (true) {
    const request = queue.shift();
    if (request === undefined) break;

    const item = request.shift();
    if (typeof item === "string") {
      console.log(item);
    } else {
      queue.push(request);
    }
  }
}

if (isProgram(import.meta)) main();
