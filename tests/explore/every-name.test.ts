/** Whatever waits, or has others wait, is put through many orders: a new name of the package must be, too. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as cede from "../../src/index.ts";

/** What has no order of its own: errors, ways to run a program, what only tells. */
const EXEMPT = new Set([
  "AsyncEvent", // another name for Event
  ...Object.keys(cede).filter((name) => name.endsWith("Error")),
  "EventLoop",
  "allTasks",
  "coroutine",
  "run",
  "runSync",
  "suppressedErrors",
  "sleepForever",
]);

test("every exported name is in a program that is explored", () => {
  const programs = globSync("*.test.ts", { cwd: import.meta.dirname })
    .map((file) => readFileSync(join(import.meta.dirname, file), "utf8"))
    .join("\n");
  const missing = Object.keys(cede).filter(
    (name) => !EXEMPT.has(name) && !new RegExp(`\\b${name}\\b`).test(programs),
  );
  expect(missing).toEqual([]);
});
