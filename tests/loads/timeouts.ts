// A million timeouts, entered and left in every way there is, by one task that lives on: nothing may be
// left of them among the deadlines, in the tree of what can be cancelled, and on the heap.
import {
  cancelScope,
  cede,
  currentTask,
  moveOnAfter,
  runningLoop,
  sleepForever,
  taskGroup,
  timeout,
  type Awaitable,
  type CancelScope,
  type TaskGroup,
} from "cede";
import { runVirtual } from "cede/testing";
import { below } from "../../src/kernel/cancel.ts";
import { ALLOWED_BYTES, heap, times, WARM_UP } from "./heap.ts";

const inTime = (): Awaitable<void> => cede();
const never = (): Awaitable<never> => sleepForever();
const quiet = function* (scope: { deadline: number }): Awaitable<void> {
  scope.deadline += 1;
};

const failing = function* (): Awaitable<void> {
  yield;
  throw failure;
};
const failure = new Error("on its way out");

const cutting = function* (scope: CancelScope): Awaitable<void> {
  scope.cancel();
  yield* timeout(10, never);
};
const cuttingTask = function* (group: TaskGroup): Awaitable<void> {
  const task = group.createTask(() => timeout(10, never));
  yield;
  void task.cancel();
};

const kinds: Record<string, () => Awaitable<unknown>> = {
  "left without a wait": () => timeout(10, quiet),
  "left after a wait": () => timeout(10, inTime),
  "without a limit": () => timeout(Infinity, inTime),
  "nested, left after a wait": () => timeout(10, () => moveOnAfter(5, inTime)),
  *expired() {
    try {
      yield* timeout(1, never);
    } catch {}
  },
  "expired, and told so": () => moveOnAfter(1, never),
  "expired where it was entered": () => moveOnAfter(0, inTime),
  *"left by an error"() {
    try {
      yield* timeout(10, failing);
    } catch {}
  },
  "cut by a scope around it": () => cancelScope(cutting),
  "cut in a task of a group": () => taskGroup(cuttingTask),
};

let failed = 0;
for (const [kind, once] of Object.entries(kinds)) {
  const left = await runVirtual(function* () {
    yield* repeat(once, WARM_UP);
    // What the engine compiles meanwhile takes room once; what leaks does so each time.
    let bytes = Infinity;
    for (let n = 0; n < 2; n++) {
      const before = heap();
      yield* repeat(once, times / 2);
      bytes = Math.min(bytes, heap() - before);
    }
    const nodes = [...below(currentTask()!, () => false)].length;
    return { bytes, nodes, deadlines: runningLoop().statistics.deadlines };
  });
  const holds = left.bytes <= ALLOWED_BYTES && left.nodes === 0 && left.deadlines === 0;
  if (!holds) failed++;
  console.log(
    `${holds ? "ok  " : "FAIL"} ${times} timeouts ${kind}: left are ${left.bytes} bytes, ` +
      `${left.deadlines} deadlines, ${left.nodes} nodes of the tree`,
  );
}
console.log(`${Object.keys(kinds).length - failed} passed, ${failed} failed, 0 skipped`);
if (failed > 0) process.exitCode = 1;

function* repeat(once: () => Awaitable<unknown>, n: number): Awaitable<void> {
  for (let i = 0; i < n; i++) yield* once();
}
