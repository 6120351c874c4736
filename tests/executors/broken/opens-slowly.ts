/** A program that waits for nothing but jobs whose module takes its time, and ends by itself. */
import { run } from "cede";
import { onThreads } from "../on-threads.ts";

await run(function* () {
  const jobs = yield* onThreads<typeof import("./slow.ts")>("./broken/slow.ts");
  console.log(yield* jobs.add(1, 2));
});
console.log("ended");
