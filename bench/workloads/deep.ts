import type { Awaitable } from "cede";
import { timed, type Workload } from "../harness/workload.ts";

/**
 * How a resume grows with the depth at which it happens. The innermost of `depth` calls suspends again and
 * again; entering and leaving them is less than a hundredth of a measurement.
 */
export function deep(depth: number): Workload {
  return timed({
    about: `resume a task that is parked ${depth === 1 ? "in one call" : `${depth} calls deep`}`,
    size: 1_000_000,
    // A native `yield*` passes every resume through all levels.
    sizes: { bare: Math.min(1_000_000, 10_000_000 / depth) },
    checksum: (resumes) => resumes,
    systems: {
      bare: () => {
        function* descend(left: number, resumes: number): Generator<undefined, number> {
          if (left > 1) return yield* descend(left - 1, resumes);
          let resumed = 0;
          while (resumed < resumes) {
            yield;
            resumed++;
          }
          return resumed;
        }
        return (resumes) => {
          const task = descend(depth, resumes);
          for (;;) {
            const { done, value } = task.next();
            if (done) return value;
          }
        };
      },

      native: () => {
        async function descend(left: number, resumes: number): Promise<number> {
          if (left > 1) return await descend(left - 1, resumes);
          let resumed = 0;
          while (resumed < resumes) {
            // oxlint-disable-next-line typescript/await-thenable -- the cheapest suspension there is
            await undefined;
            resumed++;
          }
          return resumed;
        }
        return (resumes) => descend(depth, resumes);
      },

      cede: async () => {
        const { coroutine, run } = await import("cede");
        const descend = coroutine(function* descend(left: number, resumes: number): Awaitable<number> {
          if (left > 1) return yield* descend(left - 1, resumes);
          let resumed = 0;
          while (resumed < resumes) {
            yield;
            resumed++;
          }
          return resumed;
        });
        return (resumes) => run(descend(depth, resumes));
      },
    },
  });
}
