/** Restarts of supervised tasks in every order of small programs, and in many orders of bigger ones. */
import { describe, expect, test } from "vitest";
import {
  CancelledError,
  Channel,
  createTask,
  runningLoop,
  Schedule,
  shield,
  sleep,
  supervise,
  type Awaitable,
  type Task,
} from "../../src/index.ts";
import { everyOrder, finished, randomSchedules, same, steps } from "../support/explored.ts";

/** As a `RestartPolicy`, with a delay that is always the same. */
interface Policy {
  readonly limit: number;
  readonly within?: number;
  readonly delay: number;
}

/** What became of one task that fails again and again, and of the group; checked against the policy by hand. */
class Life {
  readonly #policy: Policy;
  /** When each try has begun, and how many are under way. */
  readonly #starts: number[] = [];
  #open = 0;
  readonly #failures: { readonly at: number; readonly message: string }[] = [];
  readonly #told: string[] = [];

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** Fails each time that `fails` gives true, which is asked with the number of the try. Takes a step to close what it opened. */
  body(fails: (n: number) => Awaitable<boolean>): () => Awaitable<number> {
    const life = this;
    return function* worker(): Awaitable<number> {
      const n = life.#starts.push(runningLoop().time()) - 1;
      if (++life.#open > 1) throw new Error("A try began before the last one was closed.");
      try {
        if (!(yield* fails(n))) return n;
        life.#failures.push({ at: runningLoop().time(), message: `failure ${n}` });
        throw new Error(`failure ${n}`);
      } finally {
        yield* shield(steps(2));
        life.#open--;
      }
    };
  }

  tell(error: unknown, count: number | undefined): void {
    this.#told.push(`${(error as Error).message}, ${count ?? "the last"}`);
  }

  /** That the tries, and what was told of them, are those of the policy. Gives the error that the group ends with, if any. */
  check(cancelled: boolean): string | undefined {
    const { limit, within = Infinity } = this.#policy;
    const restarts: number[] = [];
    const told: string[] = [];
    let hopeless: string | undefined;
    for (const { at, message } of this.#failures) {
      same(hopeless, undefined);
      const count = restarts.filter((restart) => at - restart < within).length + 1;
      if (count > limit) {
        hopeless = `Error: ${message}`;
      } else {
        restarts.push(at);
        told.push(`${message}, ${count}`);
      }
    }
    same(this.#open, 0);
    same(this.#told, told);
    const [begun, ...anew] = this.#starts;
    const due = restarts.map((at) => at + this.#policy.delay);
    // What is cancelled before its first step, or while it waits for its restart, does not begin.
    if (cancelled && (begun === undefined || anew.length < due.length)) due.pop();
    same(anew, due);
    return hopeless;
  }
}

/** Begins one task for each life, runs `body` beside them, and tells how the whole has ended. */
function* supervised(
  policy: Policy,
  lives: readonly { readonly life: Life; readonly fails: (n: number) => Awaitable<boolean> }[],
  body: (...tasks: Task<number>[]) => Awaitable<unknown>,
): Awaitable<string | undefined> {
  const tasks: Task<number>[] = [];
  try {
    yield* supervise(
      function* (group) {
        for (const { life, fails } of lives) tasks.push(group.createTask(life.body(fails)));
        yield* body(...tasks);
      },
      {
        restart: { ...policy, delay: Schedule.fixed(policy.delay) },
        onFailure: (error, task, restart) =>
          lives[tasks.indexOf(task as Task<number>)]!.life.tell(error, restart?.count),
      },
    );
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Fails so often, each time after a step. */
const failing = (times: number) =>
  function* (n: number): Awaitable<boolean> {
    yield;
    return n < times;
  };

/** How it has ended, for whoever awaits it. */
function* seen(task: Task<unknown>): Awaitable<unknown> {
  try {
    return yield* task;
  } catch (error) {
    return error instanceof CancelledError ? "cancelled" : String(error);
  }
}

describe("every order", () => {
  const cases = [0, 1, 2].flatMap((limit) => [limit, limit + 1].map((times) => ({ limit, times })));
  test.each(cases)(
    "of a task that fails $times times, who awaits it, and who cancels it: limit $limit",
    ({ limit, times }) =>
      everyOrder(function* () {
        const policy = { limit, delay: 0 };
        const life = new Life(policy);
        let task!: Task<number>;
        let awaiting!: Task<unknown>;
        const end = yield* supervised(policy, [{ life, fails: failing(times) }], function* (victim) {
          task = victim!;
          awaiting = createTask(() => seen(task));
          yield* steps(4)();
          void task.cancel();
        });
        const hopeless = life.check(task.cancelled);
        expect(end).toBe(hopeless);
        expect(yield* awaiting).toBe(hopeless ?? (task.cancelled ? "cancelled" : times));
      }),
  );

  test("of two tasks that fail, one of which is cancelled: each has its own count", () =>
    everyOrder(function* () {
      const policy = { limit: 1, delay: 0 };
      const lives = [1, 2].map((times) => ({ life: new Life(policy), fails: failing(times) }));
      let tasks: Task<number>[] = [];
      const end = yield* supervised(policy, lives, function* (...both) {
        tasks = both;
        yield;
        void both[0]!.cancel();
      });
      const [first, second] = lives.map(({ life }, n) => life.check(tasks[n]!.cancelled));
      expect(first).toBeUndefined();
      expect(second).toBe("Error: failure 1");
      expect(end).toBe(second);
    }));

  test.each([1, 2, Infinity])(
    "of a task that two others make fail, in time that passes: no more than %s within 2 ms",
    (limit) =>
      everyOrder(function* () {
        const policy = { limit, within: 2, delay: 1 };
        const life = new Life(policy);
        const poison = new Channel<null>(Infinity);
        const fails = function* (): Awaitable<boolean> {
          return !(yield* poison.receiveOrEnd()).done;
        };
        let task!: Task<number>;
        const end = yield* supervised(policy, [{ life, fails }], function* (victim) {
          task = victim!;
          const poisoners = [
            [0, 1, 3],
            [1, 2, 2],
          ].map((pauses) =>
            createTask(function* () {
              for (const ms of pauses) {
                yield* sleep(ms);
                poison.trySend(null);
              }
            }),
          );
          yield* finished(poisoners);
          poison.close();
          yield* sleep(3);
          void task.cancel();
        });
        expect(end).toBe(life.check(task.cancelled));
      }),
  );
});

test("in many orders of random programs the tries are those of the policy", { timeout: 60_000 }, async () => {
  await randomSchedules(function* (draw) {
    const policy = {
      limit: draw(4),
      within: draw(2) === 0 ? Infinity : 1 + draw(6),
      delay: draw(3),
    };
    const lives = [0, 1, 2].map(() => {
      const takes = Array.from({ length: draw(5) }, () => draw(4));
      const fails = function* (n: number): Awaitable<boolean> {
        yield* sleep(takes[n] ?? 0);
        return n < takes.length;
      };
      return { life: new Life(policy), fails };
    });
    let tasks: Task<number>[] = [];
    const end = yield* supervised(policy, lives, function* (...all) {
      tasks = all;
      for (let n = draw(4); n > 0; n--) {
        yield* sleep(draw(4));
        void all[draw(8)]?.cancel();
      }
    });
    // What fails the group cancels the others.
    const hopeless = lives.map(({ life }, n) => life.check(tasks[n]!.cancelled)).filter((error) => error);
    if (hopeless.length === 0) expect(end).toBeUndefined();
    else expect(hopeless).toContain(end);
  });
});
