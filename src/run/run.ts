/** Where a program begins: `run` in the default loop, and what works inside it. */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { current } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { Task, type TaskOptions } from "../kernel/task.ts";
import { defaultLoop, runningLoop, type RunOptions } from "./event-loop.ts";

/**
 * Runs a program: `main`, and whatever it starts. The promise settles when main has ended and all that it
 * left behind is cancelled and cleaned up. Returns before any of it runs.
 *
 * @throws (rejects with) main's error; the error of a task that nobody awaited; `signal.reason`, if `signal`
 * cancelled it; DeadlockError, if nothing could go on.
 * @example
 * ```ts
 * import { run, sleep } from "cede";
 *
 * const answer = await run(function* () {
 *   yield* sleep(10);
 *   return 42;
 * });
 * console.log(answer); // prints: 42
 * ```
 */
export function run<T>(main: Awaitable<T> | Body<T>, options?: RunOptions): Promise<T> {
  return defaultLoop().runUntilComplete(main, options);
}

/**
 * Starts a task that runs beside this one. It belongs to the run, begins in the next turn, and is cancelled
 * when main ends; in a group, write `group.createTask`.
 *
 * @throws InvalidStateError outside a run; TypeError if it is given what cannot be awaited.
 * @example
 * ```ts
 * import { createTask, run, sleep } from "cede";
 *
 * await run(function* () {
 *   const task = createTask(function* () {
 *     yield* sleep(10);
 *     return "slept";
 *   });
 *   console.log(yield* task); // prints: slept
 * });
 * ```
 */
export function createTask<T>(source: Awaitable<T> | Body<T>, options?: TaskOptions): Task<T> {
  const { task } = current;
  if (task === null) {
    throw new InvalidStateError(
      "Cannot create a task here: no run is going on. Call `run(main)`, and create it inside, or create it " +
        "with the `createTask` of a loop of your own.",
    );
  }
  return new Task(source, task.root, task.root, options);
}

/**
 * The task that runs this code; `undefined` outside every task.
 * @example
 * ```ts
 * import { currentTask, run } from "cede";
 *
 * await run(
 *   function* () {
 *     console.log(currentTask()?.name.startsWith("crawl")); // prints: true
 *   },
 *   { name: "crawl" },
 * );
 * console.log(currentTask()); // prints: undefined
 * ```
 */
export function currentTask(): Task<unknown> | undefined {
  return (current.task as Task<unknown> | null) ?? undefined;
}

/**
 * The tasks of the running loop that have not ended.
 *
 * @throws InvalidStateError outside every task, and in a `runSync`.
 * @example
 * ```ts
 * import { allTasks, createTask, run, sleep } from "cede";
 *
 * await run(function* () {
 *   createTask(() => sleep(10));
 *   console.log(allTasks().length); // prints: 2
 * });
 * ```
 */
export function allTasks(): Task<unknown>[] {
  return runningLoop().tasks();
}
