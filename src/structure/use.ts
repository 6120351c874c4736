import { Lazy, type Awaitable } from "../kernel/awaitable.ts";
import { current, type Runner } from "../kernel/current.ts";
import { InvalidStateError, isObject } from "../kernel/errors.ts";
import { isGenerator } from "../kernel/generator.ts";
import { describe } from "../kernel/misuse.ts";
import { Wait } from "../kernel/wait.ts";
import { tellOfHelper } from "./helper.ts";
import { Release } from "./release.ts";
import { acquire, ResourceOf, type Resource } from "./resource.ts";

/**
 * Gives a resource to use, and releases it when the coroutine that called `use` is left, however that
 * happens: what was used last is released first. Something with `Symbol.asyncDispose` or `Symbol.dispose` is
 * the coroutine's own from the call on; what was made with `resource` is acquired now. Releasing is awaited,
 * also the promise of `Symbol.asyncDispose`, and nothing cancels it from outside. As with `using`, `null` and
 * `undefined` are allowed.
 *
 * A release that fails throws as what was deferred does: see `defer`. In the body of a group it comes before the
 * group waits for its tasks: call `use` outside it for what they need.
 *
 * @throws TypeError if it is given nothing that can be released; InvalidStateError outside every task; what
 * acquiring throws.
 * @example
 * ```ts
 * import { coroutine, run, use } from "cede";
 *
 * const open = (name: string) => ({
 *   name,
 *   async [Symbol.asyncDispose]() {
 *     console.log(`${name} is closed`);
 *   },
 * });
 * const copy = coroutine(function* copy() {
 *   const from = yield* use(open("a"));
 *   const to = yield* use(open("b"));
 *   console.log(`${from.name} to ${to.name}`);
 * });
 * await run(copy);
 * // prints: a to b
 * // prints: b is closed
 * // prints: a is closed
 * ```
 */
export function use<R extends Resource<unknown>>(resource: R): Awaitable<ValueOf<R>>;
export function use<R extends Disposable | AsyncDisposable | null | undefined>(resource: R): Awaitable<R>;
export function use(resource: unknown): Awaitable<unknown> {
  const { task } = current;
  if (task === null) {
    throw new InvalidStateError(
      `Cannot use ${describe(resource)}: no task is running here, so there is no coroutine that could release ` +
        "it. Call `use` inside a coroutine that `run` or `createTask` started.",
    );
  }
  if (resource !== null && resource !== undefined) tellOfHelper("uses", task);
  if (resource instanceof ResourceOf) return acquire(resource);
  // At once, before any cancellation is looked for: the resource is there already.
  if (resource !== null && resource !== undefined) releaseOnLeave(resource, task);
  return new Lazy(() => new Given(resource));
}

/** What a resource provides. */
export type ValueOf<R> = R extends Resource<infer T> ? T : never;

function releaseOnLeave(resource: unknown, task: Runner): void {
  const { [Symbol.asyncDispose]: disposeAsync, [Symbol.dispose]: dispose } = resource as {
    [Symbol.asyncDispose]?: unknown;
    [Symbol.dispose]?: unknown;
  };
  const what = describe(resource);
  // A generator has a dispose method, which nobody means here: it is a coroutine that was not awaited.
  if (isGenerator(resource)) throw notReleasable(resource);
  if (typeof disposeAsync === "function") {
    task.onLeave(new Release(() => disposeAsync.call(resource) as unknown, what));
  } else if (typeof dispose === "function") {
    task.onLeave(new Release(() => void dispose.call(resource), what)); // what it gives is ignored, as by `using`
  } else {
    throw notReleasable(resource);
  }
}

function notReleasable(resource: unknown): TypeError {
  const what = `Cannot use ${describe(resource)}: `;
  if (isObject(resource) && Symbol.iterator in resource && !Array.isArray(resource))
    return new TypeError(`${what}await it first, \`yield* use(yield* …)\`.`);
  if (isObject(resource) && typeof (resource as { then?: unknown }).then === "function")
    return new TypeError(`${what}await it first, \`yield* use(yield* until(promise))\`.`);
  return new TypeError(
    `${what}it cannot be released. Give it a method [Symbol.dispose] or [Symbol.asyncDispose], make it with ` +
      "`resource(function* (provide) { … })`, or write `defer(() => …)`.",
  );
}

/** A checkpoint that gives what is there. */
class Given<T> extends Wait<T> {
  readonly #value: T;
  constructor(value: T) {
    super();
    this.#value = value;
  }
  get label(): string {
    return describe(this.#value);
  }
  protected begin(): boolean {
    return this.ready(this.#value);
  }
  abort(): void {}
}
