/**
 * A scope over what is left of a frame that runs already: what the frame calls from now on. It is there for
 * resources that fail while they are used: then the frame is cancelled, and throws that error.
 */
import { adopt, disown, type CancelNode } from "../kernel/cancel.ts";
import type { Runner } from "../kernel/current.ts";
import { failWith, failWithFirst, NONE, stopUnwinding, UNWOUND, type Leaving } from "../kernel/exit.ts";
import { OPEN, type Frame } from "../kernel/frame.ts";
import { Scope } from "../kernel/scope.ts";
import type { Stack } from "../kernel/frame.ts";

export class Cover extends Scope {
  readonly frame: Frame;
  #error: unknown = NONE;
  /** Whether the frame was being left already when the error came. */
  #late = false;

  constructor(frame: Frame) {
    super();
    this.frame = frame;
  }

  /** Cancels what is left of the frame, which then throws the error. */
  fail(error: unknown): void {
    const { loop } = this.task!;
    if (this.#error === NONE) {
      this.#error = error;
      this.#late = this.frame.state !== OPEN || this.outerCancelled();
    } else {
      failWith({ state: UNWOUND, value: this.#error }, error, loop);
    }
    this.cancel(error);
  }

  override get failing(): boolean {
    return this.#error !== NONE;
  }

  override leave(frame: Leaving): undefined {
    const { loop } = this.task!;
    this.#stepOut();
    this.close();
    if (this.#late) failWith(frame, this.#error, loop);
    else failWithFirst(frame, this.#error, loop);
    if (frame.state === UNWOUND && !this.outerCancelled()) stopUnwinding(frame, undefined);
  }

  /** The frame goes on outside it: exits that were added before it may still run cleanup. */
  #stepOut(): void {
    const outer = this.outer!;
    if (this.frame.scope === this) this.frame.scope = outer;
    for (let child: CancelNode | null = this.firstChild; child !== null; child = this.firstChild) {
      disown(child);
      adopt(outer, child);
    }
  }
}

/** The cover of the frame that runs now; `null` in cleanup, which nothing cancels. */
export function coverOf(task: Runner): Cover | null {
  const frame = (task as Stack).top!;
  const { scope } = frame;
  if (frame.state !== OPEN) return null;
  if (scope instanceof Cover && scope.frame === frame) return scope;
  const cover = new Cover(frame);
  cover.open(task, scope!);
  frame.scope = cover;
  frame.addExit(cover);
  return cover;
}
