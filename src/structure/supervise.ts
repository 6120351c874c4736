import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { AfterReady } from "../kernel/callback.ts";
import { current } from "../kernel/current.ts";
import { suppress, textOf } from "../kernel/errors.ts";
import { checkGiven } from "../kernel/given.ts";
import { describe } from "../kernel/misuse.ts";
import type { Task } from "../kernel/task.ts";
import type { ScopeOptions } from "./cleanup-timeout.ts";
import { Group, type GroupTaskOptions, type TaskGroup } from "./group.ts";
import { checkRestart, restarting, type Restart, type RestartPolicy } from "./restart.ts";
import { scoped } from "./scoped.ts";

/** How a `supervise` is called, and who hears of its failures. */
export interface SuperviseOptions extends ScopeOptions {
  /** What it is called in messages and views. */
  name?: string;
  /**
   * Hears of each failure that nobody awaits, and of each that is followed by a restart, which `restart` then tells of.
   * What it throws fails the whole, as an error of the body does. It may create tasks, of the run and of the group.
   */
  onFailure?: (error: unknown, task: Task<unknown>, restart?: Restart) => void;
  /** Has each task that fails begin anew, within limits; a task may have its own. None does, unless given. */
  restart?: RestartPolicy;
}

/** How a task of a `supervise` is made. */
export interface SupervisedTaskOptions extends GroupTaskOptions {
  /** Whether and when it begins anew if it fails: as its group says, unless given. */
  restart?: RestartPolicy | false;
}

/** What the body of a `supervise` is given. */
export interface SupervisedGroup extends TaskGroup {
  /**
   * Starts a task of the group, in the next turn, as the one of a `taskGroup`. If it is to begin anew when it fails it
   * stays the same task, with the same name: whoever awaits it hears of its last end alone. What `start` starts is not
   * restarted.
   *
   * @throws InvalidStateError if the group has ended; TypeError if what is to begin anew is not a function.
   */
  createTask<T>(source: Awaitable<T> | Body<T>, options?: SupervisedTaskOptions): Task<T>;
}

/** A group whose tasks fail alone. */
class Supervision extends Group implements SupervisedGroup {
  readonly #onFailure: (error: unknown, task: Task<unknown>, restart?: Restart) => void;
  readonly #restart: RestartPolicy | false;
  /** Those that have failed too often. */
  readonly #hopeless = new Set<Task<unknown>>();

  constructor({ name = "supervised", onFailure = report, restart }: SuperviseOptions) {
    super(name);
    this.#onFailure = onFailure;
    this.#restart = restart ?? false;
  }

  override createTask<T>(source: Awaitable<T> | Body<T>, options: SupervisedTaskOptions = {}): Task<T> {
    const { restart = this.#restart, ...others } = options;
    if (restart === false) return super.createTask(source, others);
    checkRestart(restart, source);
    return super.createTask(restarting(source as Body<T>, restart, this), {
      name: (source as Body<T>).name || "task",
      ...others,
    });
  }

  /** A task that was started says only once that it is ready. */
  override createApart(
    source: Body<unknown>,
    options: SupervisedTaskOptions,
    onEnd: () => void,
  ): Task<unknown> {
    return super.createApart(source, { ...options, restart: false } as GroupTaskOptions, onEnd);
  }

  restarts(task: Task<unknown>, error: unknown, restart: Restart): void {
    this.#tell(task, error, restart);
  }

  givesUp(task: Task<unknown>): void {
    this.#hopeless.add(task);
  }

  /** As in a run: whoever is ready now may be about to await it, and has one step for that. */
  protected override childFailed(child: Task<unknown>): void {
    if (this.#hopeless.delete(child)) return this.fail(child.error());
    if (child.observed) return;
    this.left++; // meanwhile the group cannot end
    child.loop.enqueue(
      new AfterReady(child.loop, () => {
        current.task = this.task; // it belongs to whoever called `supervise`, and may create tasks of that run
        if (!child.observed) this.#tell(child, child.error());
        current.task = null;
        this.oneLess();
      }),
    );
  }

  #tell(child: Task<unknown>, failure: unknown, restart?: Restart): void {
    try {
      const given: unknown = restart
        ? this.#onFailure(failure, child, restart)
        : this.#onFailure(failure, child);
      checkGiven(given, "`onFailure`", "Let it create a task, of the run or of the group.");
    } catch (error) {
      suppress(error, failure);
      this.fail(error);
    }
  }
}

function report(error: unknown, task: Task<unknown>, restart?: Restart): void {
  const then =
    restart === undefined
      ? "nobody awaits it"
      : `begins anew in ${restart.delay} ms, restart ${restart.count}`;
  task.loop.report({
    kind: "task-failed",
    message: `${task.name} failed, and ${then}: ${textOf(error)}`,
    task: task.name,
    error,
  });
}

/**
 * A `taskGroup` whose tasks fail alone: the others and the body go on. A failure belongs to whoever awaits the
 * task; of one that nobody awaits `onFailure` hears, or, if there is none, the loop's `onReport`, which prints it.
 * An error of the body cancels the tasks, as a cancellation does.
 *
 * With `restart` a task that fails begins anew, after a delay. One that fails too often fails the group, with its last
 * error.
 *
 * @throws what the body throws, and what `onFailure` throws; the last error of a task that failed too often; CancelledError if `group.cancel()` cut the body
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
  body: (group: SupervisedGroup) => Awaitable<T>,
  options: SuperviseOptions = {},
): Awaitable<T> {
  const { onFailure, restart } = options;
  if (restart !== undefined) checkRestart(restart);
  if (onFailure !== undefined && typeof onFailure !== "function") {
    throw new TypeError(
      `Cannot tell failures to ${describe(onFailure)}: \`onFailure\` is a function, \`(error, task) => …\`.`,
    );
  }
  return scoped(() => new Supervision(options), body, options);
}
