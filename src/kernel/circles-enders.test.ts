import { describe, expect, test } from "vitest";
import {
  all,
  coroutine,
  createTask,
  currentTask,
  DeadlockError,
  Future,
  moveOnAfter,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  type Awaitable,
  type Task,
} from "../index.ts";
import { park, type ParkedWait } from "../lowlevel.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import fc from "../../tests/support/fast-check.ts";

const CIRCLE =
  "Cannot go on: these tasks wait for each other, in a circle. Let one of them go on without another.";

const withoutNumbers = (error: unknown): string => String((error as Error).message).replace(/#\d+/g, "");

/** How a program fails: the message, with the tasks' numbers left out. */
async function failureOf(main: () => Awaitable<unknown>): Promise<string> {
  return runVirtual(main).then(() => "it did not fail", withoutNumbers);
}
describe("no circle is told", () => {
  test("that a deadline around one of its waits will end", async () => {
    const log = transcript({ tasks: false });
    const failure = await failureOf(function* () {
      const tasks: Task<void>[] = [0, 1].map((i) =>
        createTask(function* (): Awaitable<void> {
          yield* i === 0 ? timeout(50, () => tasks[1]!) : tasks[0]!;
        }),
      );
      try {
        yield* tasks[1]!;
      } finally {
        log("ended");
      }
    });
    expect(failure).toBe("Timed out after 50 ms.");
    expect(log.lines).toEqual(["50 ended"]);
  });

  test("that a deadline around a task of it will end", async () => {
    const { expired } = await runVirtual(() =>
      moveOnAfter(50, () =>
        taskGroup(function* (group) {
          const whole = currentTask()!;
          group.createTask(function* () {
            yield* whole;
          });
        }),
      ),
    );
    expect(expired).toBe(true);
  });

  // It cannot end what is cleaned up already.
  test("but a deadline outside of its cleanup is none for it", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(() =>
      moveOnAfter(50, function* () {
        const one: Task<void> = createTask(function* one(): Awaitable<void> {
          yield* two;
        });
        const two: Task<void> = createTask(
          () =>
            moveOnAfter(10, function* () {
              try {
                yield* sleepForever();
              } finally {
                try {
                  yield* one;
                } catch (error) {
                  log((error as Error).name);
                }
              }
            }) as Awaitable<never>,
        );
        yield* two;
      }),
    );
    expect(log.lines).toEqual(["10 DeadlockError"]);
  });

  test("where one of them waits for a future, too", async () => {
    const value = await runVirtual(function* () {
      const gate = new Future<string>();
      const one: Task<string> = createTask(() => two);
      const two: Task<string> = createTask(() => three);
      const three: Task<string> = createTask(() => gate);
      createTask(function* () {
        yield* sleep(10);
        gate.setResult("open");
      });
      return yield* one;
    });
    expect(value).toBe("open");
  });

  test("where tasks wait for each other in a line, however long", async () => {
    const TASKS = 20_000;
    const sum = await runVirtual(function* () {
      const tasks: Task<number>[] = [];
      for (let i = 0; i < TASKS; i++) {
        tasks.push(
          createTask(function* (): Awaitable<number> {
            yield* sleep(i % 7); // each begins to wait when others do, for one that does
            return i === TASKS - 1 ? 0 : 1 + (yield* tasks[i + 1]!);
          }),
        );
      }
      return yield* tasks[0]!;
    });
    expect(sum).toBe(TASKS - 1);
  });

  test("exactly those are who are in one: whoever waits for them hears of it from them", async () => {
    const graph = fc.array(fc.integer({ min: -2, max: 7 }), { minLength: 8, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(graph, async (waitsFor) => {
        const told: number[] = [];
        const failed: number[] = [];
        await runVirtual(function* () {
          const tasks: Task<void>[] = waitsFor.map((target, i) =>
            createTask(
              function* (): Awaitable<void> {
                yield* sleep(1);
                if (target >= 0 && target !== i) yield* tasks[target]!;
                else yield* sleep(5);
              },
              { name: `${i}` },
            ),
          );
          for (const task of tasks) task.addDoneCallback(() => {}); // somebody hears of each
          for (const [i, task] of tasks.entries()) {
            try {
              yield* task;
            } catch (error) {
              failed.push(i);
              for (const { task } of (error as DeadlockError).waiting) told.push(parseInt(task, 10));
            }
          }
        });
        const next = (i: number): number => (waitsFor[i] === i ? -1 : waitsFor[i]!);
        const reaches = (i: number, goal: (at: number) => boolean): boolean => {
          let at = next(i);
          for (let step = 0; step < 8 && at >= 0; step++, at = next(at)) if (goal(at)) return true;
          return false;
        };
        const inCircle = waitsFor.map((_, i) => i).filter((i) => reaches(i, (at) => at === i));
        expect([...new Set(told)].sort((a, b) => a - b)).toEqual(inCircle);
        const stuck = waitsFor
          .map((_, i) => i)
          .filter((i) => inCircle.includes(i) || reaches(i, (at) => inCircle.includes(at)));
        expect(failed).toEqual(stuck);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a wait that is made with `park`", () => {
  /** A lock as it could be built: one holder, who need not be the one that lets go. */
  class Lock {
    #holder: Task<unknown> | undefined;
    readonly #queue: { wait: ParkedWait<void>; task: Task<unknown> }[] = [];
    readonly name: string;
    constructor(name: string) {
      this.name = name;
    }
    acquire(): Awaitable<void> {
      const lock = this;
      return coroutine(function* acquire(): Awaitable<void> {
        const task = currentTask()!;
        if (lock.#holder === undefined) {
          lock.#holder = task;
          return;
        }
        const holders = (): Task<unknown>[] => [lock.#holder!];
        yield* park<void>({ label: `lock "${lock.name}"`, external: false, holders }, (wait) => {
          lock.#queue.push({ wait, task });
        });
      })();
    }
    release(): void {
      this.#holder = undefined;
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        if (!next.wait.complete()) continue;
        this.#holder = next.task;
        return;
      }
    }
  }

  test("S23: tells of circles when it says who holds what is waited for", async () => {
    const log = transcript({ tasks: false });
    const [a, b] = [new Lock("a"), new Lock("b")];
    const both = coroutine(function* both(name: string, first: Lock, second: Lock): Awaitable<void> {
      yield* first.acquire();
      try {
        yield* sleep(10);
        yield* second.acquire();
        second.release();
        log(name);
      } finally {
        first.release();
      }
    });
    const failure = await failureOf(function* () {
      createTask(sleepForever());
      yield* all([both("one", a, b), both("two", b, a)]);
    });
    expect(failure).toBe(`${CIRCLE}\n  both waits for lock "b"\n  both waits for lock "a"`);
    expect(log.lines).toEqual([]);
  });

  test("S23: is told when whoever holds it has ended", async () => {
    const lock = new Lock("db");
    const failure = await failureOf(function* () {
      createTask(sleepForever());
      yield* createTask(() => lock.acquire());
      yield* lock.acquire();
    });
    expect(failure).toBe('Cannot go on: whoever could end this wait has ended.\n  main waits for lock "db"');
  });

  test("goes on waiting while a holder does anything else", async () => {
    const lock = new Lock("db");
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const holder = createTask(function* () {
        yield* lock.acquire();
        yield* createTask(() => sleep(10));
        lock.release();
      });
      yield* sleep(1);
      yield* lock.acquire();
      log("acquired");
      yield* holder;
    });
    expect(log.lines).toEqual(["10 acquired"]);
  });
});
