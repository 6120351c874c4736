import { timed, type Workload } from "../harness/workload.ts";

/**
 * An error that crosses a call: from a callee that throws at once, or from one that was suspended before, so that the
 * error's own stack shows the callee alone.
 */
export function throwing(suspends: boolean): Workload {
  return timed({
    about: `throw and catch across a call${suspends ? " that was suspended before" : ""}`,
    size: 200_000,
    checksum: (calls) => calls,
    systems: {
      native: () => {
        async function fail(): Promise<void> {
          // oxlint-disable-next-line typescript/await-thenable -- the cheapest suspension there is
          if (suspends) await undefined;
          throw new Error("thrown");
        }
        return async (calls) => {
          let caught = 0;
          for (let i = 0; i < calls; i++) {
            try {
              await fail();
            } catch {
              caught++;
            }
          }
          return caught;
        };
      },

      cede: async () => {
        const { coroutine, run } = await import("cede");
        const fail = coroutine(function* fail() {
          if (suspends) yield;
          throw new Error("thrown");
        });
        return (calls) =>
          run(function* () {
            let caught = 0;
            for (let i = 0; i < calls; i++) {
              try {
                yield* fail();
              } catch {
                caught++;
              }
            }
            return caught;
          });
      },
    },
  });
}
