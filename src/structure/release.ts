/**
 * What is called when a frame is left. It may do its work at once, or give something to await: an awaitable,
 * or a promise. Either is awaited as cleanup, which nothing cancels from outside. Where a whole task is
 * abandoned nothing can be awaited any more: then a release runs as far as it does not suspend.
 */
import type { Awaitable } from "../kernel/awaitable.ts";
import { current, type Runner } from "../kernel/current.ts";
import { isObject, textOf } from "../kernel/errors.ts";
import { returnToken } from "../kernel/escape.ts";
import { UNWOUND, type Exit, type Leaving } from "../kernel/exit.ts";
import { isGenerator, NEXT } from "../kernel/generator.ts";
import { park, type ParkedWait } from "../kernel/park.ts";
import { report } from "../kernel/report.ts";
import { SlowCleanup } from "../kernel/slow-cleanup.ts";

/** An exit of a frame that calls a function. */
export class Release implements Exit {
  nextExit: Exit | null = null;
  readonly #call: () => unknown;
  /** What is released, in words. */
  readonly #what: string;

  constructor(call: () => unknown, what: string) {
    this.#call = call;
    this.#what = what;
  }

  leave(frame: Leaving): Awaitable<unknown> | undefined {
    const task = current.task!;
    const cleanup = awaitableIn(this.#call(), task);
    if (cleanup === undefined) return undefined;
    if (current.cutting) {
      runToFirstWait(cleanup);
      return undefined;
    }
    reportIfSlow(frame, this.#what, task);
    return cleanup;
  }
}

/** As for a `finally` that suspends: cleanup that holds up a cancellation for a second is told. */
export function reportIfSlow(frame: Leaving, what: string, task: Runner): void {
  // It is the exit that is run next.
  if (frame.state === UNWOUND) task.onLeave(new SlowCleanup(what, task, task.calleeScope()));
}

/** What a release gave, if that can be awaited. */
function awaitableIn(value: unknown, task: Runner): Awaitable<unknown> | undefined {
  if (!isObject(value) || isCollection(value)) return undefined;
  if (Symbol.iterator in value) return value as Awaitable<unknown>;
  if (typeof (value as { then?: unknown }).then !== "function") return undefined;
  return settling(value as PromiseLike<unknown>, task);
}

/** What a short arrow gives by the way, as `() => list.splice(0)`: it can be iterated over, and means nothing. */
function isCollection(value: object): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof Set || value instanceof Map;
}

function settling(promise: PromiseLike<unknown>, task: Runner): Awaitable<unknown> {
  const settled = Promise.resolve(promise);
  const { loop, name } = task;
  const what = `A release of ${name}, which was abandoned,`;
  let abandonedAt = loop.now();
  const late = (error: unknown): void =>
    report(task, "late-error", `${what} failed: ${textOf(error)}`, { error });
  const ended = (): void =>
    report(
      task,
      "work-ended",
      `${what} has ended after all, ${Math.round(loop.now() - abandonedAt)} ms later.`,
    );
  // At once: where the task is abandoned nobody gets as far as to wait.
  let waiting: ParkedWait<unknown> | undefined;
  void settled.then(
    (value) => waiting?.complete(value) || ended(),
    (error: unknown) => waiting?.fail(error) || late(error),
  );
  return park({ label: "the promise of a release" }, (wait) => {
    waiting = wait;
    return () => void (abandonedAt = loop.now());
  });
}

function runToFirstWait(cleanup: Awaitable<unknown>): void {
  if (!isGenerator(cleanup) || NEXT.apply(cleanup).done) return;
  current.parked = false;
  returnToken(cleanup);
}
