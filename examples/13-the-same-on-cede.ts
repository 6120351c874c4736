// Example 13: the program of example 12, on Cede
//
// The point: the coroutines read the same, and the loop is a real one. A sleeping task asks for nothing until
// its time has come, so ten seconds of countdown cost next to no CPU; and `main`, which awaits the countdown,
// is only told when it ends: the loop alone drives it.
import { coroutine, createTask, run, sleep } from "cede";
import { isProgram } from "./support/is-program.ts";

const doStuff = coroutine(function* doStuff() {
  yield* sleep(1000);
  console.log("Doing more stuff");
  const result = yield* doMoreStuff();
  console.log(result);
});

const doMoreStuff = coroutine(function* doMoreStuff() {
  yield* sleep(2000);
  return "Hello World";
});

const countdown = coroutine(function* countdown() {
  for (let count = 10; count > 0; count -= 1) {
    console.log(`${count}`);
    yield* sleep(1000);
  }
  console.log("TAKE OFF!!!!!");
});

export const main = coroutine(function* main() {
  const task = createTask(countdown);
  yield* sleep(500);
  yield* doStuff();
  yield* task;
  console.log("Main is exiting");
});

if (isProgram(import.meta)) await run(main);
