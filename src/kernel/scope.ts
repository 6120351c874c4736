/**
 * A scope: a part of a task's stack that can be cancelled by itself. It covers its frame and everything
 * that the frame calls or starts, and may be a shield. It is also the last exit of its frame: there the
 * unwinding that it caused ends.
 */
import type { Awaitable } from "./awaitable.ts";
import { adopt, cancelTree, disown, visibleTarget, type CancelNode } from "./cancel.ts";
import { abortSignals } from "./callback.ts";
import { current, type LoopPort, type Root, type Runner } from "./current.ts";
import { stopUnwinding, UNWOUND, type Exit, type Leaving } from "./exit.ts";
import type { Cancellation } from "./monitor.ts";
import { mark, placeFor } from "./place.ts";

/** What limits the cleanup in a scope, once that is cancelled. */
export interface Bound {
  /** When its time is over, in milliseconds of the loop's clock; `Infinity` before it begins. */
  readonly at: number;
  begin(): void;
  end(): void;
}

export class Scope implements CancelNode, Exit {
  outer: CancelNode | null = null;
  firstChild: CancelNode | null = null;
  nextSibling: CancelNode | null = null;
  previousSibling: CancelNode | null = null;
  cancellation: Cancellation | null = null;
  target: CancelNode | null = null;
  shield: boolean;
  readonly isTask: boolean = false;
  nextExit: Exit | null = null;
  /** The task whose frames run in it; `null` until it is entered and after it has been left. */
  task: Runner | null = null;
  /** Set before it is entered. */
  bound: Bound | null = null;
  /** The function that runs in it: stacks say its name, which a plain generator does not know. */
  body: { readonly name: string } | null = null;

  constructor(shield = false) {
    this.shield = shield;
  }

  /** Enters the scope: called when its frame is linked. */
  open(task: Runner, outer: CancelNode): void {
    this.task = task;
    if (current.debug) mark(this, task);
    adopt(outer, this);
    if (this.bound !== null && this.outerCancelled()) this.bound.begin();
  }

  /** Leaves the scope. Its mark goes with it. */
  close(): void {
    const task = this.task!;
    this.bound?.end();
    disown(this);
    if (this.cancellation !== null) task.marks--;
    this.task = null;
  }

  /** Does nothing once it has been left: then it was not cancelled, whatever comes. */
  cancel(reason: unknown): void {
    if (this.task !== null) cancelTree(this, asked(reason, this.task));
  }

  marked(): void {
    const task = this.task;
    if (task === null) return;
    this.bound?.begin();
    task.marks++;
    task.interrupt();
  }

  reached(): void {
    this.bound?.begin();
  }

  childEnded(_child: CancelNode, _unwound: boolean): void {}

  /** Whether it holds an error that it may end with. */
  get failing(): boolean {
    return false;
  }

  delivered(): void {
    abortSignals(this.task!.loop);
  }

  /** Whether it was cancelled. */
  get cancelled(): boolean {
    return this.cancellation !== null;
  }

  /** When it cancels itself, in milliseconds of the loop's clock; `Infinity`: never. See timed-scope.ts. */
  get deadline(): number {
    return Infinity;
  }

  leave(frame: Leaving): Awaitable<unknown> | undefined {
    this.close();
    if (frame.state === UNWOUND && !this.outerCancelled()) stopUnwinding(frame, undefined);
    return undefined;
  }

  /** Whether something further out, that this scope's frame can see, is cancelled too. */
  outerCancelled(): boolean {
    return visibleTarget(this.outer) !== null;
  }
}

/** A cancellation asked for now, by whoever runs. */
export function asked(
  reason: unknown,
  of: { readonly loop: LoopPort; readonly root: Root } | null,
): Cancellation {
  const place = current.debug ? placeFor(current.task ?? of)?.known : undefined;
  return { reason, by: current.task?.name, source: undefined, place, at: of?.loop.now() ?? 0 };
}
