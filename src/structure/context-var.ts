/**
 * Values that need not be passed on by hand: a task has those of the place where it was created. They are
 * kept in one map a task, which is replaced when a value is set, so a new task takes over all of them at
 * the price of a pointer.
 */
import type { Awaitable, Body } from "../kernel/awaitable.ts";
import { makeContext } from "../kernel/context.ts";
import { coroutine } from "../kernel/coroutine.ts";
import { current, type Runner } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { Frame } from "../kernel/frame.ts";
import { describe } from "../kernel/misuse.ts";

/** What a `ContextVar` is where nothing was set. */
export interface ContextVarOptions<T> {
  /** What `get()` gives where nothing is set. */
  default?: T;
}

/** What `set` returns: takes it back, once, given to `reset`, or at the end of a block with `using`. */
export interface ContextToken<T> extends Disposable {
  /** The variable that was set. */
  readonly variable: ContextVar<T>;
}

/** Nothing is set, or there is no default. */
const NOTHING: unique symbol = Symbol("nothing") as never;

/**
 * A variable whose value belongs to a task: who the request is for, say. A task starts with the values of
 * the place where it was created; what it sets later, others do not see. `name` is for messages.
 *
 * `with` sets it for a body and whatever that starts. `set` sets it for the rest of the task, its callers
 * included, or until it is reset.
 *
 * @throws TypeError if `name` is not a string.
 * @example
 * ```ts
 * import { ContextVar, coroutine, createTask, run, sleep } from "cede";
 *
 * const user = new ContextVar("user", { default: "nobody" });
 *
 * const greet = coroutine(function* greet() {
 *   yield* sleep(1);
 *   console.log(`Hello ${user.get()}`);
 * });
 *
 * await run(function* () {
 *   yield* user.with("Ann", function* () {
 *     createTask(greet()); // keeps what it was created with
 *     yield* greet();
 *   });
 *   yield* greet();
 * });
 * // prints: Hello Ann
 * // prints: Hello Ann
 * // prints: Hello nobody
 * ```
 */
export class ContextVar<T> {
  readonly name: string;
  readonly #default: T | typeof NOTHING;

  constructor(name: string, options: ContextVarOptions<T> = {}) {
    if (typeof name !== "string") {
      throw new TypeError(
        `Cannot make a context variable named ${describe(name)}: its name is a string, as in \`new ContextVar("user")\`.`,
      );
    }
    this.name = name;
    this.#default = "default" in options ? options.default : NOTHING;
  }

  /** In words. @internal */
  get label(): string {
    return `context variable "${this.name}"`;
  }

  /**
   * Its value here. Where none is set: `fallback`, if it is given; otherwise the default.
   *
   * @throws InvalidStateError if there is none of these.
   */
  get(): T;
  get<F>(fallback: F): T | F;
  get(...fallback: unknown[]): unknown {
    const { task } = current;
    const context = task === null ? current.context : task.context;
    const values = context === null ? null : context.values;
    if (values !== null && values.has(this)) return values.get(this);
    if (fallback.length > 0) return fallback[0];
    if (this.#default !== NOTHING) return this.#default;
    throw new InvalidStateError(
      `Cannot get ${this.label}: nothing is set here. Set it around this code with \`with(value, body)\`, give ` +
        "it a default, or ask with a fallback, `get(fallback)`.",
    );
  }

  /**
   * Sets it for the rest of the task that runs, and for the tasks which that creates from now on. What it
   * returns takes that back: `reset(token)`, or `using token = variable.set(value)`.
   *
   * @throws InvalidStateError outside every task.
   */
  set(value: T): ContextToken<T> {
    const task = runningTask(this);
    const values = new Map(task.context?.values);
    const before = values.has(this) ? values.get(this) : NOTHING;
    values.set(this, value);
    replaceValues(task, values);
    return new Token(this, task, before);
  }

  /**
   * Takes back what `set` did: the variable has the value from before, or none.
   *
   * @throws InvalidStateError if the token was used before, or belongs to another variable or task.
   */
  reset(token: ContextToken<T>): void {
    if (!(token instanceof Token)) {
      throw new TypeError(
        `Cannot reset ${this.label} with ${describe(token)}: it takes what its \`set\` returned.`,
      );
    }
    if (token.variable !== this) {
      throw new InvalidStateError(
        `Cannot reset ${this.label} with a token of ${token.variable.label}: each takes its own.`,
      );
    }
    token.take();
  }

  /**
   * Runs `body` with it set, and whatever `body` calls and creates; after that, on every way out, it has the
   * value from before.
   *
   * @throws what `body` throws.
   */
  with<R>(value: T, body: Body<R>): Awaitable<R> {
    return within(this as ContextVar<unknown>, value, body);
  }
}

const within = coroutine(function* within<R>(
  variable: ContextVar<unknown>,
  value: unknown,
  body: Body<R>,
): Awaitable<R> {
  const token = variable.set(value);
  try {
    const awaitable: Awaitable<R> = new Frame(body);
    return yield* awaitable;
  } finally {
    variable.reset(token);
  }
});

class Token<T> implements ContextToken<T> {
  readonly variable: ContextVar<T>;
  readonly #task: Runner;
  readonly #before: unknown;
  #taken = false;

  constructor(variable: ContextVar<T>, task: Runner, before: unknown) {
    this.variable = variable;
    this.#task = task;
    this.#before = before;
  }

  take(): void {
    const { label } = this.variable;
    if (this.#taken)
      throw new InvalidStateError(`Cannot reset ${label}: this token was used. Each is used once.`);
    const task = runningTask(this.variable);
    if (task !== this.#task) {
      throw new InvalidStateError(
        `Cannot reset ${label} in ${task.name}: it was set in ${this.#task.name}. Reset it in the task that set it.`,
      );
    }
    this.#taken = true;
    const values = new Map(task.context?.values);
    if (this.#before === NOTHING) values.delete(this.variable);
    else values.set(this.variable, this.#before);
    replaceValues(task, values);
  }

  /** For `using`. One that was reset by hand has nothing left to do. */
  [Symbol.dispose](): void {
    if (!this.#taken) this.take();
  }
}

function replaceValues(task: Runner, values: ReadonlyMap<object, unknown>): void {
  task.context = makeContext(
    values.size === 0 ? null : values,
    task.context === null ? null : task.context.host,
  );
}

function runningTask({ label }: { readonly label: string }): Runner {
  const { task } = current;
  if (task !== null) return task;
  throw new InvalidStateError(
    `Cannot set ${label}: no task is running here, and a value belongs to a task. Give it a default, or ` +
      "write `run(() => variable.with(value, main))`.",
  );
}
