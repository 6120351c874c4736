// Example 10: a coroutine
//
// The point: a generator used in this way is a coroutine. It calls another one with `yield*` and gets its
// result, and the loop that drives it sees every wait, however deep, without knowing who waits.
import { isProgram } from "./support/is-program.ts";

type Coroutine<T> = Generator<undefined, T>;

function* a(): Coroutine<void> {
  for (let wait = 0; wait < 5; wait += 1) yield;
  const result = yield* b();
  console.log(result);
}

function* b(): Coroutine<string> {
  for (let wait = 0; wait < 10; wait += 1) yield;
  return "Hello World";
}

export function main(): void {
  const coroutine = a();
  let waits = 0;

  while (!coroutine.next().done) waits += 1;
  console.log(`Waited ${waits} times`);
}

if (isProgram(import.meta)) main();
