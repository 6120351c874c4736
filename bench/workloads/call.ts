import { timed, type Workload } from "../harness/workload.ts";

export const call: Workload = timed({
  about: "call a coroutine that ends at once; for native, `await` an async function that does",
  size: 1_000_000,
  checksum: (calls) => calls,
  systems: {
    bare: () => {
      // oxlint-disable-next-line require-yield
      function* one(): Generator<never, number> {
        return 1;
      }
      function* main(calls: number): Generator<never, number> {
        let sum = 0;
        for (let i = 0; i < calls; i++) sum += yield* one();
        return sum;
      }
      return (calls) => main(calls).next().value;
    },

    native: () => {
      async function one(): Promise<number> {
        return 1;
      }
      return async (calls) => {
        let sum = 0;
        for (let i = 0; i < calls; i++) sum += await one();
        return sum;
      };
    },

    cede: async () => {
      const { coroutine, run } = await import("cede");
      const one = coroutine(function* one() {
        return 1;
      });
      return (calls) =>
        run(function* () {
          let sum = 0;
          for (let i = 0; i < calls; i++) sum += yield* one();
          return sum;
        });
    },
  },
});
