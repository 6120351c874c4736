// Work, on threads
//
// The point: one line is not the same as in the program before, and the work is done by other threads. The loop stays free
// for whoever waits, and two counts take as long as one, as long as the machine has two cores to spare.
import { coroutine, run } from "cede";
import { threads } from "cede/executors";
import { isProgram } from "../support/is-program.ts";
import { report } from "./work-on-one-loop.ts";

export const main = coroutine(function* main() {
  const jobs = yield* threads<typeof import("./jobs/primes.ts")>(
    new URL("./jobs/primes.ts", import.meta.url),
  );
  yield* report(jobs);
});

if (isProgram(import.meta)) await run(main);
