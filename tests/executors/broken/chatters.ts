/** A program whose job writes much, and that ends at once when it has. */
import { run } from "cede";
import { onThreads } from "../on-threads.ts";

await run(function* () {
  const jobs = yield* onThreads<typeof import("./slow.ts")>("./broken/slow.ts", { workers: 1 });
  yield* jobs.chatter(4000);
});
