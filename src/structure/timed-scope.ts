/** A scope that may have a deadline: when that passes, it cancels itself. */
import { cancelTree, type CancelNode } from "../kernel/cancel.ts";
import { current, type Runner } from "../kernel/current.ts";
import type { Timer } from "../kernel/deadlines.ts";
import { at } from "../kernel/place.ts";
import { Scope } from "../kernel/scope.ts";

export class TimedScope extends Scope implements Timer {
  at: number = Infinity;
  order = 0;
  slot: number = -1;

  override open(task: Runner, outer: CancelNode): void {
    super.open(task, outer);
    if (this.at === Infinity) return;
    if (this.at <= task.loop.now()) this.expire();
    else task.loop.deadlines.set(this, this.at);
  }

  override close(): void {
    this.task!.loop.deadlines.clear(this);
    super.close();
  }

  override get deadline(): number {
    return this.at;
  }

  override set deadline(at: number) {
    if (typeof at !== "number" || Number.isNaN(at)) {
      throw new RangeError("Cannot set a deadline that is not a number: it is a time in milliseconds.");
    }
    const { task } = this;
    task?.loop.deadlines.clear(this); // before it is written: they are in order of it
    this.at = at;
    if (task === null || this.cancellation !== null) return;
    if (at > task.loop.now()) {
      task.loop.deadlines.set(this, at);
      task.loop.lookAgain();
    } else {
      this.expire();
    }
  }

  /** The deadline has passed. */
  get cancels(): boolean {
    return true;
  }

  expire(): void {
    this.timeUp(undefined);
  }

  /** Cancels it because its deadline has passed. */
  protected timeUp(reason: unknown): void {
    const { name, loop } = this.task!;
    const source = `${this.limit} (set by ${name}${at(this)})`;
    cancelTree(this, { reason, by: current.task?.name, source, place: undefined, at: loop.now() });
  }

  /** What its deadline is called: "timeout 5 s". */
  protected get limit(): string {
    return "a deadline";
  }
}
