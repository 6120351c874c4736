// Example 4: two requests, one after the other
//
// The point: this is what blocking is. The second request would be ready first, and nobody asks it before
// the first is done.
import { isProgram } from "./support/is-program.ts";

const WAIT = Symbol("wait");

/** Asks one request, and nobody else, until it has its answer. */
function waitFor(request: (string | symbol)[]): string {
  for (const item of request) {
    if (typeof item === "string") return item;
  }
  throw new Error("The request ended without an answer");
}

export function main(): void {
  const first = [WAIT, WAIT, WAIT, "Request One!!!"];
  const second = [WAIT, "Request Two!!!"];

  console.log(waitFor(first));
  console.log(waitFor(second));
}

if (isProgram(import.meta)) main();
