/** Futures and tasks, as the Promises/A+ suite wants to see promises: made pending, and settled from outside. */
import { EventLoop, Future, type Task } from "cede";
import type { Host } from "cede/lowlevel";

export interface Deferred {
  readonly promise: PromiseLike<unknown>;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

export const kinds: Record<string, () => Deferred> = { Future: deferredFuture, Task: deferredTask };

/** The suite settles some of them twice; the second time nothing may happen. */
function deferredFuture(): Deferred & { readonly promise: Future<unknown> } {
  const promise = new Future<unknown>();
  return {
    promise,
    resolve(value) {
      if (!promise.done) promise.setResult(value);
    },
    reject(reason) {
      if (!promise.done) promise.setError(reason);
    },
  };
}

/** A task that awaits a future. Its loop turns when it is told to, so that it is done when the future is. */
function deferredTask(): Deferred & { readonly promise: Task<unknown> } {
  const calls: (() => void)[] = [];
  const host: Host = {
    now: () => 0,
    soon: (callback) => void calls.push(callback),
    later: (callback) => void calls.push(callback),
    wakeAt: () => {},
  };
  const turn = (): void => {
    for (let call = calls.shift(); call !== undefined; call = calls.shift()) call();
  };
  const loop = new EventLoop({ host });
  const { promise: outcome, resolve, reject } = deferredFuture();
  const promise = loop.createTask(() => outcome);
  promise.addDoneCallback(() => {}); // the suite leaves some rejected that it never looks at,
  loop.runUntilComplete().catch(() => {}); // and some pending, for ever
  turn();
  return {
    promise,
    resolve(value) {
      resolve(value);
      turn();
    },
    reject(reason) {
      reject(reason);
      turn();
    },
  };
}
