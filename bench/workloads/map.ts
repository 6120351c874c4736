import { runBare } from "../harness/bare-loop.ts";
import { peer, present, type EffectModule } from "../harness/peers.ts";
import { timed, type Workload } from "../harness/workload.ts";

const CONCURRENCY = 16;

/** Each call waits once: one turn, or one promise. */
export const map: Workload = timed({
  about: "call a function for each item, 16 at a time; each call waits once",
  size: 100_000,
  sizes: { effect: 20_000 },
  checksum: (items) => items,
  systems: {
    bare: () => {
      type Step<T> = Generator<undefined, T>;
      function* one(item: number): Step<number> {
        yield;
        return item;
      }
      return (count) => {
        const items = Array.from({ length: count }, () => 1);
        const results: number[] = Array.from({ length: count });
        let next = 0;
        const work = function* (): Step<void> {
          while (next < count) {
            const at = next++;
            results[at] = yield* one(items[at]!);
          }
        };
        runBare(...Array.from({ length: CONCURRENCY }, work));
        return results.reduce((sum, item) => sum + item, 0);
      };
    },

    // A pool by hand: so many workers take the next item.
    native: () => {
      const moment = Promise.resolve();
      const one = async (item: number) => {
        await moment;
        return item;
      };
      return async (count) => {
        const items = Array.from({ length: count }, () => 1);
        const results: number[] = Array.from({ length: count });
        let next = 0;
        const work = async () => {
          while (next < count) {
            const at = next++;
            results[at] = await one(items[at]!);
          }
        };
        await Promise.all(Array.from({ length: CONCURRENCY }, work));
        return results.reduce((sum, item) => sum + item, 0);
      };
    },

    cede: async () => {
      const { coroutine, map: limited, run } = await import("cede");
      const one = coroutine(function* one(item: number) {
        yield;
        return item;
      });
      return async (count) => {
        const items = Array.from({ length: count }, () => 1);
        const results = await run(() => limited(items, one, { concurrency: CONCURRENCY }));
        return results.reduce((sum, item) => sum + item, 0);
      };
    },

    ...present({
      effect: async () => {
        const { Effect } = await peer<EffectModule>("effect");
        const one = (item: number) =>
          Effect.gen(function* () {
            yield* Effect.yieldNow;
            return item;
          });
        return async (count) => {
          const items = Array.from({ length: count }, () => 1);
          const results = await Effect.runPromise(Effect.forEach(items, one, { concurrency: CONCURRENCY }));
          return results.reduce((sum, item) => sum + item, 0);
        };
      },
    }),
  },
});
