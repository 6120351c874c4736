/** A run without a host: to its end, before returning. */
import { asyncContexts } from "../interop/async-context.ts";
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { current } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { Loop } from "../kernel/loop.ts";
import { Run, tasksOf } from "../kernel/run.ts";
import { deadlock } from "./deadlock.ts";
import { debugByEnvironment } from "./debug-mode.ts";
import { printReport } from "./print-report.ts";

/**
 * Runs a program that never waits for the outside (no sleep, no promise) to its end, and returns its result.
 *
 * @throws what the program throws; InvalidStateError if it waits for time or for the outside, or inside a
 * running coroutine (write `yield*` there); DeadlockError.
 * @example
 * ```ts
 * import { createTask, runSync } from "cede";
 *
 * const sum = runSync(function* () {
 *   const one = createTask(function* () {
 *     yield;
 *     return 1;
 *   });
 *   return (yield* one) + 1;
 * });
 * console.log(sum); // prints: 2
 * ```
 */
export function runSync<T>(main: Awaitable<T> | Body<T>): T {
  if (current.task !== null) {
    throw new InvalidStateError(
      `Cannot runSync inside ${current.task.name}: its loop could not go on. Write \`yield*\`.`,
    );
  }
  const start = performance.now();
  const loop = new Loop({
    now: () => performance.now() - start,
    wake: () => {},
    contexts: asyncContexts(),
    report: printReport,
    callbackFailed: (error) => run.fail(error),
  });
  const run = new Run<T>(loop, () => {}, { debug: debugByEnvironment() });
  run.start(main);
  const waitsForHost = (): boolean => loop.externals > 0 || loop.deadlines.size > 0;
  while (!run.ended) {
    loop.run(loop.now(), Infinity);
    if (run.ended) break;
    if (run.ending) run.abandon(waitsForHost() ? "cannot wait for the host in a runSync" : "can never end");
    else if (waitsForHost()) run.fail(needsHost(run));
    else deadlock([run as unknown as Run<never>]);
  }
  const outcome = run.outcome();
  if (outcome.kind === "result") return outcome.value;
  throw outcome.error;
}

function needsHost<T>(run: Run<T>): InvalidStateError {
  const waits: string[] = [];
  for (const { name, waitingFor } of tasksOf(run)) {
    if (waitingFor !== undefined) waits.push(`${name} waits for ${waitingFor}`);
  }
  return new InvalidStateError(
    `Cannot finish a runSync: ${waits.join(", ")}, and only the host could end that. Use \`await run(…)\`.`,
  );
}
