/**
 * Every primitive in some small program that opens and closes things, in many orders of its steps, and cancelled
 * everywhere in several of them: in each, whatever was opened is closed, and nothing is left.
 */
import { describe, expect, test } from "vitest";
import {
  abortSignal,
  all,
  allSettled,
  any,
  asCompleted,
  call,
  cancelScope,
  cede,
  ContextVar,
  coroutine,
  createTask,
  currentDeadline,
  currentTask,
  defer,
  Future,
  gracefulShutdown,
  interval,
  map,
  moveOnAfter,
  race,
  repeat,
  resource,
  runningLoop,
  Schedule,
  shield,
  sleep,
  sleepUntil,
  supervise,
  taskGroup,
  timeout,
  timeoutAt,
  toAsync,
  until,
  use,
  wait,
  waitFor,
  type Awaitable,
} from "../../src/index.ts";
import { park, type ParkedWait } from "../../src/lowlevel.ts";
import { cancelEverywhere, explore, Sequencer, waitAllParked } from "../../src/testing/index.ts";

let open = 0;

/** Opens something, takes some steps, closes it in cleanup that waits. */
const work = coroutine(function* work(steps: number, value: number = steps): Awaitable<number> {
  open++;
  try {
    for (let step = 0; step < steps; step++) yield* cede();
    return value;
  } finally {
    yield* shield(() => cede());
    open--;
  }
});

const failing = coroutine(function* failing(steps: number): Awaitable<never> {
  yield* work(steps);
  throw new Error("failed");
});

const connection = resource<number>(function* (provide) {
  open++;
  try {
    yield* provide(1);
  } finally {
    open--;
  }
});

const caught = function* (body: () => Awaitable<unknown>): Awaitable<unknown> {
  try {
    return yield* body();
  } catch (error) {
    return error;
  }
};

const variable = new ContextVar<string>("variable", { default: "none" });

const programs: Record<string, () => Awaitable<unknown>> = {
  "createTask, awaited by two": function* () {
    const task = createTask(() => work(1));
    const joins = [createTask(() => task), createTask(() => task)];
    for (const join of joins) expect(yield* join).toBe(1);
  },
  "a task that is cancelled by another": function* () {
    const task = createTask(() => work(3));
    const killer = createTask(function* () {
      yield;
      yield* task.cancel("enough");
    });
    yield* killer;
    expect(task.done).toBe(true);
  },
  "a task that cancels itself": function* () {
    const task = createTask(function* () {
      defer(() => cede());
      void currentTask()!.cancel();
      yield* work(1);
    });
    yield* caught(() => task);
    expect(task.cancelled).toBe(true);
  },
  "a future that is set by whoever comes first": function* () {
    const future = new Future<number>("first");
    const givers = [1, 2].map((n) =>
      createTask(function* () {
        yield;
        if (!future.done) future.setResult(n);
      }),
    );
    expect([1, 2]).toContain(yield* future);
    for (const giver of givers) yield* giver;
  },
  taskGroup: () =>
    taskGroup(function* (group) {
      for (let steps = 0; steps < 3; steps++) group.createTask(() => work(steps));
      group.createTask(() => work(50), { background: true });
    }),
  "taskGroup, two of which fail": function* () {
    const error = yield* caught(() =>
      taskGroup(function* (group) {
        group.createTask(() => failing(1));
        group.createTask(() => failing(1));
        group.createTask(() => work(3));
      }),
    );
    expect(error).toEqual(new Error("failed"));
  },
  "taskGroup of all errors": function* () {
    const error = yield* caught(() =>
      taskGroup(
        function* (group) {
          group.createTask(() => failing(0));
          group.createTask(() => failing(1));
        },
        { errors: "all" },
      ),
    );
    expect(error).toBeInstanceOf(AggregateError);
  },
  "group.start": () =>
    taskGroup(function* (group) {
      const port = yield* group.start<number>(function* (ready) {
        open++;
        try {
          yield;
          ready(80);
          yield* work(2);
        } finally {
          open--;
        }
      });
      expect(port).toBe(80);
    }),
  supervise: () =>
    supervise(
      function* (group) {
        group.createTask(() => failing(1));
        group.createTask(() => work(2));
      },
      { onFailure: () => {} },
    ),
  cancelScope: () =>
    cancelScope(function* (scope) {
      const task = createTask(function* () {
        yield;
        scope.cancel();
      });
      yield* work(3);
      yield* task;
    }),
  "timeout that passes together with the result": function* () {
    const result = yield* caught(() =>
      timeout(5, function* () {
        yield* sleep(5);
        return yield* work(0, 7);
      }),
    );
    expect(result === 7 || (result as Error).name === "TimeoutError").toBe(true);
  },
  "timeouts in each other with one deadline": function* () {
    const error = yield* caught(() => timeout(5, () => timeout(5, () => sleep(6))));
    expect((error as Error).name).toBe("TimeoutError");
  },
  "moveOnAfter, timeoutAt, sleepUntil": function* () {
    const end = runningLoop().time() + 4;
    const { expired } = yield* moveOnAfter(4, () =>
      timeoutAt(end + 1, function* () {
        yield* sleepUntil(end);
        expect(currentDeadline()).toBe(end);
        yield* work(1);
      }),
    );
    expect([true, false]).toContain(expired);
  },
  waitFor: function* () {
    yield* caught(() => waitFor(2, work(1)));
    yield* caught(() => waitFor(2, sleep(2)));
  },
  "shield in a timeout": () => moveOnAfter(1, () => shield(() => work(3))),
  "defer, in reverse order": function* () {
    const order: number[] = [];
    const scope = coroutine(function* (): Awaitable<void> {
      for (const n of [1, 2, 3]) {
        defer(function* () {
          yield* cede();
          order.push(n);
        });
      }
      defer(() => expect(order).toEqual([]));
      yield* work(1);
    });
    yield* scope();
    expect(order).toEqual([3, 2, 1]);
  },
  use: function* () {
    expect(yield* use(connection)).toBe(1);
    open++;
    yield* use({ [Symbol.dispose]: () => open-- });
    yield* work(1);
  },
  all: function* () {
    expect(yield* all([work(2), work(0), work(1)])).toEqual([2, 0, 1]);
  },
  "all, one of which fails": function* () {
    expect(yield* caught(() => all([work(3), failing(1), work(0)]))).toEqual(new Error("failed"));
  },
  allSettled: function* () {
    const [first, second] = yield* allSettled([work(1), failing(1)]);
    expect([first.status, second.status]).toEqual(["fulfilled", "rejected"]);
  },
  race: function* () {
    expect([1, 2]).toContain(yield* race([work(1, 1), work(1, 2)]));
  },
  any: function* () {
    yield* any([failing(0), work(2)]);
  },
  wait: function* () {
    const tasks = [createTask(() => work(1)), createTask(() => work(2))];
    const { done } = yield* wait(tasks, { returnWhen: "firstCompleted" });
    expect([...done].length).toBeGreaterThan(0);
    for (const task of tasks) yield* task;
  },
  "asCompleted, left early": function* () {
    for (const next of asCompleted([work(1), work(2), work(0)])) {
      yield* next;
      break;
    }
  },
  asCompleted: function* () {
    const values: number[] = [];
    for (const next of asCompleted([work(1), work(2), work(0)])) values.push(yield* next);
    expect(values.sort((a, b) => a - b)).toEqual([0, 1, 2]);
  },
  map: function* () {
    let running = 0;
    const doubled = yield* map(
      [1, 2, 3, 4],
      function* (n) {
        running++;
        try {
          expect(running).toBeLessThanOrEqual(2);
          yield* work(n % 2);
          return n * 2;
        } finally {
          running--;
        }
      },
      { concurrency: 2 },
    );
    expect(doubled).toEqual([2, 4, 6, 8]);
  },
  "a ContextVar": function* () {
    variable.set("outer");
    yield* taskGroup(function* (group) {
      for (const name of ["a", "b"]) {
        group.createTask(function* () {
          expect(variable.get()).toBe("outer");
          variable.set(name);
          yield* work(1);
          expect(variable.get()).toBe(name);
        });
      }
    });
    expect(variable.get()).toBe("outer");
  },
  "park, with what is given handed on": function* () {
    const waiting: ParkedWait<string>[] = [];
    let items = 2;
    const take = () =>
      park<string>({ label: "an item" }, (parked) => {
        waiting.push(parked);
      });
    yield* taskGroup(function* (group) {
      for (let n = 0; n < 2; n++) {
        group.createTask(function* () {
          yield* moveOnAfter(10, take);
        });
      }
      yield* cede();
      while (items > 0 && waiting.length > 0) if (waiting.shift()!.complete("item")) items--;
    });
  },
  "until and call": function* () {
    expect(yield* until(Promise.resolve(1))).toBe(1);
    expect(yield* call((signal) => Promise.resolve(signal.aborted))).toBe(false);
  },
  "an abort signal": function* () {
    let aborted = false;
    yield* cancelScope(function* (scope) {
      abortSignal().addEventListener("abort", () => (aborted = true));
      const task = createTask(function* () {
        yield;
        scope.cancel();
      });
      yield* task;
      yield* work(3);
    });
    yield* waitAllParked();
    expect(aborted).toBe(true);
  },
  toAsync: function* () {
    const answer = toAsync(function* () {
      yield* cede();
      return 42;
    });
    void answer;
    yield* work(1);
  },
  "callSoon and callLater": function* () {
    const called = new Future<string>();
    const loop = runningLoop();
    const later = loop.callLater(10, () => {});
    defer(() => later.cancel());
    loop.callSoon(() => {
      if (!called.done) called.setResult("soon");
    });
    expect(yield* called).toBe("soon");
  },
  interval: function* () {
    const ticks: number[] = [];
    yield* interval(
      10,
      function* (n) {
        ticks.push(n);
        yield* work(n % 2);
      },
      { last: 3 },
    );
    expect(ticks).toEqual([1, 2, 3]);
  },
  repeat: function* () {
    let calls = 0;
    yield* repeat(() => work(++calls % 2), Schedule.fixed(5).limit(2));
    expect(calls).toBe(3);
  },
  gracefulShutdown: function* () {
    const stop = new Future<void>("stop");
    const answered: number[] = [];
    const end = createTask(function* () {
      yield;
      stop.setResult();
    });
    const { drained } = yield* gracefulShutdown(stop, (shutdown) =>
      taskGroup(function* (group) {
        yield* shutdown.intake(function* () {
          for (let request = 0; request < 3; request++) {
            group.createTask(function* () {
              yield* work(2);
              answered.push(request);
            });
            yield* cede();
          }
        });
      }),
    );
    expect(drained).toBe(true);
    yield* end;
  },
  "a Sequencer": function* () {
    const sequencer = new Sequencer();
    const order: number[] = [];
    yield* taskGroup(function* (group) {
      for (const place of [2, 0, 1]) {
        group.createTask(() =>
          sequencer.at(place, function* () {
            yield* work(1);
            order.push(place);
          }),
        );
      }
    });
    expect(order).toEqual([0, 1, 2]);
  },
  waitAllParked: function* () {
    const task = createTask(() => work(2));
    yield* waitAllParked();
    yield* task;
  },
};

const messagesOf = (error: unknown): string[] =>
  error instanceof AggregateError ? error.errors.flatMap(messagesOf) : [(error as Error).message];

const isHostWork = (name: string): boolean => name.startsWith("until");

describe("in every order that is tried, what was opened is closed", () => {
  test.each(Object.entries(programs))("%s", async (_, program) => {
    const report = await explore(
      function* () {
        open = 0;
        yield* shield(program); // a frame of its own
        expect(open).toBe(0);
      },
      { budget: { schedules: 500 } },
    );
    expect(report.schedules).toBeGreaterThan(0);
  });
});

describe("wherever it is cancelled, in several orders, what was opened is closed", () => {
  test.each(Object.entries(programs))("%s", async (name, program) => {
    const points = await cancelEverywhere(
      function* () {
        open = 0;
        yield* cancelScope(program); // a frame of its own
      },
      {
        check: () => expect(open).toBe(0),
        allowError: (error) => messagesOf(error).every((message) => message === "failed"),
        schedules: isHostWork(name) ? 0 : 8,
        allow: isHostWork(name) ? ["host-work"] : [],
      },
    );
    expect(points).toBeGreaterThan(0);
  });
});
