/** Programs over Cede's timeouts, scopes and cleanup that hold in every order. */
import {
  cancelScope,
  coroutine,
  defer,
  Future,
  moveOnAfter,
  resource,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  TimeoutError,
  use,
  waitFor,
} from "cede";
import { check, times, type Correct } from "../support.ts";

export const scopes: Correct[] = [
  {
    name: "a timeout that is longer than the work",
    program: function* () {
      const value = yield* timeout(10, function* () {
        yield* sleep(5);
        yield;
        return 1;
      });
      check(value === 1, "Another value.");
    },
  },
  {
    name: "a timeout that is shorter than the work",
    program: function* () {
      let cleaned = false;
      try {
        yield* timeout(5, function* () {
          try {
            yield* sleep(10);
          } finally {
            cleaned = true;
          }
        });
      } catch (error) {
        check(error instanceof TimeoutError && cleaned, String(error));
        return;
      }
      throw new Error("There was no timeout.");
    },
  },
  {
    name: "a timeout at the same moment as the work gives one of the two",
    program: function* () {
      let ended = false;
      const { expired, value } = yield* moveOnAfter(5, function* () {
        yield* sleep(5);
        ended = true;
        return 1;
      });
      check(expired ? value === undefined : ended && value === 1, `expired: ${expired}, value: ${value}`);
    },
  },
  {
    name: "of two equal timeouts, one in the other, one is told",
    program: function* () {
      let inner = false;
      const outer = yield* moveOnAfter(5, function* () {
        ({ expired: inner } = yield* moveOnAfter(5, sleepForever));
      });
      check(outer.expired || inner, "Neither has expired.");
    },
  },
  {
    name: "a timeout in each of several tasks",
    program: function* () {
      const expired: boolean[] = [];
      yield* taskGroup(function* (group) {
        times(3, (n) =>
          group.createTask(function* () {
            const result = yield* moveOnAfter(4, () => sleep(2 + n * 3));
            expired[n] = result.expired;
          }),
        );
      });
      check(expired.join() === "false,true,true", expired.join());
    },
  },
  {
    name: "waitFor cancels what it started",
    program: function* () {
      let cleaned = false;
      const slow = coroutine(function* slow() {
        try {
          yield* sleep(50);
        } finally {
          yield;
          cleaned = true;
        }
      });
      try {
        yield* waitFor(5, slow());
      } catch (error) {
        check(error instanceof TimeoutError && cleaned, String(error));
        return;
      }
      throw new Error("There was no timeout.");
    },
  },
  {
    name: "a shield keeps a cancellation outside until its body ends",
    program: function* () {
      let begun = false;
      let ended = false;
      yield* taskGroup(function* (group) {
        const task = group.createTask(function* () {
          yield* shield(function* () {
            begun = true;
            yield;
            yield* sleep(1);
            ended = true;
          });
        });
        group.createTask(function* () {
          yield;
          void task.cancel();
        });
      });
      check(begun === ended, "The shielded part was cut short.");
    },
  },
  {
    name: "defer runs in reverse order, on every way out",
    program: function* () {
      const order: number[] = [];
      let begun = false;
      yield* taskGroup(function* (group) {
        const task = group.createTask(
          coroutine(function* () {
            begun = true;
            for (let n = 0; n < 3; n++) {
              defer(function* () {
                yield;
                order.push(n);
              });
              yield;
            }
            yield;
          })(),
        );
        group.createTask(function* () {
          yield;
          void task.cancel();
        });
      });
      check(order.join() === "2,1,0" || (order.length < 3 && isCountDown(order, begun)), order.join());
    },
  },
  {
    name: "a resource is given back once, whoever is cancelled",
    program: function* () {
      let open = 0;
      const connection = resource(function* (provide) {
        open++;
        try {
          yield* provide("connection");
        } finally {
          yield;
          open--;
        }
      });
      yield* taskGroup(function* (group) {
        const tasks = times(2, () =>
          group.createTask(
            coroutine(function* () {
              yield* use(connection);
              yield;
            })(),
          ),
        );
        group.createTask(function* () {
          yield;
          void tasks[0]!.cancel();
        });
      });
      check(open === 0, `${open} connections are open.`);
    },
  },
  {
    name: "a scope that is cancelled from elsewhere ends its body alone",
    program: function* () {
      let after = false;
      yield* taskGroup(function* (group) {
        const future = new Future<{ cancel(): void }>();
        group.createTask(function* () {
          yield* cancelScope(function* (scope) {
            future.setResult(scope);
            yield* sleepForever();
          });
          yield;
          after = true;
        });
        group.createTask(function* () {
          (yield* future).cancel();
        });
      });
      check(after, "What comes after the scope was cut short as well.");
    },
  },
  {
    name: "sleeps end in the order of their times",
    program: function* () {
      const order: number[] = [];
      yield* taskGroup(function* (group) {
        for (const ms of [3, 1, 2]) {
          group.createTask(function* () {
            yield* sleep(ms);
            order.push(ms);
          });
        }
      });
      check(order.join() === "1,2,3", order.join());
    },
  },
];

/** As many as were registered before the cancellation, the last one first. */
function isCountDown(order: readonly number[], begun: boolean): boolean {
  return order.every((n, at) => n === order.length - 1 - at) && (begun || order.length === 0);
}
