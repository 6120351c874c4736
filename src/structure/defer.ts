import type { Awaitable } from "../kernel/awaitable.ts";
import { current } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { describe, namedAfter } from "../kernel/misuse.ts";
import { tellOfHelper } from "./helper.ts";
import { Release } from "./release.ts";

/**
 * Has `fn` called when the coroutine that calls `defer` is left, however that happens: by its return, an
 * error, a cancellation or a timeout. What was deferred last is called first. If `fn` gives an awaitable (it
 * may be a `function*`) or a promise, that is awaited, and nothing cancels it from outside; it is bounded by
 * the run's `shutdownTimeout`. A plain helper has no end of its own: what it defers belongs to the coroutine that
 * called it, and debug mode says so.
 *
 * What `fn` throws is thrown to whoever called the coroutine; if an error is on its way already, it is
 * among that one's `suppressedErrors`, and the other releases are still called. In the body of a group `fn`
 * is called before the group waits for its tasks: what they use is better released outside it.
 *
 * @throws InvalidStateError outside every task; TypeError if `fn` is not a function.
 * @example
 * ```ts
 * import { coroutine, defer, run, sleep } from "cede";
 *
 * const work = coroutine(function* work() {
 *   defer(() => console.log("called last"));
 *   defer(function* () {
 *     yield* sleep(5); // is awaited
 *     console.log("called first");
 *   });
 *   console.log("at work");
 * });
 * await run(work);
 * // prints: at work
 * // prints: called first
 * // prints: called last
 * ```
 */
export function defer(fn: () => Awaitable<unknown> | PromiseLike<unknown> | void): void {
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot defer ${describe(fn)}: it takes a function, to be called when the coroutine is left. Write ` +
        "`defer(() => …)`.",
    );
  }
  const { task } = current;
  if (task === null) {
    throw new InvalidStateError(
      `Cannot defer ${describe(fn)}: no task is running here, so there is no coroutine that could be left. ` +
        "Call `defer` inside a coroutine that `run` or `createTask` started.",
    );
  }
  tellOfHelper("defers", task);
  task.onLeave(
    new Release(
      () => namedAfter(fn, fn()),
      fn.name === "" ? "a deferred function" : `the deferred function ${fn.name}`,
    ),
  );
}
