/**
 * A part of a program that is a run of its own, in the same loop: what it leaves, what fails there and what is cancelled
 * there is its own. Its node is below the scope of whoever waits for it, so that it is seen, bounded and abandoned with
 * that; but it is a shield: it is cancelled by its main task alone, as every run.
 */
import { Lazy, type Awaitable, type Body } from "../kernel/awaitable.ts";
import { adopt, cancelTree, disown, visibleTarget, type CancelNode } from "../kernel/cancel.ts";
import { current, type Enders, type Root, type Runner } from "../kernel/current.ts";
import { failWith, type Exit, type Leaving } from "../kernel/exit.ts";
import { Frame } from "../kernel/frame.ts";
import { describe } from "../kernel/misuse.ts";
import { Run } from "../kernel/run.ts";
import { asked } from "../kernel/scope.ts";
import { Task } from "../kernel/task.ts";
import { Wait, type Subject } from "../kernel/wait.ts";

/** What a run apart is called. */
export interface RunApartOptions {
  /** What its main task is called; the name of its body unless given. */
  name?: string;
  /** What its caller waits for, in words: the end of its main task unless given. It is asked each time. */
  label?: () => string;
}

/**
 * Runs a body in a run of its own, in the same loop, for executors of your own: as a worker would. Tasks that it leaves are
 * cancelled at its end, and awaited; one that fails there, with nobody to look, fails it. It sees none of the caller's context
 * variables and deadlines. If the caller is cancelled, so is its main task, and the caller waits for the end of all.
 *
 * @throws what `run` would: the body's error, that of a task that nobody awaited; CancelledError if it cancelled itself.
 * TypeError if `body` is not a function.
 * @example
 * ```ts
 * import { createTask, run, sleepForever } from "cede";
 * import { runApart } from "cede/lowlevel";
 *
 * await run(function* () {
 *   yield* runApart(function* () {
 *     createTask(function* left() {
 *       try {
 *         yield* sleepForever();
 *       } finally {
 *         console.log("cleaned up");
 *       }
 *     });
 *     yield;
 *   });
 *   console.log("it has ended");
 * });
 * // prints: cleaned up
 * // prints: it has ended
 * ```
 */
export function runApart<T>(body: Body<T>, options: RunApartOptions = {}): Awaitable<T> {
  if (typeof body !== "function") {
    throw new TypeError(`Cannot run ${describe(body)} apart: give a function that returns what is awaited.`);
  }
  return new Lazy(() => {
    const apart = new Apart(body, options);
    const frame = new Frame<T>(() => apart.run());
    frame.exits = apart;
    return frame;
  });
}

class Part<T> extends Run<T> {
  override readonly shield: boolean = true;
  readonly #whole: Root;

  constructor({ root, loop }: Runner, onEnd: () => void) {
    super(loop, onEnd, { debug: root.debug });
    this.#whole = root.whole;
  }

  override get whole(): Root {
    return this.#whole;
  }

  override get deadline(): number {
    return Math.min(super.deadline, this.whole.deadline);
  }

  override fail(error: unknown): void {
    if (this.ended) this.whole.fail(error);
    else super.fail(error);
  }
}

/** It, as its caller's frame sees it. */
class Apart<T> implements Exit {
  nextExit: Exit | null = null;
  readonly #body: Body<T>;
  readonly #options: RunApartOptions;
  #part: Part<T> | null = null;
  #wait: EndWait | null = null;

  constructor(body: Body<T>, options: RunApartOptions) {
    this.#body = body;
    this.#options = options;
  }

  *run(): Generator<never, T, void> {
    yield* this.#end();
    const outcome = this.#part!.outcome();
    if (outcome.kind === "result") return outcome.value;
    throw outcome.error;
  }

  leave(frame: Leaving): Awaitable<unknown> | undefined {
    const part = this.#part;
    if (part === null || part.ended) return undefined;
    if (current.cutting) return this.#cut();
    const { main, outer, loop } = part;
    cancelTree(
      main!,
      visibleTarget(outer)?.cancellation ?? asked("its caller was left", { loop, root: part }),
    );
    return this.#left(frame, part);
  }

  *#left(frame: Leaving, part: Part<T>): Generator<never, void, void> {
    try {
      yield* this.#end();
    } finally {
      if (current.cutting) this.#cut();
    }
    const outcome = part.outcome();
    if (outcome.kind === "error") failWith(frame, outcome.error, part.loop);
  }

  /** Nobody can wait for it any more. */
  #cut(): undefined {
    const part = this.#part!;
    part.abandon(current.why);
    disown(part);
  }

  #end(): Iterable<never> {
    return new Lazy(() => (this.#wait = new EndWait(this))) as Awaitable<void> as Iterable<never>;
  }

  /** Begins, unless it has. */
  begin(task: Runner): boolean {
    if (this.#part !== null) return this.#part.ended;
    const part = new Part<T>(task, () => {
      disown(part);
      this.#wait!.complete();
    });
    this.#part = part;
    adopt(task.calleeScope(), part);
    part.start(this.#body, this.#options.name ?? this.#body.name);
    part.main!.context = null;
    return false;
  }

  get label(): string {
    return this.#options.label?.() ?? `the end of ${this.#part!.main!.label}`;
  }

  get main(): Task<T> {
    return this.#part!.main!;
  }

  *tasks(): Generator<Task<unknown>, void, void> {
    for (let node: CancelNode | null = this.#part!.firstChild; node !== null; node = node.nextSibling) {
      if (node instanceof Task) yield node;
    }
  }
}

class EndWait extends Wait<void> {
  readonly #apart: Apart<unknown>;

  constructor(apart: Apart<unknown>) {
    super();
    this.#apart = apart;
  }
  get label(): string {
    return this.#apart.label;
  }
  override subject(): Subject {
    return { kind: "job", target: this.#apart.main };
  }
  protected begin(): boolean {
    return this.#apart.begin(this.task!) && this.ready();
  }
  override enders(): Enders {
    return { tasks: this.#apart.tasks(), any: false };
  }
  /** No error ends it: whoever waits outlives it. */
  override fail(): boolean {
    return false;
  }
  abort(): void {}
}
