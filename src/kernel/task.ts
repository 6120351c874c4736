/**
 * A task: a stack of frames, and one life: ready → running → parked → … → done. It is a node of the tree of
 * what can be cancelled, and an outcome that others may wait for.
 *
 * `step` is the heart of the loop: resume the top frame, and see what comes of it. It refuses to know of
 * turns, of time, and of who runs next.
 */
import { AGAIN, PARKED, type Awaitable, type Body } from "./awaitable.ts";
import { abortSignals } from "./callback.ts";
import { adopt, cancelTree, disown, visibleTarget, type CancelNode } from "./cancel.ts";
import { stepInside, surrounding } from "./context.ts";
import {
  current,
  setAside,
  type Context,
  type Enders,
  type LoopPort,
  type Parked,
  type Root,
  type Runner,
} from "./current.ts";
import { suppress } from "./errors.ts";
import { NONE, RETURNED, THREW, UNWOUND, type Exit } from "./exit.ts";
import { DUE, Frame, NEW, OPEN } from "./frame.ts";
import { awaitsItself, Outcome, type Waiter } from "./future.ts";
import { NEXT, THROW } from "./generator.ts";
import { nameOf, wrongYield } from "./misuse.ts";
import type { Cancellation } from "./monitor.ts";
import { mark } from "./place.ts";
import type { Runnable } from "./ready.ts";
import { asked } from "./scope.ts";
import { abandoning } from "./slow-cleanup.ts";
import { checkSource } from "./source.ts";
import { cut, dropClaimed, ended, isTarget, resume } from "./unwind.ts";
import { Wait, type Subject } from "./wait.ts";

const READY = 0;
const RUNNING = 1;
const PARKED_ON_WAIT = 2;
const DONE = 3;
/** Ready, and to be resumed once before any cancellation: a wait was completed, or it must start. */
const OWED = 4;
const STATES = ["ready", "running", "parked", "done", "ready"] as const;

/** What a task is doing. A task that has not begun is ready. */
export type TaskState = (typeof STATES)[number];

/** How a task is made. */
export interface TaskOptions {
  /** What it is called in messages and views; the function's name otherwise. A number is added. */
  name?: string;
  /**
   * `"always"`: the task runs to its first checkpoint even if it is cancelled before it begins: for a
   * function that was handed something to release.
   */
  start?: "always";
}

// It is a CancelNode, a Runner and a Runnable, but declares none: these members are not for users to see.
/**
 * A coroutine that runs beside others: what `createTask` and `group.createTask` give. `yield*` waits for it, in any
 * task and as often as one likes; `await` does so in async code.
 *
 * @throws (where it is awaited) what the task throws; CancelledError if it was cancelled.
 * @example
 * ```ts
 * import { createTask, run, sleep } from "cede";
 *
 * await run(function* () {
 *   const task = createTask(function* tea() {
 *     yield* sleep(10);
 *     return "tea";
 *   });
 *   console.log(task.state); // prints: ready
 *   console.log(yield* task, task.state); // prints: tea done
 * });
 * ```
 */
export class Task<T> extends Outcome<T> {
  // What each step needs comes first, side by side in memory: of many tasks, few are in the cache.
  private activity: 0 | 1 | 2 | 3 | 4;
  /** @internal */ marks = 0;
  /** @internal */ context: Context | null;
  /** @internal */ top: Frame | null;
  /** @internal */ nextReady: Runnable | null = null;
  /** @internal */ readonly root: Root;
  /** @internal */ wait: Parked | null = null;
  /** @internal */ cancellation: Cancellation | null = null;
  /** @internal */ outer: CancelNode | null = null;
  /** @internal */ firstChild: CancelNode | null = null;
  /** @internal */ nextSibling: CancelNode | null = null;
  /** @internal */ previousSibling: CancelNode | null = null;
  /** @internal */ creator: Runner | null = current.task;
  /** A number of its own in its loop. */
  readonly id: number;
  /** Its name, or what has one. */
  readonly #named: string | { readonly name: string };

  /** @internal */
  constructor(source: Awaitable<T> | Body<T>, owner: CancelNode, root: Root, options?: TaskOptions) {
    super();
    this.root = root;
    this.id = ++root.loop.created;
    this.context = surrounding(root.loop.contexts);
    this.#named = options?.name ?? named(source);
    this.activity = options?.start === "always" ? OWED : READY;
    const frame = new Frame(source);
    frame.scope = this;
    this.top = frame;
    checkSource(source, frame);
    adopt(owner, this);
    if (current.debug) mark(this, this);
    root.loop.monitor?.spawn?.(this, current.task);
    const target = visibleTarget(owner);
    if (target !== null) cancelTree(this, target.cancellation!);
    root.loop.enqueue(this);
  }

  /** Its name and number: "crawl#9". */
  get name(): string {
    const named = this.#named;
    return `${(typeof named === "string" ? named : named.name) || "task"}#${this.id}`;
  }

  get state(): TaskState {
    return STATES[this.activity];
  }

  /** What it waits for, in words; `undefined` while it does not wait. */
  get waitingFor(): string | undefined {
    return this.wait?.label;
  }

  /**
   * Cancels it: it is unwound from where it waits, its cleanup runs to its end, and no `catch` sees it.
   * Marks at once; what it returns ends after the cleanup and need not be awaited. The first reason stays.
   *
   * @throws when awaited: the task's error, if its cleanup (or it itself, before) failed.
   */
  cancel(reason?: unknown): Awaitable<void> & PromiseLike<void> {
    if (this.activity !== DONE) cancelTree(this, asked(reason, this));
    return new Cancelling(this);
  }

  /** @internal */
  get label(): string {
    return `task ${this.name}`;
  }
  /** @internal */
  get external(): boolean {
    return false;
  }
  /** @internal */
  get loop(): LoopPort {
    return this.root.loop;
  }
  /** @internal */
  get shield(): boolean {
    return false;
  }
  /** @internal */
  get isTask(): boolean {
    return true;
  }

  /** @internal */
  interrupted(): boolean {
    return this.marks !== 0 && isTarget(this.top!);
  }

  /** @internal */
  calleeScope(): CancelNode {
    return this.top!.calleeScope(this);
  }

  /** @internal */
  onLeave(exit: Exit): () => void {
    const frame = this.top!;
    frame.addExit(exit);
    return () => frame.removeExit(exit);
  }

  /** @internal */
  wake(): void {
    if (this.activity === PARKED_ON_WAIT) this.makeReady(OWED);
  }

  /** It was cancelled: the tree has put its mark. @internal */
  marked(): void {
    this.marks++;
    this.loop.monitor?.cancel?.(this, "asked", this.cancellation!);
    this.interrupt();
  }

  /** @internal */
  interrupt(): void {
    if (this.activity !== PARKED_ON_WAIT || !this.interrupted()) return;
    // The claim is taken now; what the wait arranged is undone in the task's step.
    this.wait!.cancel();
    this.makeReady(READY);
  }

  /** @internal */
  childEnded(): void {}

  /** @internal */
  delivered(): void {
    abortSignals(this.loop);
  }

  /** @internal */
  step(): boolean {
    if (this.activity === DONE) return false; // abandoned while it was ready
    if (this.context !== current.context) return stepInside(this);
    current.task = this;
    let check = this.activity !== OWED;
    this.activity = RUNNING;
    if (this.root.loop.monitor !== null) this.root.loop.monitor.step?.(this);
    let mistake: Error | null = null;
    let frame = this.top!;
    do {
      current.parked = false;
      let result: IteratorResult<unknown, unknown> | null;
      try {
        if (mistake !== null) {
          result = throwInto(frame, mistake);
          mistake = null;
        } else if (check && this.marks !== 0 && isTarget(frame)) {
          result = this.beginUnwinding(frame);
        } else if (frame.state === OPEN) {
          result = NEXT.apply(frame.source as Generator);
        } else {
          result = resume(this, frame);
        }
      } catch (error) {
        ended(this, frame, THREW, error);
        check = false;
        mistake = null;
        continue;
      }
      if (result === null) {
        check = false;
      } else if (result.done) {
        ended(this, frame, RETURNED, result.value);
        check = false;
      } else if (result.value === undefined) {
        this.activity = READY;
        return true;
      } else if (result.value === AGAIN) {
        check = false; // a call is no checkpoint
      } else if (result.value === PARKED) {
        if (this.wait !== null) {
          this.activity = PARKED_ON_WAIT;
          if (this.marks !== 0) this.interrupt(); // it was cancelled while the wait was arranged
          return false;
        }
        if (this.interrupted()) {
          check = true; // the wait found a cancellation, and arranged nothing
        } else {
          mistake = nothingArranged();
        }
      } else {
        mistake = wrongYield(result.value, frame.source, this.name);
      }
      // A callee may have been put on top, or the frame popped.
    } while (this.top !== null && ((frame = this.top), true));
    this.end(frame);
    return false;
  }

  /**
   * Ends the task without waiting for its cleanup any longer: its frames are told once more to return, and
   * what they wait for is dropped. `why`: what its cleanup did, or cannot do. @internal
   */
  abandon(why: string): void {
    const cancellation = asked("abandoned", this);
    if (this.top?.state === NEW) cancelTree(this, cancellation);
    this.cutting(why, () => {
      const tell = abandoning(this, this.name, why);
      this.cancellation ??= cancellation; // a shield had kept it from being marked
      let bottom = this.top!;
      while (bottom.parent !== null) bottom = bottom.parent;
      cut(this, null);
      tell(this.cancellation);
      this.end(bottom);
    });
  }

  /**
   * Has it take one step if it was given something, a lock, say, since it was last resumed, or has not begun: its cleanup
   * can give that back. Unless it ends with that, calls `cut`, inside its context and with whatever else runs set aside:
   * a task that is cut may have to cut others. @internal
   */
  cutting(why: string, cut: () => void): void {
    if (this.activity === DONE) return;
    const { context, loop } = this;
    const step = (): boolean => {
      if (this.activity === OWED || this.top!.state === NEW) {
        this.step();
        if (this.state === "parked") this.activity = OWED; // it is still among those that are ready
      }
      current.task = this;
      current.why = why;
      if (this.state !== "done") cut();
      return false;
    };
    const restore = setAside();
    stepInside({ context, loop, step });
    restore();
  }

  private beginUnwinding(frame: Frame): IteratorResult<unknown, unknown> | null {
    const { wait } = this;
    this.wait = null;
    if (wait !== null) dropClaimed(this, wait);
    const target = visibleTarget(frame.scope)!;
    target.delivered!();
    this.root.loop.monitor?.cancel?.(this, "delivered", target.cancellation!);
    if (frame.state === NEW) {
      frame.state = UNWOUND;
    } else {
      frame.state = DUE;
    }
    frame.value = NONE;
    return resume(this, frame);
  }

  private makeReady(how: typeof READY | typeof OWED): void {
    this.root.loop.monitor?.wake?.(this, current.task);
    this.activity = how;
    this.root.loop.enqueue(this);
  }

  private end(bottom: Frame): void {
    this.activity = DONE;
    this.creator = null; // it must not outlive its use: what it gave may be large
    const { state, value } = bottom;
    const outcome =
      state === RETURNED ? "result" : state === UNWOUND && value === NONE ? "cancelled" : "error";
    const { monitor } = this.loop;
    if (monitor !== null) {
      if (state === UNWOUND) monitor.cancel?.(this, "done", this.cancellation!);
      monitor.done?.(this, outcome); // before whoever is woken by it
    }
    this.settle(outcome, outcome === "cancelled" ? this.cancellation : value);
    disown(this);
    this.outer!.childEnded(this, state === UNWOUND);
  }
}

/** What `task.cancel()` returns. */
class Cancelling implements Awaitable<void>, PromiseLike<void> {
  readonly #task: Task<unknown>;
  constructor(task: Task<unknown>) {
    this.#task = task;
  }
  [Symbol.iterator](): Wait<void> {
    return new CancelJoin(this.#task);
  }
  then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const task = this.#task;
    const ended = task.then(
      () => {},
      (error: unknown) => {
        if (task.failed) throw error;
      },
    );
    return ended.then(onFulfilled, onRejected);
  }
}

/** Waits until a cancelled task has ended, and throws only if it failed. */
class CancelJoin extends Wait<void> implements Waiter {
  readonly #task: Task<unknown>;
  constructor(task: Task<unknown>) {
    super();
    this.#task = task;
  }
  get label(): string {
    return `the end of ${this.#task.label}`;
  }
  override subject(): Subject {
    return { kind: "task", target: this.#task };
  }
  /** A task of another loop counts as the outside. */
  override get external(): boolean {
    return this.#task.loop !== this.task?.loop;
  }
  protected begin(): boolean {
    const task = this.#task;
    if ((task as unknown) === this.task) throw awaitsItself(task.label);
    task.observed = true;
    if (!task.done) {
      task.subscribe(this);
      this.task!.loop.suspect(this.task!, this);
      return false;
    }
    if (task.failed) throw task.rejection();
    return this.ready();
  }
  override enders(): Enders | null {
    return this.external ? null : { tasks: [this.#task], any: false };
  }
  abort(): void {
    this.#task.unsubscribe(this);
  }
  settled(): void {
    if (this.#task.failed) this.fail(this.#task.rejection());
    else this.complete();
  }
}

function throwInto(frame: Frame, mistake: Error): IteratorResult<unknown, unknown> {
  try {
    return THROW.call(frame.source as Generator, mistake);
  } catch (error) {
    // What was delegated to may have no `throw`: then the language says so instead, at the same line.
    if (error !== mistake) suppress(error, mistake);
    throw error;
  }
}

function nothingArranged(): TypeError {
  return new TypeError(
    "Cannot park: nothing was arranged to wake the task. An awaitable of your own parks with `park` of " +
      "cede/lowlevel.",
  );
}

/** A function is asked for its name when somebody wants to know. */
function named(source: Awaitable<unknown> | Body<unknown>): string | Body<unknown> {
  return typeof source === "function" ? source : nameOf(source);
}
