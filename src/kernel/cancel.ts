/**
 * The tree of what can be cancelled: runs, tasks, scopes. Cancelling a node marks it and every task below
 * it, and interrupts the tasks that are parked where no shield or cleanup protects them. It never runs
 * user code: a task finds its mark when it is next resumed, or at its next checkpoint.
 *
 * The tree sees a task only through `CancelNode`. Who unwinds what is decided in unwind.ts.
 */
import type { Cancellation } from "./monitor.ts";

export interface CancelNode {
  /** The node around this one. For a task: the group or the run that owns it. */
  outer: CancelNode | null;
  // Links of the child list, written by `adopt` and `disown`.
  firstChild: CancelNode | null;
  nextSibling: CancelNode | null;
  previousSibling: CancelNode | null;
  /** Set once, when it is cancelled. */
  cancellation: Cancellation | null;
  /** For what is no task: see `visibleTarget`. Written by `adopt` and `cancelTree`. */
  target?: CancelNode | null;
  /** Whether cancellation from outside stops here. */
  readonly shield: boolean;
  /** Whether this is a task: the end of the scopes that its frames can see, and what a mark is put on. */
  readonly isTask: boolean;
  /** Whether what runs in it is used by what runs around it, and so is left after that. */
  readonly used?: boolean;
  /** Called when it was marked: sees to it that the task it concerns looks. Runs no user code. */
  marked(): void;
  /** For what is in a task: an unwinding begins, or goes on, whose target this is. */
  delivered?(): void;
  /** Something around it was cancelled, and no shield or cleanup keeps that from it. */
  reached?(): void;
  /** A task that this node owns has ended; `unwound`: because it was cancelled. */
  childEnded(child: CancelNode, unwound: boolean): void;
}

/** Puts a node at the end of its parent's list. The first child's `previousSibling` is the last one. */
export function adopt(parent: CancelNode, child: CancelNode): void {
  const first = parent.firstChild;
  child.outer = parent;
  if (!child.isTask) look(child);
  child.nextSibling = null;
  if (first === null) {
    parent.firstChild = child.previousSibling = child;
  } else {
    const last = first.previousSibling!;
    last.nextSibling = first.previousSibling = child;
    child.previousSibling = last;
  }
}

/** Takes a node out of its parent's list, if it is in it. The node still knows its parent. */
export function disown(child: CancelNode): void {
  const { outer, previousSibling: previous, nextSibling: next } = child;
  if (previous === null || outer === null) return;
  const first = outer.firstChild!;
  if (child === first) outer.firstChild = next;
  else previous.nextSibling = next;
  if (next !== null) next.previousSibling = previous;
  else if (child !== first) first.previousSibling = previous;
  child.previousSibling = child.nextSibling = null;
}

/**
 * Cancels a node: idempotent, the first reason stays. The walk follows pointers instead of recursing: a
 * chain of a hundred thousand nested tasks is an ordinary tree.
 */
export function cancelTree(root: CancelNode, cancellation: Cancellation): void {
  if (root.cancellation !== null) return;
  const overtaken = visibleTarget(root) !== null; // then nothing changes for what is below
  root.cancellation = cancellation;
  const reached: CancelNode[] = [];
  if (!overtaken) {
    if (!root.isTask) look(root);
    for (const node of below(
      root,
      (child) => child.shield || (child.isTask && child.cancellation !== null),
    )) {
      if (node.isTask) node.cancellation = cancellation;
      else look(node);
      reached.push(node);
    }
  }
  // Whoever is marked looks at once, so all must know what they obey.
  root.marked();
  for (const node of reached) {
    if (node.isTask) node.marked();
    else node.reached?.();
  }
}

/** The nodes below `root`, parents before children, in the order of their creation; `skip` leaves out a subtree. */
export function* below(root: CancelNode, skip: (node: CancelNode) => boolean): Generator<CancelNode> {
  let node = root.firstChild;
  while (node !== null) {
    const skipped = skip(node);
    if (!skipped) yield node;
    if (!skipped && node.firstChild !== null) {
      node = node.firstChild;
      continue;
    }
    let at: CancelNode | null = node;
    while (at !== null && at !== root && at.nextSibling === null) at = at.outer;
    node = at === null || at === root ? null : at.nextSibling;
  }
}

/** The cancellation that whatever runs in scope `from` is being cleaned up for, if it is. */
export function cancellationAround(from: CancelNode): Cancellation | null {
  let found: Cancellation | null = null;
  for (let node: CancelNode | null = from; node !== null; node = node.outer) {
    if (node.cancellation !== null) found = node.cancellation;
    if (node.isTask) break;
  }
  return found;
}

/**
 * What a frame that runs in scope `from` has to obey: the *outermost* cancelled node that it can see,
 * looking outwards as far as the first shield or its own task. Each node knows, so that it costs nothing to ask
 * at every checkpoint, and at every frame of a deep stack that is unwound.
 */
export function visibleTarget(from: CancelNode | null): CancelNode | null {
  if (from === null) return null;
  if (!from.shield && !from.isTask) return from.target ?? null;
  return from.cancellation === null ? null : from;
}

/** The node around it was looked at before. */
function look(node: CancelNode): void {
  node.target = visibleTarget(node.outer) ?? (node.cancellation === null ? null : node);
}
