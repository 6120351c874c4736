import { timed, type Workload } from "../harness/workload.ts";

/** The suspension keeps native honest: an async function that never awaits runs to its end when called. */
export const spawn: Workload = timed({
  about: "spawn and join 100,000 tasks that suspend once",
  size: 100_000,
  checksum: (tasks) => tasks,
  systems: {
    bare: () => {
      function* child(): Generator<undefined, number> {
        yield;
        return 1;
      }
      return (tasks) => {
        const ready: Generator<undefined, number>[] = [];
        for (let i = 0; i < tasks; i++) ready.push(child());
        let sum = 0;
        for (let i = 0; i < ready.length; i++) {
          const { done, value } = ready[i]!.next();
          if (done) sum += value;
          else ready.push(ready[i]!);
        }
        return sum;
      };
    },

    native: () => {
      async function child(): Promise<number> {
        // oxlint-disable-next-line typescript/await-thenable -- the cheapest suspension there is
        await undefined;
        return 1;
      }
      return async (tasks) => {
        const children: Promise<number>[] = [];
        for (let i = 0; i < tasks; i++) children.push(child());
        let sum = 0;
        for (const one of await Promise.all(children)) sum += one;
        return sum;
      };
    },

    cede: async () => {
      const { coroutine, createTask, run } = await import("cede");
      const child = coroutine(function* child() {
        yield;
        return 1;
      });
      return (tasks) =>
        run(function* () {
          const children = [];
          for (let i = 0; i < tasks; i++) children.push(createTask(child));
          let sum = 0;
          for (const one of children) sum += yield* one;
          return sum;
        });
    },
  },
});
