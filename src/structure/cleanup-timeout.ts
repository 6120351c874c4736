/**
 * A bound on cleanup. From the moment when its scope is cancelled, by itself or by something around it, whatever runs in
 * the scope has so long to end. Then it is abandoned, the innermost first: each frame is told once more to return, what
 * waits again is dropped, and whoever opened the scope goes on.
 */
import { cancellationAround, type CancelNode } from "../kernel/cancel.ts";
import type { LoopPort } from "../kernel/current.ts";
import type { Timer } from "../kernel/deadlines.ts";
import { isAmong } from "../kernel/exit.ts";
import type { Frame } from "../kernel/frame.ts";
import { innermostFirst } from "../kernel/run.ts";
import type { Bound, Scope } from "../kernel/scope.ts";
import { checkDelay } from "../kernel/sleep.ts";
import { abandoning } from "../kernel/slow-cleanup.ts";
import type { Task } from "../kernel/task.ts";
import { cutScope, frameInWords } from "../kernel/unwind.ts";

/** How what is cancelled may clean up: an option of every scope, timeout and group, and of `all` and its like. */
export interface ScopeOptions {
  /**
   * How long the cleanup in it may take once it is cancelled, in milliseconds; unlimited unless given. What takes
   * longer, shields too, is abandoned: its `finally` blocks run as far as they do not wait, and `onReport` hears of it.
   */
  cleanupTimeout?: number;
}

/** Gives a scope its bound, if there is one. @throws RangeError */
export function boundCleanup(scope: Scope, { cleanupTimeout }: ScopeOptions): void {
  if (cleanupTimeout !== undefined && cleanupTimeout !== Infinity)
    scope.bound = new CleanupTimeout(scope, cleanupTimeout);
}

/** Refuses what is no time for cleanup. @throws RangeError */
export function checkCleanupTimeout({ cleanupTimeout }: ScopeOptions): void {
  if (cleanupTimeout !== undefined) checkDelay("limit cleanup to", cleanupTimeout);
}

class CleanupTimeout implements Bound, Timer {
  at = Infinity;
  order = 0;
  slot = -1;
  readonly #scope: Scope;
  readonly #ms: number;
  #loop: LoopPort | null = null;

  constructor(scope: Scope, ms: number) {
    this.#scope = scope;
    this.#ms = ms;
  }

  begin(): void {
    if (this.#loop !== null) return;
    const { loop } = this.#scope.task!;
    this.#loop = loop;
    loop.deadlines.set(this, loop.now() + this.#ms);
    loop.lookAgain();
  }

  end(): void {
    this.#loop?.deadlines.clear(this);
  }

  get cancels(): boolean {
    return true;
  }

  expire(): void {
    const scope = this.#scope;
    const owner = scope.task as Task<unknown>;
    const { loop } = owner;
    const tasks = innermostFirst(scope);
    const parked = new Set(tasks.filter(({ state }) => state === "parked"));
    for (const task of tasks) {
      // Whoever was held up by those alone goes on by itself.
      if (parked.has(task) && task.state !== "parked") continue;
      if (isCancelled(task, scope)) task.abandon(this.#why);
    }
    // What owns only tasks, beside a frame that goes on without it, has ended with them.
    const hasBody = scope.body !== null;
    // Where only these tasks held it up, its owner has its step first.
    if (hasBody && scope.task !== null && isCancelled(scope, scope))
      owner.cutting(this.#why, () => this.#cutFrames(owner));
    // What was told to return may have created tasks.
    if (scope.task !== null && !owner.done && (hasBody || scope.firstChild !== null))
      loop.deadlines.set(this, loop.now() + Math.max(this.#ms, 1));
  }

  get #why(): string {
    return `exceeded its bound of ${this.#ms} ms`;
  }

  /** The frames of the scope's own task, unless they have ended and only the tasks were waited for. */
  #cutFrames(task: Task<unknown>): void {
    const scope = this.#scope;
    if (scope.task === null) return; // it was about to leave
    let frame: Frame | null = task.top;
    while (frame !== null && !isAmong(frame.exits, scope)) frame = frame.parent;
    if (frame === null) return;
    const cancellation = cancellationAround(scope);
    const place = frameInWords(task.top!, task);
    const tell = abandoning(task, place.includes(task.name) ? place : `${place} in ${task.name}`, this.#why);
    cutScope(task, frame, scope);
    tell(cancellation);
    task.wake();
  }
}

/** Whether what runs there is being cancelled: a group that is open may have cancelled some of its tasks alone. */
function isCancelled(node: CancelNode, scope: Scope): boolean {
  for (let at = node; at !== scope; at = at.outer!) if (at.cancellation !== null) return true;
  return scope.cancelled || scope.outerCancelled();
}
