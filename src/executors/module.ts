/** A module of jobs: which functions it exports, and how one of them is run. */
import { call, cancelScope, coroutine, type Awaitable, type Coroutine } from "../index.ts";
import { hasAbortSignal, isAwaitable } from "../lowlevel.ts";
import { UnknownJobError } from "./errors.ts";

/** What a module exports. */
export type JobModule = Readonly<Record<string, unknown>>;

/**
 * How a job is run: a coroutine, of which many run at once on a loop; or a function, which may keep its thread from
 * everything else, and so runs alone.
 */
export type JobKind = "coroutine" | "function";

type JobFunction = (...args: readonly unknown[]) => unknown;

/** Its own exports that are functions, and their kinds. */
export function jobsOf(module: JobModule): Map<string, JobKind> {
  const kinds = new Map<string, JobKind>();
  for (const [name, value] of Object.entries(module)) {
    if (typeof value === "function" && !isClass(value)) kinds.set(name, kindOf(value));
  }
  return kinds;
}

/** @throws UnknownJobError if it has none of that name */
export function jobNamed(module: JobModule, name: string, where: string): JobFunction {
  const job = Object.hasOwn(module, name) ? module[name] : undefined;
  if (typeof job === "function" && !isClass(job)) return job as JobFunction;
  throw unknownJob(name, where, [...jobsOf(module).keys()]);
}

export function unknownJob(name: string, where: string, known: readonly string[]): UnknownJobError {
  const has = known.length === 0 ? "It exports no functions." : `It exports ${known.join(", ")}.`;
  return new UnknownJobError(`Cannot run job ${name}: ${where} exports no function of that name. ${has}`);
}

const GeneratorFunction = Object.getPrototypeOf(function* () {}) as object;

function kindOf(job: object): JobKind {
  return Object.prototype.isPrototypeOf.call(GeneratorFunction, job) ? "coroutine" : "function";
}

/** By their own text, which is long to read: once each. */
const classes = new WeakMap<object, boolean>();

function isClass(value: object): boolean {
  let known = classes.get(value);
  if (known === undefined) {
    known = /^class\b/.test(Function.prototype.toString.call(value));
    classes.set(value, known);
  }
  return known;
}

/**
 * Calls a job's function and waits for what it gives: a coroutine, a promise, or the result itself. `settleTimeout`: how
 * long a promise may take to settle once the job is cancelled; `returned` hears that the function no longer keeps the thread,
 * and whether what it has returned is told of a cancellation: a promise is where the function has asked for its `abortSignal`.
 */
export const perform: (
  fn: JobFunction,
  args: readonly unknown[],
  settleTimeout: number,
  returned?: (isTold: boolean) => void,
) => Coroutine<unknown> = coroutine(function* job(
  fn: JobFunction,
  args: readonly unknown[],
  settleTimeout: number,
  returned?: (isTold: boolean) => void,
): Awaitable<unknown> {
  const made = fn(...args);
  const promise = isPromise(made);
  returned?.(!promise || hasAbortSignal());
  if (promise) return yield* call(() => made, { settleTimeout });
  // In a frame of its own, as every body: it may be a plain generator whose cleanup waits.
  if (isAwaitable(made)) return (yield* cancelScope(() => made)).value;
  return made;
});

function isPromise(made: unknown): made is PromiseLike<unknown> {
  return (
    typeof made === "object" &&
    made !== null &&
    !isAwaitable(made) && // a task is both
    typeof (made as { then?: unknown }).then === "function"
  );
}
