/** One of several waits of one task: it stands for the task, as far as a wait knows it. */
import type { CancelNode } from "../kernel/cancel.ts";
import type { Context, LoopPort, Parked, Root, Runner } from "../kernel/current.ts";
import type { Exit } from "../kernel/exit.ts";
import type { TaskInfo } from "../kernel/monitor.ts";
import type { Wait } from "../kernel/wait.ts";

export class Arm implements Runner {
  wait: Parked | null = null;
  /** Whether it has arranged something that is to be undone. */
  begun = false;
  readonly of: Wait<unknown>;
  readonly index: number;
  readonly #task: Runner;
  readonly #won: (arm: Arm) => void;

  constructor(task: Runner, of: Wait<unknown>, index: number, won: (arm: Arm) => void) {
    this.#task = task;
    this.of = of;
    this.index = index;
    this.#won = won;
  }

  /** Its wait has ended. */
  wake(): void {
    this.#won(this);
  }

  get id(): number {
    return this.#task.id;
  }
  get name(): string {
    return this.#task.name;
  }
  get waitingFor(): string | undefined {
    return this.#task.waitingFor;
  }
  get root(): Root {
    return this.#task.root;
  }
  get loop(): LoopPort {
    return this.#task.loop;
  }
  get creator(): TaskInfo | null {
    return this.#task.creator;
  }
  get context(): Context | null {
    return this.#task.context;
  }
  set context(context: Context | null) {
    this.#task.context = context;
  }
  get marks(): number {
    return this.#task.marks;
  }
  set marks(marks: number) {
    this.#task.marks = marks;
  }
  /** For the story of an error. */
  get top(): unknown {
    return (this.#task as unknown as { top: unknown }).top;
  }
  interrupted(): boolean {
    return this.#task.interrupted();
  }
  calleeScope(): CancelNode {
    return this.#task.calleeScope();
  }
  onLeave(exit: Exit): () => void {
    return this.#task.onLeave(exit);
  }
  interrupt(): void {
    this.#task.interrupt();
  }
}
