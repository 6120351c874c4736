/**
 * Many calls at once, of jobs that fail, block, and end their threads, cancelled at random: each call has one outcome, the
 * executor's numbers add up, the pool is whole again, and the process ends by itself.
 *
 *   node --conditions=@cede/source tests/executors/storm.ts [JOBS] [SEED]
 */
import { CancelledError, createTask, map, run, sleep, timeout, TimeoutError, type Awaitable } from "cede";
import { Executor, WorkerLostError, type Jobs } from "cede/executors";
import { onThreads } from "./on-threads.ts";

type Faults = typeof import("./faults.ts");

const [jobs = 400, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
console.log(`${jobs} jobs, seed ${seed}`);

// As good as it has to be: the same numbers for the same seed.
let state = seed + 1;
function draw(below: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return (state >>> 8) % below;
}

let strays = 0;
process.on("unhandledRejection", (error) => {
  strays++;
  console.log("unhandled", error);
});

function call(all: Jobs<Faults>, n: number): Awaitable<unknown> {
  switch (draw(24)) {
    case 0:
      return all.exit(n % 3);
    case 1:
      return all.throwLater();
    case 2:
      return all.fail(`fails ${n}`);
    case 3:
      return timeout(20 + draw(20), () => all.block());
    case 4:
      return timeout(draw(30), () => all.forever());
    case 5:
      return timeout(draw(30), () => all.exitInCleanup());
    case 6:
      return all.blockFor(draw(5));
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
      return all.add(n, n);
    default:
      return all.nap(draw(20));
  }
}

const outcomes: Record<string, number> = {};
await run(function* () {
  const all = yield* onThreads<Faults>("./faults.ts", { grace: 30 });
  let ended = 0;
  yield* map(
    Array.from({ length: jobs }, (_, n) => n),
    function* (n) {
      const task = createTask(() => call(all, n));
      task.addDoneCallback(() => {}); // it is awaited later
      if (draw(4) === 0) {
        yield* sleep(draw(30));
        void task.cancel();
      }
      let outcome = "result";
      try {
        yield* task;
      } catch (error) {
        if (error instanceof CancelledError) outcome = "cancelled";
        else if (error instanceof TimeoutError) outcome = "timeout";
        else if (error instanceof WorkerLostError) outcome = "lost";
        else if (error instanceof RangeError && error.message === `fails ${n}`) outcome = "error";
        else throw error;
      }
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      ended++;
    },
    { concurrency: 20 },
  );
  const executor = Executor.of(all);
  while (executor.statistics.workers < 2) yield* sleep(5);
  const { completed, failed, cancelled, running, waiting } = executor.statistics;
  console.log(JSON.stringify(outcomes), JSON.stringify(executor.statistics));
  const { result = 0, error = 0, lost = 0, timeout: late = 0, cancelled: stopped = 0 } = outcomes;
  // One that is cancelled before its first step is no call yet; one that ends as it is cancelled may have ended well.
  const wrong = [
    ended !== jobs && `${ended} of ${jobs} have ended`,
    completed < result && `${completed} completed, but ${result} gave a result`,
    failed < error + lost && `${failed} failed, but ${error + lost} gave an error`,
    completed + failed + cancelled > jobs && "there are more ends than calls",
    completed + failed + cancelled < jobs - stopped - late && "there are fewer ends than calls",
    running + waiting !== 0 && `${running} run, ${waiting} wait`,
    (yield* all.add(1, 2)) !== 3 && "it adds no more",
    strays !== 0 && `${strays} unhandled rejections`,
  ].filter((problem) => problem !== false);
  if (wrong.length > 0) throw new Error(`${wrong.join("; ")} (seed ${seed})`);
});
console.log("all is well");
