/**
 * Starting a task that is of use only once it is ready: a server that listens, say. Until it says so its end is the
 * concern of whoever starts it; from then on it is a task of its group like any other.
 */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { coroutine, type Coroutine } from "../kernel/coroutine.ts";
import type { Enders } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { describe } from "../kernel/misuse.ts";
import type { Task, TaskOptions } from "../kernel/task.ts";
import { Wait, type Subject } from "../kernel/wait.ts";

/** Says that a task which was started with `group.start` is ready, once. */
export type Ready<R> = (value: R) => void;

/** The group, as far as it is needed here. */
interface Home {
  /** Creates a task whose end is told to `onEnd` alone, until it is adopted. */
  createApart(source: Body<unknown>, options: TaskOptions, onEnd: () => void): Task<unknown>;
  adopt(task: Task<unknown>): void;
}

export function startIn<R>(
  home: Home,
  fn: (ready: Ready<R>) => Awaitable<unknown>,
  options: TaskOptions = {},
): Coroutine<R> {
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot start ${describe(fn)}: what is started is given \`ready\`, to call once it is. Write ` +
        "`group.start(function* (ready) { … })`, or `group.createTask` for what nobody has to wait for.",
    );
  }
  return start(home, fn, { name: fn.name || "task", ...options });
}

const start = coroutine(function* start<R>(
  home: Home,
  fn: (ready: Ready<R>) => Awaitable<unknown>,
  options: TaskOptions,
): Awaitable<R> {
  const task = home.createApart(
    () => fn((value) => starting.say(value)),
    options,
    () => starting.ended(),
  );
  const starting = new Starting<R>(home, task);
  try {
    return yield* starting.wait as Awaitable<R>;
  } finally {
    if (!task.done && !starting.said) yield* task.cancel("nobody waits any more until it is ready");
  }
});

/** A task that is not ready. */
class Starting<R> {
  readonly wait: Readiness<R>;
  readonly #home: Home;
  readonly #task: Task<unknown>;
  said = false;

  constructor(home: Home, task: Task<unknown>) {
    this.#home = home;
    this.#task = task;
    this.wait = new Readiness<R>(task);
  }

  say(value: R): void {
    const { label, done, cancellation } = this.#task;
    const why = this.said ? "that was said before" : done ? "it has ended" : null;
    if (why !== null) {
      throw new InvalidStateError(
        `Cannot say that ${label} is ready: ${why}. Call \`ready\` once, from the task while it runs.`,
      );
    }
    // One that is being cancelled will never be of use; and where the wait was cancelled, it soon is.
    if (cancellation !== null || !this.wait.complete(value)) return;
    this.said = true;
    this.#home.adopt(this.#task);
  }

  /** It has ended before it was ready. */
  ended(): void {
    const task = this.#task;
    this.wait.fail(
      task.succeeded
        ? new InvalidStateError(
            `Cannot go on once ${task.label} is ready: it has ended without saying so. Call \`ready\`, which it is given, ` +
              "before that.",
          )
        : task.rejection(),
    );
  }
}

class Readiness<R> extends Wait<R> {
  readonly #starting: Task<unknown>;
  constructor(starting: Task<unknown>) {
    super();
    this.#starting = starting;
  }
  [Symbol.iterator](): this {
    return this;
  }
  get label(): string {
    return `${this.#starting.label} to be ready`;
  }
  override subject(): Subject {
    return { kind: "start", target: this.#starting };
  }
  /** A task of another loop counts as the outside. */
  override get external(): boolean {
    return this.#starting.loop !== this.task?.loop;
  }
  protected begin(): boolean {
    this.task!.loop.suspect(this.task!, this);
    return false;
  }
  override enders(): Enders | null {
    return this.external ? null : { tasks: [this.#starting], any: false };
  }
  abort(): void {}
}
