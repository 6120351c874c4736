import { weighed, type Workload } from "../harness/workload.ts";

export const memory: Workload = weighed({
  about: "what a parked task keeps on the heap: 20,000 of them wait for one future or promise",
  size: 20_000,
  systems: {
    bare: () => {
      function* child(): Generator<undefined, void> {
        yield;
      }
      return (tasks) =>
        Array.from({ length: tasks }, () => {
          const task = child();
          task.next();
          return task;
        });
    },

    native: () => {
      async function child(promise: Promise<void>): Promise<void> {
        await promise;
      }
      return (tasks) => {
        const never = new Promise<void>(() => {});
        for (let i = 0; i < tasks; i++) void child(never);
        return never;
      };
    },

    cede: async () => {
      const { coroutine, createTask, Future, run } = await import("cede");
      const child = coroutine(function* child(future: InstanceType<typeof Future<void>>) {
        yield* future;
      });
      return (tasks) => {
        const never = new Future<void>("never");
        const parked = run(function* () {
          for (let i = 0; i < tasks; i++) createTask(child(never));
          yield* never;
        });
        return [never, parked];
      };
    },
  },
});
