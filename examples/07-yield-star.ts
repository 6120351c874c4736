// Example 7: a generator that calls a generator
//
// The point: with `yield*` the inner generator takes over. What it yields goes past its caller, to whoever
// calls `next()` on the outermost one; what it returns goes to its caller, like any function's result.
import { isProgram } from "./support/is-program.ts";

function* a(): Generator<string, string> {
  const result = yield* b();
  console.log(`A got '${result}'`);
  return "Return From A";
}

function* b(): Generator<string, string> {
  yield "Yielded From B";
  return "Return From B";
}

export function main(): void {
  const generator = a();
  console.log(`Main got '${generator.next().value}'`); // B has yielded; A still waits for it.
  console.log(`Main got '${generator.next().value}'`); // B has returned to A, and A to us.
}

if (isProgram(import.meta)) main();
