/** The interface of npm's p-map, over `map`: https://github.com/sindresorhus/p-map */
import { EventLoop, map, until, type Awaitable } from "cede";

export const pMapSkip: unique symbol = Symbol("skip");

export interface PMapOptions {
  readonly concurrency?: number;
  readonly stopOnError?: boolean;
  readonly signal?: AbortSignal;
}

export default async function pMap<Item, T>(
  items: Iterable<Item | PromiseLike<Item>>,
  mapper: (item: Item, index: number) => T | PromiseLike<T>,
  { concurrency = Infinity, stopOnError = true, signal }: PMapOptions = {},
): Promise<Exclude<T, typeof pMapSkip>[]> {
  if (typeof mapper !== "function") throw new TypeError("Mapper function is required");
  const errors: unknown[] = [];
  const one = function* (item: Item | PromiseLike<Item>, index: number): Awaitable<T | typeof pMapSkip> {
    try {
      return yield* until((async () => mapper(await item, index))());
    } catch (error) {
      if (stopOnError) throw error;
      errors.push(error);
      return pMapSkip;
    }
  };
  const results = await new EventLoop({ onReport: () => {} }).runUntilComplete(
    () => map(items, one, { concurrency }),
    {
      ...(signal && { signal }),
    },
  );
  if (errors.length > 0) throw new AggregateError(errors);
  return results.filter((result) => result !== pMapSkip) as Exclude<T, typeof pMapSkip>[];
}
