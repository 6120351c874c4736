/** Whatever waits, or has others wait, is put through many orders: a new name of the package must be, too. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as executors from "../../src/executors/index.ts";
import * as cede from "../../src/index.ts";

/** What has no order of its own: errors, ways to run a program, what only tells. */
const EXEMPT = new Set([
  "AsyncEvent", // another name for Event
  "EventLoop",
  "allTasks",
  "coroutine",
  "run",
  "runSync",
  "suppressedErrors",
  "sleepForever",
  // Threads and other machines are no part of the loop: their cases are those of `inline`, and faults.
  "cluster",
  "ClusterQueue",
  "serveCluster",
  "threads",
]);

const NAMES = [cede, executors].flatMap((exported) => Object.keys(exported));

test("every exported name is in a program that is explored", () => {
  const programs = globSync("*.test.ts", { cwd: import.meta.dirname })
    .map((file) => readFileSync(join(import.meta.dirname, file), "utf8"))
    .join("\n");
  const missing = NAMES.filter(
    (name) => !EXEMPT.has(name) && !name.endsWith("Error") && !new RegExp(`\\b${name}\\b`).test(programs),
  );
  expect(missing).toEqual([]);
});
