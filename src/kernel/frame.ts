/**
 * A frame: one generator on a task's stack, resumed by the loop directly, however deep it is.
 *
 * It is linked *at entry*, when its caller's `yield*` polls it first, and its generator runs inline, on
 * the caller's stack: a call that ends at once costs this small object. If it parks, the loop later
 * resumes it as the top of the stack; when it ends, it is popped, and its caller, resumed, polls it again
 * and gets its result. Past a fixed depth the loop starts the callee, so recursion is bounded by memory.
 *
 * A frame knows its caller, its scope and what is to run when it is left. It does not know its task.
 */
import { againResult, Lazy, type Awaitable, type Body, type Poll, type Signal } from "./awaitable.ts";
import type { CancelNode } from "./cancel.ts";
import { current, type Runner } from "./current.ts";
import { isAmong, NONE, RETURNED, THREW, UNWOUND, type Exit, type Leaving } from "./exit.ts";
import { caughtReturning } from "./escape.ts";
import { NEXT } from "./generator.ts";
import { isUnawaited, notAwaited, notByHand, outside, polledByHand } from "./misuse.ts";
import { mark } from "./place.ts";
import { Scope } from "./scope.ts";
import { generatorOf } from "./source.ts";
import { thrownThrough } from "./story.ts";
import { pollAgain, Wait } from "./wait.ts";

/** Not started. */
export const NEW = 0;
/** Runs, or is parked. */
export const OPEN = 1;
/** Is to be unwound: `return(TOKEN)` comes next. */
export const DUE = 2;
// How its generator ended: RETURNED, THREW, UNWOUND. While it is still the top of its stack, its exits run.
/** Is being unwound: its `finally` blocks run. Its value is the error on its way, or `NONE`. */
export const CLEANUP = 6;
export type FrameState =
  | typeof NEW
  | typeof OPEN
  | typeof DUE
  | typeof RETURNED
  | typeof THREW
  | typeof UNWOUND
  | typeof CLEANUP;

/** How many callees may run on the native stack, one inside the other. */
const INLINE_DEPTH = 150;

/** The task of a frame, as far as frames know it: the top of its stack. */
export interface Stack extends Runner {
  top: Frame | null;
}

export class Frame<T = unknown> implements Iterator<Signal | undefined, T, void>, Leaving {
  /** The generator; before the start, what will give it. */
  source: Awaitable<T> | Body<T> | Generator<unknown, unknown, unknown>;
  parent: Frame | null = null;
  state: FrameState = NEW;
  value: unknown = undefined;
  /** The innermost scope in effect; for a frame that opens one, that scope. */
  scope: CancelNode | null;
  exits: Exit | null = null;

  constructor(source: Awaitable<T> | Body<T>, scope: CancelNode | null = null) {
    this.source = source;
    this.scope = scope;
  }

  get label(): string {
    return "a coroutine";
  }

  /** A poll by the caller's `yield*`. */
  next(): Poll<T> {
    if (arguments.length === 0) throw notByHand(this.label);
    switch (this.state) {
      case NEW:
        return this.enter();
      case RETURNED:
        return { done: true, value: this.value as T };
      case THREW:
        throw this.value;
      default: // polled in vain
        return pollAgain(this);
    }
  }

  return(value?: T): Poll<T> {
    return { done: true, value: value as T };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Starts the generator. The frame is the top of its stack. */
  start(): IteratorResult<unknown, unknown> {
    this.state = OPEN;
    const generator = generatorOf(this.source as Awaitable<T>, this);
    this.source = generator;
    return NEXT.apply(generator);
  }

  addExit(exit: Exit): void {
    exit.nextExit = this.exits;
    this.exits = exit;
  }

  /** For an exit that has nothing left to do. */
  removeExit(exit: Exit): void {
    if (this.exits === exit) this.exits = exit.nextExit;
    for (let at = this.exits; at !== null; at = at.nextExit) {
      if (at.nextExit === exit) at.nextExit = exit.nextExit;
    }
  }

  /** The scope of what this frame calls. In cleanup, nothing that it calls can be cancelled from outside it. */
  calleeScope(task: Runner): CancelNode {
    const scope = this.scope!;
    if (this.state === OPEN || (scope instanceof Barrier && scope.frame === this)) return scope;
    const barrier = new Barrier(this);
    barrier.open(task, scope);
    this.scope = barrier;
    return barrier;
  }

  /** The frame is popped: its barrier goes with it. */
  closeBarrier(): void {
    const { scope } = this;
    if (scope instanceof Barrier && scope.frame === this) scope.close();
  }

  private enter(): Poll<T> {
    const task = current.task as Stack | null;
    if (task === null) throw outside(this.label);
    if (current.parked || task.wait !== null) throw polledByHand(this.label, task.name);
    if (current.cutting) return continueLater();
    const parent = task.top!;
    if (current.debug) mark(this, task);
    const outer = parent.calleeScope(task);
    if (this.scope === null) this.scope = outer;
    else (this.scope as Scope).open(task, outer);
    this.parent = parent;
    task.top = this;
    if (current.depth >= INLINE_DEPTH) return continueLater();
    current.depth++;
    try {
      const result = this.start();
      current.depth--;
      if (!result.done) {
        if (current.returning && !current.parked) caughtReturning(); // a bare yield in it
        current.parked = true;
        return result as Poll<T>;
      }
      if (task.top !== this) return this.endLater(RETURNED, result.value);
      refuseUnawaited(result.value);
      if (this.exits !== null) return this.endLater(RETURNED, result.value);
      this.state = RETURNED;
      this.value = result.value;
      task.top = parent;
      return result as Poll<T>;
    } catch (error) {
      current.depth--;
      thrownThrough(this, error);
      if (this.exits !== null || task.top !== this) return this.endLater(THREW, error);
      this.state = THREW;
      this.value = error;
      task.top = parent;
      throw error;
    }
  }

  /** The generator has ended, but there are exits to run (or a mistake to find): that is the loop's work. */
  private endLater(state: typeof RETURNED | typeof THREW, value: unknown): Poll<T> {
    this.state = state;
    this.value = value;
    return continueLater();
  }
}

/** The errors on their way through a task's frames, in those that are being left, down to the one that has the exit `until`. */
export function errorsOnTheirWay({ top }: Stack, until: Exit | null = null): ReadonlySet<unknown> {
  const errors = new Set<unknown>();
  for (let frame = top; frame !== null; frame = frame.parent) {
    if (frame.state > OPEN && frame.state !== RETURNED && frame.value !== NONE) errors.add(frame.value);
    if (until !== null && isAmong(frame.exits, until)) break;
  }
  return errors;
}

/** Keeps what a frame's cleanup calls from being cancelled by anything outside that cleanup. */
class Barrier extends Scope {
  readonly frame: Frame;
  constructor(frame: Frame) {
    super(true);
    this.frame = frame;
  }
}

/** Throws if a frame returned a coroutine that it forgot to await. */
export function refuseUnawaited(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (isUnawaited(value) || value instanceof Lazy || (value instanceof Wait && value.unused)) {
    throw notAwaited(value);
  }
}

function continueLater(): Poll<never> {
  if (current.returning && !current.parked) caughtReturning();
  current.parked = true;
  return againResult;
}
