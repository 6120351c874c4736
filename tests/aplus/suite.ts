// The Promises/A+ suite on one kind of promise, in a process of its own: the suite can be loaded once.
import runSuite from "promises-aplus-tests";
import { kinds } from "./adapter.ts";

/** A test, and what tells of it, as far as the suite's own old mocha is needed here. */
interface Test {
  fullTitle(): string;
}
interface Runner {
  on(event: "pass" | "end", listener: () => void): void;
  on(event: "fail", listener: (test: Test, error: Error) => void): void;
}

const kind = process.argv[2] ?? "";
const deferred = kinds[kind];
if (deferred === undefined) throw new Error(`There is no adapter for ${kind || "nothing"}.`);

function report(runner: Runner): void {
  let passed = 0;
  let failed = 0;
  runner.on("pass", () => passed++);
  runner.on("fail", (test, error) => {
    failed++;
    console.log(`${kind}: ${test.fullTitle()}\n${error.stack ?? error.message}\n`);
  });
  runner.on("end", () => console.log(`${passed} passed, ${failed} failed`));
}

// The time limit is for a callback that never comes; a busy machine may take its time.
runSuite({ deferred }, { reporter: report, timeout: 20_000 }, (error) => {
  process.exitCode = error === null ? 0 : 1;
});
