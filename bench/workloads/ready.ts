import { timed, type Workload } from "../harness/workload.ts";

export const ready: Workload = timed({
  about: "await what is ready: a future that has its result, a promise that is resolved",
  size: 1_000_000,
  checksum: (waits) => waits,
  systems: {
    bare: () => {
      const result: IteratorReturnResult<number> = { done: true, value: 1 };
      const iterator: Iterator<never, number> = { next: () => result };
      const there = { [Symbol.iterator]: () => iterator };
      function* main(waits: number): Generator<never, number> {
        let sum = 0;
        for (let i = 0; i < waits; i++) sum += yield* there;
        return sum;
      }
      return (waits) => main(waits).next().value;
    },

    native: () => {
      const there = Promise.resolve(1);
      return async (waits) => {
        let sum = 0;
        for (let i = 0; i < waits; i++) sum += await there;
        return sum;
      };
    },

    cede: async () => {
      const { Future, run } = await import("cede");
      const there = new Future<number>();
      there.setResult(1);
      return (waits) =>
        run(function* () {
          let sum = 0;
          for (let i = 0; i < waits; i++) sum += yield* there;
          return sum;
        });
    },
  },
});
