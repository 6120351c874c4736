// Every primitive, in a program that is cancelled before and after each of its steps: it ends, nothing is left
// of it, and whatever a task took it has given back.
import { expect, test } from "vitest";
import {
  all,
  allSettled,
  any,
  asCompleted,
  cancelScope,
  cede,
  coroutine,
  createTask,
  currentDeadline,
  Future,
  map,
  moveOnAfter,
  race,
  runningLoop,
  shield,
  sleep,
  sleepForever,
  sleepUntil,
  supervise,
  taskGroup,
  timeout,
  timeoutAt,
  wait,
  waitFor,
  type Awaitable,
} from "cede";
import { park, type ParkedWait } from "cede/lowlevel";
import { cancelEverywhere } from "cede/testing";

/** The smallest lock there is: it is handed to the longest waiter that still waits. */
class Lock {
  held = false;
  readonly waiting = new Set<ParkedWait<void>>();
  *acquire(): Awaitable<void> {
    if (!this.held) this.held = true;
    else {
      yield* park<void>({ label: "a lock", external: false }, (wait) => {
        this.waiting.add(wait);
        return () => this.waiting.delete(wait);
      });
    }
  }
  release(): void {
    for (const wait of this.waiting) {
      this.waiting.delete(wait);
      if (wait.complete()) return;
    }
    this.held = false;
  }
}

/** The smallest channel: an item is with its sender, in here, or with its receiver. */
class Channel {
  sent = 0;
  received = 0;
  readonly items: number[] = [];
  readonly waiting = new Set<ParkedWait<number>>();
  send(item: number): void {
    this.sent++;
    for (const wait of this.waiting) {
      this.waiting.delete(wait);
      if (wait.complete(item)) return;
    }
    this.items.push(item);
  }
  *receive(): Awaitable<number> {
    const item = this.items.shift();
    const got =
      item ??
      (yield* park<number>({ label: "an item", external: false }, (wait) => {
        this.waiting.add(wait);
        return () => this.waiting.delete(wait);
      }));
    this.received++;
    return got;
  }
}

const pause = coroutine(function* pause(ms: number): Awaitable<number> {
  yield* sleep(ms);
  return ms;
});
const failing = coroutine(function* failing(ms: number): Awaitable<never> {
  yield* sleep(ms);
  throw new Error("expected");
});
/** Cleans up by waiting, on every way out. */
const tidy = coroutine(function* tidy(use: () => Awaitable<unknown>): Awaitable<void> {
  open++;
  try {
    yield* use();
  } finally {
    yield* shield(function* () {
      yield* sleep(1);
      yield;
    });
    open--;
  }
});
const caught = coroutine(function* caught(body: () => Awaitable<unknown>): Awaitable<void> {
  try {
    yield* body();
  } catch (error) {
    if (!/expected|Timed out|All 2 items have failed/.test(String(error))) throw error;
  }
});
const nested = coroutine(function* nested(depth: number): Awaitable<void> {
  yield* depth === 0 ? sleep(1) : tidy(() => nested(depth - 1));
});

let open = 0;
const lock = new Lock();
const channel = new Channel();

const primitives: Record<string, () => Awaitable<unknown>> = {
  "sleep()": () => sleep(2),
  "sleep() of no time": () => sleep(0),
  "sleepUntil()": function* () {
    yield* sleepUntil(runningLoop().time() + 2);
  },
  "sleepForever()": () => moveOnAfter(2, () => sleepForever()),
  "cede()": () => cede(),
  "a bare yield": function* () {
    yield;
    yield;
  },
  "coroutines ten deep": () => nested(10),
  "coroutines 200 deep, past what runs inline": () => pauseDeep(200),
  "a future that is set": function* () {
    const future = new Future<number>();
    createTask(function* () {
      yield* sleep(1);
      future.setResult(1);
    });
    yield* future;
  },
  "a future that fails": () =>
    caught(function* () {
      const future = new Future<number>();
      runningLoop().callLater(1, () => future.setError(new Error("expected")));
      yield* future;
    }),
  "a task": function* () {
    yield* createTask(() => tidy(() => pause(2)));
  },
  "a task that fails": () => caught(() => createTask(failing(2))),
  "a task that is cancelled": function* () {
    const task = createTask(() => tidy(() => sleepForever()));
    yield* sleep(1);
    yield* task.cancel();
  },
  "a task that always starts": function* () {
    yield* createTask(() => tidy(() => pause(1)), { start: "always" }).cancel();
  },
  "a wait of one's own: a lock": function* () {
    yield* lock.acquire();
    try {
      yield* sleep(1);
    } finally {
      lock.release();
    }
  },
  "a wait of one's own: a channel": function* () {
    channel.send(1);
    yield* channel.receive();
  },
  "a group": () =>
    taskGroup(function* (group) {
      group.createTask(() => tidy(() => pause(2)));
      group.createTask(pause(1));
      yield* sleep(1);
    }),
  "a group that is cancelled": function* () {
    yield* moveOnAfter(5, () =>
      cancelScope((scope) =>
        taskGroup(function* (group) {
          group.createTask(() => tidy(() => sleepForever()));
          yield;
          scope.cancel();
          yield* tidy(() => sleepForever());
        }),
      ),
    );
  },
  "a scope": () =>
    cancelScope(function* (scope) {
      scope.deadline = Math.min(currentDeadline(), runningLoop().time() + 2);
      yield* tidy(() => sleepForever());
    }),
  "a timeout in time": () => timeout(5, () => tidy(() => pause(1))),
  "a timeout that expires": () => caught(() => timeout(1, () => pause(5))),
  moveOnAfter: () => moveOnAfter(1, () => tidy(() => pause(5))),
  "a shield": () => shield(() => tidy(() => pause(2))),
  "a shield in a scope that expires": () => moveOnAfter(1, () => shield(() => tidy(() => pause(2)))),
  "all of an array": () => all([tidy(() => pause(2)), pause(1), createTask(pause(1))]),
  map: () => map([1, 2, 3, 4], (n) => tidy(() => pause(n % 2)), { concurrency: 2 }),
  asCompleted: () => takeCompleted(3),
  "asCompleted that is left early": () => takeCompleted(1),
  "a group with a task in the background": () =>
    taskGroup(function* (group) {
      group.createTask(() => tidy(() => sleepForever()), { background: true });
      group.createTask(pause(1));
    }),
  "a task that is started until it is ready": () =>
    taskGroup(function* (group) {
      yield* group.start((ready) => tidy(() => readyAfter(1, ready)));
      yield* sleep(1);
    }),
  "tasks that fail alone": () =>
    supervise(function* (group) {
      for (const ms of [1, 2]) group.createTask(() => tidy(() => failing(ms)));
      yield* tidy(() => pause(1));
    }),
  "cleanup that is abandoned": () =>
    moveOnAfter(
      1,
      () =>
        taskGroup(function* (group) {
          group.createTask(() => stuckAfter(2));
          yield* stuckAfter(2);
        }),
      { cleanupTimeout: 2 },
    ),
  "waitFor a task that is cancelled if it is late": () => waitFor(5, createTask(pause(1)), { cancel: true }),
  "timeoutAt in time": () => timeoutAt(runningLoop().time() + 5, () => tidy(() => pause(1))),
  allSettled: () => allSettled({ a: tidy(() => failing(1)), b: createTask(pause(1)), c: pause(2) }),
  race: () => race([tidy(() => pause(3)), tidy(() => pause(1)), createTask(pause(2))]),
  any: () => any({ a: tidy(() => failing(1)), b: tidy(() => pause(2)), c: tidy(() => pause(3)) }),
  wait: function* () {
    const tasks = [1, 2, 3].map((ms) => createTask(() => tidy(() => pause(ms))));
    yield* wait(tasks, { returnWhen: "firstCompleted" });
    yield* wait(tasks, { timeout: 1 });
    yield* wait(tasks);
  },
};
/**
 * Failures that wait for cleanup elsewhere. A cancellation from outside takes such a one on, past whoever would
 * catch it (S12), and the program fails: so they are tried where none comes through.
 */
const failures: typeof primitives = {
  "a group that fails": () =>
    caught(() =>
      taskGroup(function* (group) {
        group.createTask(() => tidy(() => failing(1)));
        group.createTask(() => tidy(() => sleepForever()));
        yield* tidy(() => sleepForever());
      }),
    ),
  "race that fails": () => caught(() => race([tidy(() => failing(1)), tidy(() => pause(3))])),
  "any of which all fail": () => caught(() => any([failing(1), tidy(() => failing(2))])),
  "waitFor that is late": () =>
    caught(() =>
      waitFor(
        1,
        tidy(() => pause(5)),
      ),
    ),
  "a task that fails before it is ready": () =>
    caught(() => taskGroup((group) => group.start(() => tidy(() => failing(1))))),
  "a group that throws all its errors": () =>
    caught(() =>
      taskGroup(
        function* (group) {
          for (let i = 0; i < 2; i++) group.createTask(() => tidy(() => failing(1)));
          yield* tidy(() => sleepForever());
        },
        { errors: "all" },
      ),
    ),
  "all of a record, one of which fails": () =>
    caught(() => all({ a: tidy(() => failing(1)), b: tidy(() => pause(5)) })),
  "map that fails": () => caught(() => map([1, 2, 3], (n) => tidy(() => (n === 2 ? failing(1) : pause(3))))),
};
const pauseDeep = coroutine(function* pauseDeep(depth: number): Awaitable<void> {
  if (depth > 0) return yield* pauseDeep(depth - 1);
  yield* sleep(1);
});
const readyAfter = coroutine(function* readyAfter(ms: number, ready: () => void): Awaitable<void> {
  yield* sleep(ms);
  ready();
  yield* sleep(ms);
});
/** Its cleanup would wait for ever. */
const stuckAfter = coroutine(function* stuckAfter(ms: number): Awaitable<void> {
  open++;
  let ended = false;
  try {
    yield* sleep(ms);
    ended = true;
  } finally {
    open--;
    if (!ended) yield* sleepForever();
  }
});
const takeCompleted = coroutine(function* takeCompleted(count: number): Awaitable<void> {
  for (const next of asCompleted([pause(1), tidy(() => pause(2)), pause(3)])) {
    yield* next;
    if (--count === 0) break;
  }
});

const programs: Record<string, (use: () => Awaitable<unknown>) => () => Awaitable<unknown>> = {
  "by main": (use) => () => tidy(use),
  "by two tasks at once": (use) => () => all([tidy(use), tidy(use)]),
  "in a cleanup": (use) =>
    function* () {
      yield* moveOnAfter(1, function* () {
        open++;
        try {
          yield* sleepForever();
        } finally {
          yield* shield(use); // on its way out nothing else would hold a cancellation back
          open--;
        }
      });
    },
  "in a shield": (use) => () => shield(() => tidy(use)),
  "in a task of a group that fails meanwhile": (use) => () =>
    caught(() =>
      taskGroup(function* (group) {
        group.createTask(() => tidy(use));
        group.createTask(() => tidy(use));
        yield* failing(1);
      }),
    ),
};

const table = Object.entries(programs).flatMap(([where, program]) => {
  const guarded = where === "in a cleanup" || where === "in a shield";
  const uses = guarded ? { ...primitives, ...failures } : primitives;
  return Object.entries(uses).map(([what, use]) => [what, where, program(use)] as const);
});

test.each(table)("%s, awaited %s", async (_, __, main) => {
  const points = await cancelEverywhere(main, {
    check() {
      expect(open).toBe(0);
      expect([lock.held, lock.waiting.size]).toEqual([false, 0]);
      expect([channel.received + channel.items.length, channel.waiting.size]).toEqual([channel.sent, 0]);
    },
  });
  expect(points).toBeGreaterThan(1);
});
