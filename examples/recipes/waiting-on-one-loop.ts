// Waiting, on one loop
//
// The point: two hundred requests wait at the same time, on one thread. Each takes a fifth of a second, in which the program
// has nothing to do for it, so that all of them take little longer than one. Threads would make none of them faster.
import { call, coroutine, map, run } from "cede";
import { isProgram } from "../support/is-program.ts";
import { withPages } from "../support/pages.ts";

const REQUESTS = 200;

export const main = coroutine(function* main(page: string) {
  const start = performance.now();
  const pages = Array.from({ length: REQUESTS }, () => page);
  const times = yield* map(pages, timeOf);

  const seconds = (performance.now() - start) / 1000;
  const sum = times.reduce((a, b) => a + b, 0);
  console.log(`${times.length} answers in ${seconds.toFixed(1)} s; the waits add up to ${sum.toFixed(1)} s`);
});

const timeOf = coroutine(function* timeOf(page: string) {
  const start = performance.now();
  const response = yield* call((signal) => fetch(page, { signal }));
  yield* call(() => response.text());
  return (performance.now() - start) / 1000;
});

if (isProgram(import.meta)) {
  await withPages([], ([page]) => run(() => main(page!)), { "/page": 200 });
}
