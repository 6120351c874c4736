/** Programs over Cede's tasks and groups that hold in every order. */
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  sleep,
  sleepForever,
  supervise,
  taskGroup,
} from "cede";
import { check, type Correct } from "../support.ts";

export const structure: Correct[] = [
  {
    name: "a group waits for all of its tasks",
    program: function* () {
      let ended = 0;
      yield* taskGroup(function* (group) {
        for (let n = 0; n < 4; n++) {
          group.createTask(function* () {
            for (let i = 0; i <= n; i++) yield;
            ended++;
          });
        }
      });
      check(ended === 4, `${ended} have ended.`);
    },
  },
  {
    name: "a group's failure cancels the siblings, whose cleanup ends first",
    program: function* () {
      let cleaned = 0;
      let begun = 0;
      try {
        yield* taskGroup(function* (group) {
          for (let n = 0; n < 2; n++) {
            group.createTask(function* () {
              begun++;
              try {
                yield* sleepForever();
              } finally {
                yield;
                cleaned++;
              }
            });
          }
          group.createTask(function* () {
            yield;
            throw new Error("on purpose");
          });
        });
      } catch (error) {
        check((error as Error).message === "on purpose", String(error));
        check(cleaned === begun, `${begun} have begun, ${cleaned} have cleaned up.`);
        return;
      }
      throw new Error("The group did not fail.");
    },
  },
  {
    name: "the first of two failures is the group's",
    program: function* () {
      let first: unknown = null;
      try {
        yield* taskGroup(function* (group) {
          for (let n = 0; n < 2; n++) {
            group.createTask(function* () {
              yield;
              const error = new Error(`failure ${n}`);
              first ??= error;
              throw error;
            });
          }
        });
      } catch (error) {
        check(error === first, "The group threw another failure than the first.");
        return;
      }
      throw new Error("The group did not fail.");
    },
  },
  {
    name: "nested groups end from within",
    program: function* () {
      const ended: string[] = [];
      yield* taskGroup(function* (outer) {
        outer.createTask(function* () {
          yield* taskGroup(function* (inner) {
            inner.createTask(function* () {
              yield;
              ended.push("inner");
            });
          });
          ended.push("outer");
        });
      });
      check(ended.join() === "inner,outer", ended.join());
    },
  },
  {
    name: "a background task is cancelled once the others are done",
    program: function* () {
      let cleaned = false;
      let begun = false;
      yield* taskGroup(function* (group) {
        group.createTask(
          function* () {
            begun = true;
            try {
              yield* sleepForever();
            } finally {
              cleaned = true;
            }
          },
          { background: true },
        );
        group.createTask(function* () {
          yield;
        });
      });
      check(begun === cleaned, "The background task has not cleaned up.");
    },
  },
  {
    name: "group.start waits until the task is ready",
    program: function* () {
      yield* taskGroup(function* (group) {
        let ready = false;
        group.createTask(function* () {
          yield;
        });
        const port = yield* group.start<number>(
          function* (isReady) {
            yield;
            ready = true;
            isReady(80);
            yield* sleepForever();
          },
          { background: true },
        );
        check(ready && port === 80, "It went on too early.");
      });
    },
  },
  {
    name: "cancel, awaited, ends after the cleanup",
    program: function* () {
      yield* taskGroup(function* (group) {
        let begun = false;
        let cleaned = false;
        const task = group.createTask(function* () {
          begun = true;
          try {
            yield* sleepForever();
          } finally {
            yield;
            yield;
            cleaned = true;
          }
        });
        yield;
        yield* task.cancel();
        check(begun === cleaned, "The cleanup was not awaited.");
      });
    },
  },
  {
    name: "two cancel the same task, and it is cleaned up once",
    program: function* () {
      let cleanups = 0;
      let begun = 0;
      yield* taskGroup(function* (group) {
        const task = group.createTask(function* () {
          begun++;
          try {
            yield* sleepForever();
          } finally {
            yield;
            cleanups++;
          }
        });
        for (let n = 0; n < 2; n++) {
          group.createTask(function* () {
            yield;
            yield* task.cancel(`reason ${n}`);
            check(task.done, "It has not ended.");
          });
        }
      });
      check(cleanups === begun, `${cleanups} cleanups.`);
    },
  },
  {
    name: "whoever awaits a cancelled task is told so",
    program: function* () {
      yield* taskGroup(function* (group) {
        const task = group.createTask(sleepForever());
        group.createTask(function* () {
          try {
            yield* task;
          } catch (error) {
            check(error instanceof CancelledError, String(error));
            return;
          }
          throw new Error("It was not told.");
        });
        group.createTask(function* () {
          yield;
          void task.cancel();
        });
      });
    },
  },
  {
    name: "a loop that catches everything ends when it is cancelled",
    program: function* () {
      yield* taskGroup(function* (group) {
        const task = group.createTask(function* () {
          for (;;) {
            try {
              yield* sleep(1);
            } catch {
              // tries again
            }
          }
        });
        yield;
        yield* task.cancel();
      });
    },
  },
  {
    name: "supervise lets failures alone",
    program: function* () {
      let told = 0;
      let ended = 0;
      yield* supervise(
        function* (group) {
          for (let n = 0; n < 3; n++) {
            group.createTask(function* () {
              yield;
              if (n === 1) throw new Error("on purpose");
              yield;
              ended++;
            });
          }
        },
        { onFailure: () => told++ },
      );
      check(told === 1 && ended === 2, `${told} told, ${ended} ended.`);
    },
  },
  {
    name: "a future wakes all who wait for it",
    program: function* () {
      const future = new Future<number>();
      let sum = 0;
      yield* taskGroup(function* (group) {
        for (let n = 0; n < 3; n++) {
          group.createTask(function* () {
            const value = yield* future; // in a line of its own: `sum += yield* …` reads the sum before it waits
            sum += value;
          });
        }
        group.createTask(function* () {
          yield;
          future.setResult(2);
        });
      });
      check(sum === 6, `The sum is ${sum}.`);
    },
  },
  {
    name: "what is left when main ends is cancelled and cleaned up",
    program: function* () {
      createTask(function* left() {
        try {
          yield* sleepForever();
        } finally {
          yield;
          check(currentTask() !== undefined, "No task cleans up.");
        }
      });
      yield;
    },
  },
];
