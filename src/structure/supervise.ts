import type { Awaitable } from "../kernel/awaitable.ts";
import { AfterReady } from "../kernel/callback.ts";
import { isObject, suppress, textOf } from "../kernel/errors.ts";
import { describe } from "../kernel/misuse.ts";
import type { Task } from "../kernel/task.ts";
import type { ScopeOptions } from "./cleanup-timeout.ts";
import { Group, type TaskGroup } from "./group.ts";
import { scoped } from "./scoped.ts";

/** How a `supervise` is called, and who hears of its failures. */
export interface SuperviseOptions extends ScopeOptions {
  /** What it is called in messages and views. */
  name?: string;
  /** Hears of each failure that nobody awaits. What it throws fails the whole, as an error of the body does. */
  onFailure?: (error: unknown, task: Task<unknown>) => void;
}

/** A group whose tasks fail alone. */
class Supervision extends Group {
  readonly #onFailure: (error: unknown, task: Task<unknown>) => void;

  constructor({ name = "supervised", onFailure = report }: SuperviseOptions) {
    super(name);
    this.#onFailure = onFailure;
  }

  /** As in a run: whoever is ready now may be about to await it, and has one step for that. */
  protected override childFailed(child: Task<unknown>): void {
    if (child.observed) return;
    this.left++; // meanwhile the group cannot end
    child.loop.enqueue(
      new AfterReady(child.loop, () => {
        if (!child.observed) this.#tell(child);
        this.oneLess();
      }),
    );
  }

  #tell(child: Task<unknown>): void {
    const failure = child.error();
    try {
      const given: unknown = this.#onFailure(failure, child);
      if (!isObject(given) || !(Symbol.iterator in given || "then" in given)) return;
      void Promise.resolve("then" in given ? given : undefined).catch(() => {}); // it is told here
      throw new TypeError(
        `Cannot wait for ${describe(given)} that \`onFailure\` gave: it is an ordinary function, which is called ` +
          "and not awaited. Let it create a task, of the run or of the group.",
      );
    } catch (error) {
      suppress(error, failure);
      this.fail(error);
    }
  }
}

function report(error: unknown, task: Task<unknown>): void {
  task.loop.report({
    kind: "task-failed",
    message: `${task.name} failed, and nobody awaits it: ${textOf(error)}`,
    task: task.name,
    error,
  });
}

/**
 * A `taskGroup` whose tasks fail alone: the others and the body go on. A failure belongs to whoever awaits the
 * task; of one that nobody awaits `onFailure` hears, or, if there is none, the loop's `onReport`, which prints it.
 * An error of the body cancels the tasks, as a cancellation does.
 *
 * @throws what the body throws, and what `onFailure` throws; CancelledError if `group.cancel()` cut the body
 * short; RangeError if `cleanupTimeout` is negative or not a number.
 * @example
 * ```ts
 * import { run, sleep, supervise } from "cede";
 *
 * await run(() =>
 *   supervise(
 *     function* (group) {
 *       group.createTask(function* one() {
 *         throw new Error("failed");
 *       });
 *       group.createTask(function* other() {
 *         yield* sleep(10);
 *         console.log("goes on");
 *       });
 *       // prints: one failed
 *       // prints: goes on
 *     },
 *     { onFailure: (error) => console.log(`one ${(error as Error).message}`) },
 *   ),
 * );
 * ```
 */
export function supervise<T>(
  body: (group: TaskGroup) => Awaitable<T>,
  options: SuperviseOptions = {},
): Awaitable<T> {
  const { onFailure } = options;
  if (onFailure !== undefined && typeof onFailure !== "function") {
    throw new TypeError(
      `Cannot tell failures to ${describe(onFailure)}: \`onFailure\` is a function, \`(error, task) => …\`.`,
    );
  }
  return scoped(() => new Supervision(options), body, options);
}
