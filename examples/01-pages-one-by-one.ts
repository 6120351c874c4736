// Example 1: web pages, one after the other
//
// The point: most of this program's life is waiting, and it does nothing else meanwhile. All in all it takes
// as long as its requests add up to.
import { isProgram } from "./support/is-program.ts";
import { withPages } from "./support/pages.ts";

async function requestPage(page: string): Promise<number> {
  const start = performance.now();
  const response = await fetch(page);
  await response.text();
  return (performance.now() - start) / 1000;
}

export async function main(pages: readonly string[]): Promise<void> {
  const start = performance.now();
  let sum = 0;

  for (const page of pages) {
    const seconds = await requestPage(page); // The next request starts only once this one is answered.
    sum += seconds;
    console.log(`${page} took ${seconds.toFixed(2)} s`);
  }

  const total = (performance.now() - start) / 1000;
  console.log(`Ran for ${total.toFixed(2)} s; the requests add up to ${sum.toFixed(2)} s`);
}

if (isProgram(import.meta)) await withPages(process.argv.slice(2), main);
