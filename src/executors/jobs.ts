/** The typed proxy: each function that a module exports, as something to await. */
import type { Awaitable } from "../index.ts";
import type { JobOptions } from "./options.ts";

type AnyFunction = (...args: never[]) => unknown;

/**
 * What a job gives: a coroutine's result, what a promise resolves with, or what the function returns. An async generator gives
 * nothing, since it cannot be sent: give the job a sender.
 */
export type JobResult<F extends AnyFunction> = [ReturnType<F>] extends [never]
  ? never
  : ReturnType<F> extends AsyncGenerator<unknown, unknown, never>
    ? never
    : ReturnType<F> extends Awaitable<infer T>
      ? T
      : Awaited<ReturnType<F>>;

/** A job, to be called: it waits until the job has ended, wherever it runs, and gives its result. */
export interface Job<F extends AnyFunction> {
  (...args: Parameters<F>): Awaitable<JobResult<F>>;
  /** The same with options for the calls to come: `jobs.resize.with({ timeout: 5000 })(image)`. */
  with(options: JobOptions): (...args: Parameters<F>) => Awaitable<JobResult<F>>;
}

/** The jobs of a module: `Jobs<typeof import("./jobs.ts")>`. */
export type Jobs<M> = {
  readonly [Name in keyof M as M[Name] extends AnyFunction ? Name : never]: M[Name] extends AnyFunction
    ? Job<M[Name]>
    : never;
};

type Submit = (name: string, args: readonly unknown[], options: JobOptions) => Awaitable<unknown>;

/** The proxy. Names that the platform asks of whatever it meets, `then` above all, are no jobs. */
export function proxyOf(submit: Submit, label: string, owner: object): object {
  const made = new Map<string, unknown>();
  const inWords = (): string => `the jobs of ${label}`;
  return new Proxy(owner, {
    get(target, name) {
      if (name === Symbol.toPrimitive) return inWords;
      if (typeof name === "symbol") return Reflect.get(target, name);
      if (NO_JOBS.has(name)) return undefined;
      let job = made.get(name);
      if (job === undefined) made.set(name, (job = jobOf(submit, name)));
      return job;
    },
    set(_, name) {
      throw new TypeError(`Cannot set ${String(name)} of ${label}: its jobs are what its module exports.`);
    },
    ownKeys: () => [],
    getOwnPropertyDescriptor: () => undefined,
  });
}

const NO_JOBS = new Set(["then", "toJSON", "constructor", "__proto__"]);

function jobOf(submit: Submit, name: string): unknown {
  const job = (...args: unknown[]): Awaitable<unknown> => submit(name, args, {});
  job.with =
    (options: JobOptions) =>
    (...args: unknown[]): Awaitable<unknown> =>
      submit(name, args, options);
  return job;
}
