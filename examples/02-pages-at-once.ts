// Example 2: web pages, all at once
//
// The point: the same requests, but each gives way while it waits, so the others wait at the same time. The
// program takes about as long as its slowest request, and shows each page as soon as it is there.
import { asCompleted, call, coroutine, run } from "cede";
import { isProgram } from "./support/is-program.ts";
import { withPages } from "./support/pages.ts";

const requestPage = coroutine(function* requestPage(page: string) {
  const start = performance.now();
  const response = yield* call((signal) => fetch(page, { signal }));
  yield* call(() => response.text());
  return { page, seconds: (performance.now() - start) / 1000 };
});

export const main = coroutine(function* main(pages: readonly string[]) {
  const start = performance.now();
  let sum = 0;

  const requests = pages.map((page) => requestPage(page));
  for (const next of asCompleted(requests)) {
    const { page, seconds } = yield* next; // Whichever is answered next.
    sum += seconds;
    console.log(`${page} took ${seconds.toFixed(2)} s`);
  }

  const total = (performance.now() - start) / 1000;
  console.log(`Ran for ${total.toFixed(2)} s; the requests add up to ${sum.toFixed(2)} s`);
});

if (isProgram(import.meta)) {
  await withPages(process.argv.slice(2), (pages) => run(() => main(pages)));
}
