import { timed, type Workload } from "../harness/workload.ts";

const TASKS = 1000;

export const switching: Workload = timed({
  about: "switch between 1,000 tasks by a bare `yield`, 1,000 times each",
  size: 1_000_000,
  checksum: (switches) => switches,
  systems: {
    bare: () => {
      function* child(turns: number): Generator<undefined, number> {
        let turn = 0;
        while (turn < turns) {
          yield;
          turn++;
        }
        return turn;
      }
      return (switches) => {
        let ready = Array.from({ length: TASKS }, () => child(switches / TASKS));
        let sum = 0;
        while (ready.length > 0) {
          const next: Generator<undefined, number>[] = [];
          for (const task of ready) {
            const { done, value } = task.next();
            if (done) sum += value;
            else next.push(task);
          }
          ready = next;
        }
        return sum;
      };
    },

    native: () => {
      async function child(turns: number): Promise<number> {
        let turn = 0;
        while (turn < turns) {
          // oxlint-disable-next-line typescript/await-thenable -- the cheapest suspension there is
          await undefined;
          turn++;
        }
        return turn;
      }
      return async (switches) => {
        const children = Array.from({ length: TASKS }, () => child(switches / TASKS));
        let sum = 0;
        for (const one of children) sum += await one;
        return sum;
      };
    },

    cede: async () => {
      const { coroutine, createTask, run } = await import("cede");
      const child = coroutine(function* child(turns: number) {
        let turn = 0;
        while (turn < turns) {
          yield;
          turn++;
        }
        return turn;
      });
      return (switches) =>
        run(function* () {
          const children = Array.from({ length: TASKS }, () => createTask(child(switches / TASKS)));
          let sum = 0;
          for (const one of children) sum += yield* one;
          return sum;
        });
    },
  },
});
