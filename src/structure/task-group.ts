import type { Awaitable } from "../kernel/awaitable.ts";
import { describe } from "../kernel/misuse.ts";
import type { ScopeOptions } from "./cleanup-timeout.ts";
import { Group, type TaskGroup } from "./group.ts";
import { scoped } from "./scoped.ts";

/** How a `taskGroup` is called, and what it throws. */
export interface TaskGroupOptions extends ScopeOptions {
  /** What it is called in messages and views. */
  name?: string;
  /**
   * What it throws when it fails: `"first"`, the default, is the first error, with the later ones as its
   * `suppressedErrors`; `"all"` is always an `AggregateError`, also of a single error, and of the
   * `CancelledError` where `group.cancel()` cut the body short. Its `errors` are those of the body and of the tasks,
   * in the order in which they happened, each once.
   */
  errors?: "first" | "all";
}

/**
 * Runs `body` and the tasks that it creates with `group.createTask`, and ends when all of them have: with
 * the body's value, or with the first failure, after the others were cancelled and have cleaned up. What the body
 * itself was given by `use`, or has deferred, is released when the body is left: before the group waits for its tasks.
 *
 * @throws the first error of the body or of a task; the later ones are its `suppressedErrors`; with `errors: "all"`
 * an AggregateError of all of them; CancelledError if `group.cancel()` cut the body short; RangeError if
 * `cleanupTimeout` is negative or not a number.
 * @example
 * ```ts
 * import { run, sleep, taskGroup } from "cede";
 *
 * await run(() =>
 *   taskGroup(function* (group) {
 *     for (const ms of [200, 10]) {
 *       group.createTask(function* () {
 *         yield* sleep(ms);
 *         console.log(ms);
 *       });
 *     }
 *     // prints: 10
 *     // prints: 200
 *   }),
 * );
 * ```
 */
export function taskGroup<T>(
  body: (group: TaskGroup) => Awaitable<T>,
  { name = "tasks", errors = "first", ...options }: TaskGroupOptions = {},
): Awaitable<T> {
  if (errors !== "first" && errors !== "all") {
    throw new TypeError(
      `Cannot make a group that throws ${describe(errors)} of its errors: \`errors\` is "first" or "all".`,
    );
  }
  return scoped(() => new Group(name, errors === "all"), body, options);
}
