// Work, on one loop
//
// The point: counting primes never waits, so nobody else has a turn while it goes on, and two counts take twice as long as one.
// An event loop makes waiting cheap, not work. The next program changes one line.
import { all, coroutine, createTask, run, sleep } from "cede";
import { inline } from "cede/executors";
import { isProgram } from "../support/is-program.ts";
import * as primes from "./jobs/primes.ts";

const LIMIT = 4_000_000;

export const main = coroutine(function* main() {
  const jobs = yield* inline(primes);
  yield* report(jobs);
});

/** What both programs do, whoever runs the jobs. */
export const report = coroutine(function* report(
  jobs: Pick<import("cede/executors").Jobs<typeof primes>, "primesBelow">,
) {
  let turns: number[] = [];
  const heart = createTask(function* heart() {
    for (; ; turns.push(performance.now())) yield* sleep(5);
  });
  yield* jobs.primesBelow(10); // Whoever runs the jobs is there.

  const start = performance.now();
  turns = [];
  const count = yield* jobs.primesBelow(LIMIT);
  const one = (performance.now() - start) / 1000;
  console.log(`There are ${count} primes below ${LIMIT}.`);
  const amidst = turns.some((at) => at > start + 250 * one && at < start + 750 * one);
  console.log(`Did anything else have a turn in the midst of that? ${amidst ? "Yes" : "No"}.`);

  const again = performance.now();
  yield* all([jobs.primesBelow(LIMIT), jobs.primesBelow(LIMIT)]);
  const two = (performance.now() - again) / 1000;
  console.log(`One count took ${one.toFixed(1)} s, two at once ${two.toFixed(1)} s.`);
  heart.cancel();
});

if (isProgram(import.meta)) await run(main);
