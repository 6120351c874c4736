/**
 * Resources that are coroutines: one that acquires, provides, and goes on to release when the use is over.
 *
 * Each use runs in a task of its own, beside the task that uses it, so what it holds open (a group with a
 * heartbeat, a timeout, resources that it uses itself) lives as long as the use does, on a stack of its own.
 * While it acquires, that task is cancelled with whoever waits for it; once it has provided, nothing but the
 * end of the use reaches it. The task belongs to the frame that uses it, as what was deferred does.
 */
import { Lazy, type Awaitable, type Signal } from "../kernel/awaitable.ts";
import type { Enders, Runner } from "../kernel/current.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { failWith, NONE, type Leaving } from "../kernel/exit.ts";
import { describe } from "../kernel/misuse.ts";
import type { CancelNode } from "../kernel/cancel.ts";
import type { Task } from "../kernel/task.ts";
import { Wait, type Subject } from "../kernel/wait.ts";
import { coverOf, type Cover } from "./cover.ts";
import { reportIfSlow } from "./release.ts";
import { TaskScope } from "./task-scope.ts";

declare const PROVIDED: unique symbol;

/** What `provide` yields, for types only: no subtype of what others yield, so that it is seen among them. */
export interface Provided<T> {
  readonly [PROVIDED]: T;
}

/** What `provide` returns: ends when the use is over. */
export interface Providing<T> {
  [Symbol.iterator](): Iterator<Provided<T> | undefined, void, void>;
}

/** The value that a body provides, by what it yields. */
export type ProvidedBy<Y> = Extract<Y, Provided<unknown>> extends Provided<infer T> ? T : never;

/** A resource to be used with `use`, as often as you like: each use acquires its own. Made with `resource`. */
export interface Resource<T> {
  readonly [PROVIDED]: T;
}

/** What a resource is, which users need not see. */
export class ResourceOf<T> {
  readonly body: ResourceBody<T>;
  constructor(body: ResourceBody<T>) {
    this.body = body;
  }
}

type ResourceBody<T> = (provide: (value: T) => Awaitable<void>) => Awaitable<unknown>;

/**
 * Makes a resource of a coroutine: `body` acquires something, awaits `provide(value)`, which ends when the
 * use is over, and goes on to release it. Each `use` runs it anew, in a task of its own, which may use
 * resources itself and hold a group open. Once it has provided, no cancellation reaches it: it is released
 * when the coroutine that uses it is left. What is acquired before the next wait needs a `finally` or a
 * `defer`: acquiring may be cancelled.
 *
 * If `body` fails while its value is used, the coroutine that uses it is cancelled and throws that error.
 * Where the type of the value cannot be seen (in a `provide` that is passed on), write `resource<Type>(…)`.
 *
 * @throws TypeError if `body` is not a function.
 * @example
 * ```ts
 * import { resource, run, sleep, use } from "cede";
 *
 * const connection = (name: string) =>
 *   resource(function* (provide) {
 *     yield* sleep(5); // connects
 *     yield* provide({ name });
 *     yield* sleep(5); // says goodbye
 *     console.log(`${name} is closed`);
 *   });
 *
 * await run(function* () {
 *   const { name } = yield* use(connection("main"));
 *   console.log(`${name} is open`);
 * });
 * // prints: main is open
 * // prints: main is closed
 * ```
 */
export function resource<Y extends Signal | Provided<unknown> | undefined>(
  body: (provide: <T>(value: T) => Providing<T>) => { [Symbol.iterator](): Iterator<Y, unknown, void> },
): Resource<ProvidedBy<Y>>;
export function resource<T>(
  body: (provide: (value: T) => Awaitable<void>) => Awaitable<unknown>,
): Resource<T>;
export function resource(body: unknown): Resource<unknown> {
  if (typeof body !== "function") {
    throw new TypeError(
      `Cannot make a resource of ${describe(body)}: it takes a function, as in ` +
        "`resource(function* (provide) { … })`.",
    );
  }
  return new ResourceOf(body as ResourceBody<unknown>) as unknown as Resource<unknown>;
}

/** For `use`: a wait for what the resource provides. */
export function acquire<T>(resource: ResourceOf<T>): Awaitable<T> {
  return new Lazy(() => new Acquire(resource));
}

class Acquire<T> extends Wait<T> {
  readonly #resource: ResourceOf<T>;
  #use: Use<T> | null = null;

  constructor(resource: ResourceOf<T>) {
    super();
    this.#resource = resource;
  }
  get label(): string {
    return nameOf(this.#resource);
  }
  override subject(): Subject {
    return { kind: "resource", target: this.#use! };
  }
  protected begin(): boolean {
    const task = this.task!;
    this.#use = new Use(this.#resource, this, task);
    task.loop.suspect(task, this);
    return false;
  }
  override enders(): Enders {
    return { tasks: this.#use!.tasks(), any: false };
  }
  /** What cancels whoever waits cancels the task that acquires, too. */
  abort(): void {}
}

/** One use of a resource: the owner of the task that holds it, and an exit of the frame that uses it. */
class Use<T> extends TaskScope {
  readonly title: string;
  readonly #acquire: Acquire<T>;
  readonly #cover: Cover | null;
  readonly #forget: () => void;
  #provided = false;
  /** While it is used: what ends when the use is over. */
  #inUse: InUse<T> | null = null;
  #left = false;
  #error: unknown = NONE;

  constructor(resource: ResourceOf<T>, wait: Acquire<T>, task: Runner) {
    super();
    this.title = nameOf(resource);
    this.#acquire = wait;
    this.#cover = coverOf(task);
    this.open(task, task.calleeScope());
    this.#forget = task.onLeave(this);
    const provide = (value: T): Awaitable<void> => new Lazy(() => new InUse(this, value));
    this.spawn(() => resource.body(provide), task, { name: resource.body.name || "resource" });
  }

  get label(): string {
    return `the release of ${this.title}`;
  }
  override get progress(): string {
    return this.label;
  }
  get used(): boolean {
    return this.#provided && !this.#left;
  }
  /** In words, what ends the use. */
  get end(): string {
    return `the end of its use by ${this.task?.name}`;
  }

  /** False if nobody waits for it any more. */
  provide(value: T, inUse: InUse<T>): boolean {
    if (this.#provided) {
      throw new InvalidStateError(
        `Cannot provide twice: ${this.title} has provided its value. Provide one object that holds them all.`,
      );
    }
    this.#provided = true;
    if (this.#left || !this.#acquire.complete(value)) return false;
    this.#inUse = inUse;
    this.shield = true;
    return true;
  }

  /** What held it was cancelled, from inside. */
  stopped(): void {
    this.#inUse = null;
  }

  protected childFailed(child: Task<unknown>): void {
    const error = child.error();
    if (this.#acquire.fail(error)) return;
    if (this.#left || this.#cover === null || !this.#provided) this.#error = error;
    else this.#cover.fail(error);
  }

  override childEnded(child: CancelNode): void {
    super.childEnded(child);
    if (this.#provided) return;
    const task = child as Task<unknown>;
    this.#acquire.fail(task.cancelled ? task.rejection() : neverProvided(this.title));
    if (this.#error !== NONE || this.#left) return;
    this.#forget();
    this.close();
  }

  override leave(frame: Leaving): Awaitable<unknown> | undefined {
    this.#left = true;
    if (this.#inUse !== null) this.#inUse.complete();
    else if (!this.#provided) this.cancel("nobody uses it");
    if (!this.isEmpty) reportIfSlow(frame, this.title, this.task!);
    return this.whenEmpty(() => this.#end(frame));
  }

  #end(frame: Leaving): void {
    const { loop } = this.task!;
    this.close();
    failWith(frame, this.#error, loop);
  }
}

/** Of the resource's task: waits until its value is used no more. */
class InUse<T> extends Wait<void> {
  readonly #use: Use<T>;
  readonly #value: T;

  constructor(use: Use<T>, value: T) {
    super();
    this.#use = use;
    this.#value = value;
  }
  get label(): string {
    return this.#use.end;
  }
  override subject(): Subject {
    return { kind: "resource", target: this.#use };
  }
  protected begin(): boolean {
    return !this.#use.provide(this.#value, this) && this.ready();
  }
  abort(): void {
    this.#use.stopped();
  }
}

function nameOf({ body }: ResourceOf<unknown>): string {
  return body.name === "" ? "a resource" : `the resource ${body.name}`;
}

function neverProvided(name: string): InvalidStateError {
  return new InvalidStateError(
    `Cannot use ${name}: it ended without providing a value. Write \`yield* provide(value)\` in it.`,
  );
}
