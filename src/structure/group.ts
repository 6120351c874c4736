/**
 * A group: a body and the tasks that it starts, as one. It ends after all of them have; the first failure
 * cancels the others and the body, and is what the group throws.
 */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import type { CancelNode } from "../kernel/cancel.ts";
import { current } from "../kernel/current.ts";
import { cancelledError, InvalidStateError, isObject, textOf } from "../kernel/errors.ts";
import { NONE, primaryOf, RETURNED, stopUnwinding, THREW, UNWOUND, type Leaving } from "../kernel/exit.ts";
import type { Task, TaskOptions } from "../kernel/task.ts";
import { startIn, type Ready } from "./start.ts";
import { TaskScope } from "./task-scope.ts";

/** How a task of a group is made. */
export interface GroupTaskOptions extends TaskOptions {
  /** The group does not wait for it: it is cancelled once the body and the other tasks have ended. */
  background?: boolean;
}

/** What the body of a `taskGroup` is given. */
export interface TaskGroup {
  /**
   * Starts a task of the group, in the next turn. In a group that is being cancelled, it is created
   * cancelled.
   *
   * @throws InvalidStateError if the group has ended.
   */
  createTask<T>(source: Awaitable<T> | Body<T>, options?: GroupTaskOptions): Task<T>;
  /**
   * Starts a task of the group, and waits until it calls `ready`, which it is given: then this ends, with the
   * value of that call, and the task goes on. Whoever is cancelled while it waits here cancels the task.
   *
   * @throws what the task throws before it is ready (the group does not fail then); CancelledError if it is
   * cancelled before; InvalidStateError if it ends without a word, or if the group has ended.
   * @example
   * ```ts
   * import { run, sleep, taskGroup, type Ready } from "cede";
   *
   * await run(() =>
   *   taskGroup(function* (group) {
   *     const port = yield* group.start(
   *       function* server(ready: Ready<number>) {
   *         yield* sleep(10); // it begins to listen
   *         ready(8080);
   *         yield* sleep(100_000); // it serves
   *       },
   *       { background: true },
   *     );
   *     console.log(`it listens on ${port}`); // prints: it listens on 8080
   *   }),
   * );
   * ```
   */
  start<R = void>(
    fn: (ready: Ready<R>) => Awaitable<unknown>,
    options?: GroupTaskOptions,
  ): Awaitable<NoInfer<R>>; // `R` is what `ready` takes, whatever the caller may expect
  /**
   * Cancels the body and the tasks. Marks at once; the first reason stays. A body that has returned, or does
   * so without another checkpoint, keeps its value; one that is cut short has none, and the group throws a
   * `CancelledError`.
   */
  cancel(reason?: unknown): void;
  /** Whether it was cancelled, by a failure too. */
  readonly cancelled: boolean;
}

export class Group extends TaskScope implements TaskGroup {
  readonly name: string;
  /** The first failure, of a task or of the body. */
  #error: unknown = NONE;
  /** All of them, if all are to be thrown. */
  readonly #errors: unknown[] | null;
  // Most groups have neither of these two, so they are made when they are needed.
  #background: Set<CancelNode> | null = null;
  /** Tasks that are not ready: whoever started them is told of their ends. */
  #starting: Map<CancelNode, () => void> | null = null;
  /** Whether the body was unwound because of `cancel`: there is no value to go on with. */
  #cutShort = false;
  /** Whether the body has ended, and then, whether all but those in the background have. */
  #left = false;
  #draining = false;
  /** Whether a cancellation from further out had come when the last task ended. */
  #overtaken = false;

  constructor(name: string, allErrors = false) {
    super();
    this.name = name;
    this.#errors = allErrors ? [] : null;
  }

  get label(): string {
    return `group "${this.name}"`;
  }

  createTask<T>(source: Awaitable<T> | Body<T>, options: GroupTaskOptions = {}): Task<T> {
    if (this.task === null || this.refusing) {
      throw new InvalidStateError(
        `Cannot create a task in ${this.label}: it has ended. Create it in a group that is still open, or ` +
          "with the bare `createTask`, which makes it the run's.",
      );
    }
    const task = this.spawn(source, this.task, options);
    if (options.background) {
      (this.#background ??= new Set()).add(task);
      if (this.#draining) void task.cancel(OTHERS_ENDED);
    }
    return task;
  }

  start<R = void>(
    fn: (ready: Ready<R>) => Awaitable<unknown>,
    options?: GroupTaskOptions,
  ): Awaitable<NoInfer<R>> {
    return startIn(this, fn, options);
  }

  createApart(source: Body<unknown>, options: GroupTaskOptions, onEnd: () => void): Task<unknown> {
    const task = this.createTask(source, options);
    (this.#starting ??= new Map()).set(task, onEnd);
    return task;
  }

  adopt(task: Task<unknown>): void {
    this.#starting!.delete(task);
  }

  override get failing(): boolean {
    return this.#error !== NONE;
  }

  /** An error of the group: it cancels whatever is left. */
  protected fail(error: unknown): void {
    if (this.task === null) throw error; // its frame was cut, and nobody else hears of it
    this.#keep(error);
    this.cancel(error);
  }

  override leave(frame: Leaving): Awaitable<unknown> | undefined {
    this.#left = true;
    this.#cutShort = frame.state === UNWOUND && this.cancelled;
    if (frame.state !== RETURNED) {
      this.#keep(frame.value, true);
      this.cancel(frame.value === NONE ? undefined : frame.value);
    }
    if (this.isEmpty) this.#overtaken = this.nobodyLeft();
    this.#drain();
    return this.whenEmpty(() => this.#finish(frame));
  }

  /** Waiting for nobody is a checkpoint, as every wait: whether a cancellation is found there. */
  protected nobodyLeft(): boolean {
    return this.outerCancelled();
  }

  override childEnded(child: CancelNode, unwound: boolean): void {
    this.#background?.delete(child);
    const onEnd = this.#starting?.get(child);
    if (onEnd === undefined) {
      super.childEnded(child, unwound);
    } else {
      this.#starting!.delete(child);
      onEnd();
      this.oneLess();
    }
  }

  protected childFailed(child: Task<unknown>, _unwound: boolean): void {
    this.fail(child.error());
  }

  protected override oneLess(): void {
    super.oneLess();
    this.#drain();
  }

  protected override allEnded(): void {
    this.#overtaken = this.outerCancelled();
    super.allEnded();
  }

  /** Those in the background are awaited only when they have been cancelled. */
  override *tasks(): Generator<Task<unknown>, void, void> {
    for (const task of super.tasks()) if (this.#draining || !this.#background?.has(task)) yield task;
  }

  #drain(): void {
    const background = this.#background;
    if (background === null || !this.#left || this.#draining || this.isEmpty || this.left > background.size)
      return;
    this.#draining = true;
    this.bound?.begin();
    for (const task of background) void (task as Task<unknown>).cancel(OTHERS_ENDED);
  }

  #keep(error: unknown, ofBody = false): void {
    if (error === NONE) return;
    const errors = this.#errors;
    if (this.#error === NONE) this.#error = error;
    else if (errors === null) this.#error = primaryOf(this.#error, error, this.task!.loop);
    // Equal primitives of two tasks are two errors; the body has its own from awaiting one of them.
    if (errors !== null && ((!ofBody && !isObject(error)) || !errors.includes(error))) errors.push(error);
  }

  #finish(frame: Leaving): void {
    if (this.#overtaken && frame.state === RETURNED) {
      frame.state = UNWOUND;
      frame.value = NONE;
    }
    this.close();
    if (this.failing) {
      frame.value = this.#errors === null ? this.#error : this.#together(this.#errors);
      frame.state = frame.state === UNWOUND ? UNWOUND : THREW;
    }
    if (frame.state !== UNWOUND || current.cutting || this.outerCancelled()) return;
    if (this.#cutShort && frame.value === NONE) {
      const error = cancelledError(this, this.cancellation!);
      frame.value = this.#errors === null ? error : this.#together([error]);
    }
    stopUnwinding(frame, undefined);
  }

  #together(errors: readonly unknown[]): AggregateError {
    const first = textOf(errors[0]);
    return new AggregateError(
      errors,
      errors.length === 1
        ? `An error in ${this.label}: ${first}`
        : `${errors.length} errors in ${this.label}, the first: ${first}`,
    );
  }
}

const OTHERS_ENDED = "it ran in the background, and the others of its group have ended";
