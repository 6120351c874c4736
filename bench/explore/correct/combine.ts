/** Programs over what Cede does with several things at once, which hold in every order. */
import {
  all,
  allSettled,
  any,
  asCompleted,
  coroutine,
  map,
  race,
  sleep,
  sleepForever,
  taskGroup,
  wait,
  type Awaitable,
} from "cede";
import { check, times, type Correct } from "../support.ts";

/** Gives way so many times, and gives the number back. */
const after = coroutine(function* after(turns: number): Awaitable<number> {
  for (let turn = 0; turn < turns; turn++) yield;
  return turns;
});

export const combine: Correct[] = [
  {
    name: "all gives the results in the order of the items",
    program: function* () {
      const results = yield* all([after(3), after(1), after(2)]);
      check(results.join() === "3,1,2", results.join());
    },
  },
  {
    name: "all fails with the first failure, and leaves nothing running",
    program: function* () {
      let running = 0;
      const work = (fails: boolean) =>
        function* () {
          running++;
          try {
            yield;
            if (fails) throw new Error("on purpose");
            yield* sleepForever();
          } finally {
            running--;
          }
        };
      try {
        yield* coroutine(function* () {
          yield* all([work(false), work(true), work(false)]);
        })();
      } catch (error) {
        check(
          (error as Error).message === "on purpose" && running === 0,
          `${String(error)}, ${running} run.`,
        );
        return;
      }
      throw new Error("It did not fail.");
    },
  },
  {
    name: "allSettled tells of every one",
    program: function* () {
      const results = yield* allSettled([
        after(1),
        function* () {
          yield;
          throw new Error("on purpose");
        },
      ]);
      check(results.map(({ status }) => status).join() === "fulfilled,rejected", "Others.");
    },
  },
  {
    name: "race gives the first, and the others have cleaned up",
    program: function* () {
      let open = 0;
      const runner = (turns: number) =>
        function* () {
          open++;
          try {
            yield* after(turns);
            return turns;
          } finally {
            open--;
          }
        };
      const winner = yield* race([runner(1), runner(2), runner(3)]);
      check([1, 2, 3].includes(winner) && open === 0, `${winner} wins, ${open} are open.`);
    },
  },
  {
    name: "race by time gives the fastest",
    program: function* () {
      const racer = (ms: number) =>
        function* () {
          yield* sleep(ms);
          return ms;
        };
      check((yield* race([racer(3), racer(1), racer(2)])) === 1, "Another one.");
    },
  },
  {
    name: "any gives the first that does not fail",
    program: function* () {
      const value = yield* any([
        function* () {
          yield;
          throw new Error("on purpose");
        },
        after(2),
      ]);
      check(value === 2, `${value}`);
    },
  },
  {
    name: "map keeps to its limit",
    program: function* () {
      let running = 0;
      let most = 0;
      const results = yield* map(
        [1, 2, 3, 4],
        function* (n) {
          most = Math.max(most, ++running);
          yield;
          running--;
          return n * 2;
        },
        { concurrency: 2 },
      );
      check(results.join() === "2,4,6,8" && most <= 2, `${results.join()}, ${most} at once.`);
    },
  },
  {
    name: "map that is cancelled leaves nothing running",
    program: function* () {
      let running = 0;
      yield* taskGroup(function* (group) {
        const task = group.createTask(() =>
          map(
            [1, 2, 3],
            function* () {
              running++;
              try {
                yield;
                yield;
              } finally {
                running--;
              }
            },
            { concurrency: 2 },
          ),
        );
        yield;
        yield* task.cancel();
        check(running === 0, `${running} still run.`);
      });
    },
  },
  {
    name: "asCompleted gives each result once",
    program: function* () {
      const seen: number[] = [];
      for (const next of asCompleted([after(2), after(1), after(3)])) seen.push(yield* next);
      check(seen.toSorted((a, b) => a - b).join() === "1,2,3", seen.join());
    },
  },
  {
    name: "leaving asCompleted early cancels the rest",
    program: function* () {
      let open = 0;
      const work = (turns: number) =>
        function* () {
          open++;
          try {
            yield* after(turns);
          } finally {
            open--; // at once: a cancellation may come on the normal way out, too
          }
        };
      yield* coroutine(function* () {
        for (const next of asCompleted([work(1), work(2), work(3)])) {
          yield* next;
          break;
        }
      })();
      check(open === 0, `${open} are open.`);
    },
  },
  {
    name: "wait for the first gives at least one, and every other as pending",
    program: function* () {
      yield* taskGroup(function* (group) {
        const tasks = times(3, (n) => group.createTask(after(n + 1)));
        const { done, pending } = yield* wait(tasks, { returnWhen: "firstCompleted" });
        check(done.size >= 1 && done.size + pending.size === 3, `${done.size} are done.`);
        check(
          [...done].every((task) => task.done),
          "One of them is not done.",
        );
      });
    },
  },
  {
    name: "wait with a timeout ends without an error",
    program: function* () {
      yield* taskGroup(function* (group) {
        const tasks = [1, 9].map((ms) => group.createTask(sleep(ms)));
        const { done, pending } = yield* wait(tasks, { timeout: 5 });
        check(done.has(tasks[0]!) && pending.has(tasks[1]!), "Another one.");
      });
    },
  },
  {
    name: "a race in a race",
    program: function* () {
      const value = yield* race([() => race([after(2), after(4)]), () => race([after(3), after(1)])]);
      check([1, 2, 3, 4].includes(value), `${value}`);
    },
  },
  {
    name: "a pipeline of all, map and race, cancelled at some point or not",
    program: function* () {
      yield* taskGroup(function* (group) {
        const task = group.createTask(function* () {
          yield* all([() => map([1, 2], (n) => after(n)), () => race([after(1), () => sleep(5)])]);
        });
        group.createTask(function* () {
          yield* after(3);
          void task.cancel();
        });
      });
    },
  },
];
