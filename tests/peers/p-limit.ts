/** The interface of npm's p-limit, over a `CapacityLimiter`: https://github.com/sindresorhus/p-limit */
import { CapacityLimiter, EventLoop, until, type Task } from "cede";

export interface LimitFunction {
  <Args extends unknown[], T>(fn: (...args: Args) => T | PromiseLike<T>, ...args: Args): Promise<T>;
  readonly activeCount: number;
  readonly pendingCount: number;
  concurrency: number;
  clearQueue(): void;
  map<Item, T>(items: Iterable<Item>, fn: (item: Item, index: number) => T | PromiseLike<T>): Promise<T[]>;
}

export default function pLimit(options: number | { readonly concurrency: number }): LimitFunction {
  const limiter = new CapacityLimiter(checked(typeof options === "number" ? options : options.concurrency));
  const loop = new EventLoop();
  const pending = new Set<Task<unknown>>();
  const limit = <Args extends unknown[], T>(
    fn: (...args: Args) => T | PromiseLike<T>,
    ...args: Args
  ): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const task = loop.createTask(function* limited() {
        using _token = yield* limiter.acquire();
        pending.delete(task);
        // What `fn` throws at once is the promise's rejection, too.
        return yield* until(new Promise<T>((settle) => settle(fn(...args))));
      });
      pending.add(task);
      task.then(resolve, (error: unknown) => {
        if (!task.cancelled) reject(error); // a call that was cleared settles never
      });
    });
  return Object.defineProperties(limit, {
    activeCount: { get: () => limiter.borrowed },
    pendingCount: { get: () => pending.size },
    concurrency: {
      get: () => limiter.total,
      set(concurrency: number) {
        limiter.total = checked(concurrency);
      },
    },
    clearQueue: {
      value: () => {
        for (const task of pending) void task.cancel("cleared");
        pending.clear();
      },
    },
    map: {
      value: <Item, T>(items: Iterable<Item>, fn: (item: Item, index: number) => T | PromiseLike<T>) =>
        Promise.all(Array.from(items, (item, index) => limit(() => fn(item, index)))),
    },
  }) as unknown as LimitFunction;
}

/** `limitFunction(fn, options)`: calls of one function, limited. */
export function limitFunction<Args extends unknown[], T>(
  fn: (...args: Args) => T | PromiseLike<T>,
  options: { readonly concurrency: number },
): (...args: Args) => Promise<T> {
  const limit = pLimit(options);
  return (...args) => limit(fn, ...args);
}

function checked(concurrency: number): number {
  if ((Number.isInteger(concurrency) || concurrency === Infinity) && concurrency > 0) return concurrency;
  throw new TypeError("Expected `concurrency` to be a number from 1 and up");
}
