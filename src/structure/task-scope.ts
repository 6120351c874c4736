/** A scope that owns tasks, and can be waited for until they have ended. */
import { Lazy, type Awaitable, type Body } from "../kernel/awaitable.ts";
import type { CancelNode } from "../kernel/cancel.ts";
import { current, type Enders, type Runner } from "../kernel/current.ts";
import { innermostFirst } from "../kernel/run.ts";
import { Scope } from "../kernel/scope.ts";
import { Task, type TaskOptions } from "../kernel/task.ts";
import { Wait, type Subject } from "../kernel/wait.ts";

export abstract class TaskScope extends Scope {
  /** What it is called in labels: `group "crawl"`. */
  abstract get label(): string;
  /** A task of it has failed; `unwound`: it was its cleanup that did. */
  protected abstract childFailed(child: Task<unknown>, unwound: boolean): void;

  /** How many were created, and how many of them have not ended. */
  protected created = 0;
  protected left = 0;
  /** Whether it takes no more tasks, though it is still open. */
  protected refusing = false;
  #waiting: ChildrenWait | null = null;

  protected spawn<T>(source: Awaitable<T> | Body<T>, task: Runner, options?: TaskOptions): Task<T> {
    const child = new Task(source, this, task.root, options);
    this.created++;
    this.left++;
    return child;
  }

  override childEnded(child: CancelNode, unwound = false): void {
    if ((child as Task<unknown>).failed) this.childFailed(child as Task<unknown>, unwound);
    this.oneLess();
  }

  /** One of them need not be waited for any more. */
  protected oneLess(): void {
    if (--this.left === 0) this.allEnded();
  }

  protected allEnded(): void {
    this.#waiting?.complete();
  }

  /**
   * Has `end` called when no task of it is left: now, or by what this returns, which is awaited. Where its frame is cut
   * nobody can wait, so they are cut with it.
   */
  protected whenEmpty(end: () => void): Awaitable<unknown> | undefined {
    if (!this.isEmpty && !current.cutting) return this.#whenLeft(end);
    this.#cut();
    end();
    return undefined;
  }

  *#whenLeft(end: () => void): Generator<never, void, void> {
    try {
      // Whoever hears of the last one's end first may create another.
      while (!this.isEmpty) yield* this.join() as Iterable<never>;
    } finally {
      this.#cut();
      end();
    }
  }

  #cut(): void {
    if (!current.cutting) return;
    this.refusing = true;
    for (const task of innermostFirst(this)) task.abandon(current.why);
  }

  /** Waits until no task of it is left. */
  protected join(): Awaitable<void> {
    return new Lazy(() => (this.#waiting = new ChildrenWait(this)));
  }

  /** In words, what is still awaited. @internal */
  get progress(): string {
    return `${this.label}, ${this.left} of ${this.created} left`;
  }

  /** @internal */
  get isEmpty(): boolean {
    return this.left === 0;
  }

  /** The tasks of it that have not ended. @internal */
  *tasks(): Generator<Task<unknown>, void, void> {
    for (let node = this.firstChild; node !== null; node = node.nextSibling) {
      if (node instanceof Task) yield node;
    }
  }
}

class ChildrenWait extends Wait<void> {
  readonly #scope: TaskScope;
  constructor(scope: TaskScope) {
    super();
    this.#scope = scope;
  }
  get label(): string {
    return this.#scope.progress;
  }
  override subject(): Subject {
    return { kind: "group", target: this.#scope };
  }
  protected begin(): boolean {
    if (this.#scope.isEmpty) return this.ready();
    this.task!.loop.suspect(this.task!, this);
    return false;
  }
  override enders(): Enders {
    return { tasks: this.#scope.tasks(), any: false };
  }
  /** No error ends it: a scope outlives its tasks. */
  override fail(): boolean {
    return false;
  }
  abort(): void {}
}
