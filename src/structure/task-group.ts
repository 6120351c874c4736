/**
 * A group: a body and the tasks that it starts, as one. It ends after all of them have; the first failure
 * cancels the others and the body, and is what the group throws.
 */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { current } from "../kernel/current.ts";
import { cancelledError, InvalidStateError } from "../kernel/errors.ts";
import { NONE, primaryOf, RETURNED, stopUnwinding, THREW, UNWOUND, type Leaving } from "../kernel/exit.ts";
import type { Task, TaskOptions } from "../kernel/task.ts";
import { scoped } from "./scoped.ts";
import { TaskScope } from "./task-scope.ts";

export interface TaskGroupOptions {
  /** What it is called in messages and views. */
  name?: string;
}

/** What the body of a `taskGroup` is given. */
export interface TaskGroup {
  /**
   * Starts a task of the group, in the next turn. In a group that is being cancelled, it is created
   * cancelled.
   *
   * @throws InvalidStateError if the group has ended.
   */
  createTask<T>(source: Awaitable<T> | Body<T>, options?: TaskOptions): Task<T>;
  /**
   * Cancels the body and the tasks. Marks at once; the first reason stays. A body that has returned, or does
   * so without another checkpoint, keeps its value; one that is cut short has none, and the group throws a
   * `CancelledError`.
   */
  cancel(reason?: unknown): void;
  /** Whether it was cancelled, by a failure too. */
  readonly cancelled: boolean;
}

class Group extends TaskScope implements TaskGroup {
  readonly name: string;
  /** The first failure, of a task or of the body. */
  #error: unknown = NONE;
  /** Whether the body was unwound because of `cancel`: there is no value to go on with. */
  #cutShort = false;
  /** Whether a cancellation from further out had come when the last task ended. */
  #overtaken = false;

  constructor(name: string) {
    super();
    this.name = name;
  }

  get label(): string {
    return `group "${this.name}"`;
  }

  createTask<T>(source: Awaitable<T> | Body<T>, options?: TaskOptions): Task<T> {
    if (this.task === null) {
      throw new InvalidStateError(
        `Cannot create a task in ${this.label}: it has ended. Create it in a group that is still open, or ` +
          "with the bare `createTask`, which makes it the run's.",
      );
    }
    return this.spawn(source, this.task, options);
  }

  override get failing(): boolean {
    return this.#error !== NONE;
  }

  override leave(frame: Leaving): Awaitable<unknown> | undefined {
    this.#cutShort = frame.state === UNWOUND && this.cancelled;
    if (frame.state !== RETURNED) {
      this.#fail(frame.value);
      this.cancel(frame.value === NONE ? undefined : frame.value);
    }
    if (!this.isEmpty) return this.#finishLater(frame);
    this.#overtaken = this.outerCancelled(); // waiting for nobody is a checkpoint, as every wait
    this.#finish(frame);
    return undefined;
  }

  protected childFailed(child: Task<unknown>): void {
    this.#fail(child.error());
    this.cancel(child.error());
  }

  protected override allEnded(): void {
    this.#overtaken = this.outerCancelled();
    super.allEnded();
  }

  #fail(error: unknown): void {
    if (error === NONE) return;
    this.#error = this.#error === NONE ? error : primaryOf(this.#error, error, this.task!.loop);
  }

  *#finishLater(frame: Leaving): Generator<never, void, void> {
    // Whoever hears of the last one's end first may create another.
    while (!this.isEmpty) yield* this.join() as Iterable<never>;
    this.#finish(frame);
  }

  #finish(frame: Leaving): void {
    if (this.#overtaken && frame.state === RETURNED) {
      frame.state = UNWOUND;
      frame.value = NONE;
    }
    this.close();
    const error = this.#error;
    if (error !== NONE) {
      frame.value = error;
      frame.state = frame.state === UNWOUND ? UNWOUND : THREW;
    }
    if (frame.state !== UNWOUND || current.cutting || this.outerCancelled()) return;
    if (this.#cutShort && frame.value === NONE) frame.value = cancelledError(this, this.cancellation!);
    stopUnwinding(frame, undefined);
  }
}

/**
 * Runs `body` and the tasks that it creates with `group.createTask`, and ends when all of them have: with
 * the body's value, or with the first failure, after the others were cancelled and have cleaned up.
 *
 * @throws the first error of the body or of a task; the later ones are its `suppressedErrors`; CancelledError
 * if `group.cancel()` cut the body short.
 * @example
 * ```ts
 * import { run, sleep, taskGroup } from "cede";
 *
 * await run(() =>
 *   taskGroup(function* (group) {
 *     for (const ms of [20, 10]) {
 *       group.createTask(function* () {
 *         yield* sleep(ms);
 *         console.log(ms);
 *       });
 *     }
 *     // prints: 10
 *     // prints: 20
 *   }),
 * );
 * ```
 */
export function taskGroup<T>(
  body: (group: TaskGroup) => Awaitable<T>,
  { name = "tasks" }: TaskGroupOptions = {},
): Awaitable<T> {
  return scoped(() => new Group(name), body);
}
