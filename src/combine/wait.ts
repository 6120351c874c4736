import type { Awaitable } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import { Outcome, type Future } from "../kernel/future.ts";
import { describe } from "../kernel/misuse.ts";
import { checkDelay } from "../kernel/sleep.ts";
import type { Task } from "../kernel/task.ts";
import { moveOnAfter } from "../structure/timeout.ts";
import { itemsOf } from "./items.ts";
import { Settling, type Question } from "./settling.ts";

/** How `wait` waits. */
export interface WaitOptions {
  /**
   * When it ends: once all are done (`"allCompleted"`, the default), once one is (`"firstCompleted"`), or once one has
   * failed, all at the latest (`"firstError"`).
   */
  returnWhen?: "allCompleted" | "firstCompleted" | "firstError";
  /** How long it waits at most, in milliseconds; it then ends without an error. `Infinity` unless given. */
  timeout?: number;
}

/** Which are done, and which are not, each in the order in which they were given. */
export interface Waited<T> {
  readonly done: Set<T>;
  readonly pending: Set<T>;
}

/**
 * Waits for tasks and futures, until all are done, or the first, or for some time, and tells which are done: `{done,
 * pending}`. It starts nothing, cancels nothing and throws no error of theirs: `task.result()` and `task.error()`
 * tell how each has ended. They are observed from now on.
 *
 * @throws TypeError if something is neither a task nor a future; RangeError if `timeout` is negative or not a number.
 * @example
 * ```ts
 * import { createTask, run, sleep, wait } from "cede";
 *
 * await run(function* () {
 *   const tasks = [60_000, 5, 30_000].map((ms) => createTask(() => sleep(ms), { name: `${ms} ms` }));
 *   const { done, pending } = yield* wait(tasks, { returnWhen: "firstCompleted" });
 *   console.log(done.size, pending.size); // prints: 1 2
 *   console.log((yield* wait(pending, { timeout: 10 })).pending.size); // prints: 2
 * });
 * ```
 */
export function wait<T extends Task<unknown> | Future<unknown>>(
  tasks: Iterable<T>,
  { returnWhen = "allCompleted", timeout = Infinity }: WaitOptions = {},
): Coroutine<Waited<T>> {
  const outcomes = itemsOf("wait for", tasks);
  for (const item of outcomes) if (!(item instanceof Outcome)) throw notWaitable(item);
  if (!Object.hasOwn(questions, returnWhen)) {
    throw new TypeError(
      `Cannot wait until ${describe(returnWhen)}: \`returnWhen\` is "allCompleted", "firstCompleted" or "firstError".`,
    );
  }
  checkDelay("wait for", timeout);
  return waiting(outcomes, questions[returnWhen], timeout) as Coroutine<Waited<T>>;
}

const questions: Record<NonNullable<WaitOptions["returnWhen"]>, Question> = {
  allCompleted: { decides: () => false, takesAll: true },
  firstCompleted: { decides: () => true, takesAll: false },
  firstError: { decides: (outcome) => outcome.failed, takesAll: false },
};

const waiting = coroutine(function* wait(
  outcomes: readonly Outcome<unknown>[],
  question: Question,
  timeout: number,
): Awaitable<Waited<Outcome<unknown>>> {
  const settling = new Settling("wait()", outcomes, question);
  if (timeout === Infinity) yield* settling;
  else yield* moveOnAfter(timeout, () => settling);
  return {
    done: new Set(outcomes.filter((outcome) => outcome.done)),
    pending: new Set(outcomes.filter((outcome) => !outcome.done)),
  };
});

function notWaitable(item: unknown): TypeError {
  return new TypeError(
    `Cannot wait for ${describe(item)}: it is neither a task nor a future, so it could not tell how it ended. Start it ` +
      "with `createTask` and wait for the task; or use `all`, `allSettled` or `race`.",
  );
}
