// What a trace says of waits.
import { describe, expect, test } from "vitest";
import {
  all,
  asCompleted,
  Barrier,
  Broadcast,
  CapacityLimiter,
  cede,
  Channel,
  Condition,
  createTask,
  Event,
  Future,
  Lock,
  Once,
  RateLimiter,
  resource,
  select,
  Semaphore,
  sleep,
  taskGroup,
  until,
  use,
  Watch,
} from "cede";
import { waitAllParked } from "cede/testing";
import { holdAndWait, traceOf, wokenBy, type Program } from "../support/traces.ts";

describe("waits", () => {
  test("a sleep, a promise, a task, a future and a group: of what kind, and for which one", async () => {
    const waits = await traceOf(function* () {
      yield* sleep(5);
      yield* until(Promise.resolve());
      yield* createTask(function* child() {
        yield* cede();
      });
      const future = new Future<void>("the answer");
      yield* taskGroup(
        function* (group) {
          group.createTask(function* giver() {
            yield* sleep(1);
            future.setResult();
          });
          yield* future;
        },
        { name: "pair" },
      );
      yield* taskGroup(function* (group) {
        group.createTask(() => cede(), { name: "last" });
        yield* [];
      });
    }, "wait");
    expect(waits).toEqual([
      { t: 0, type: "wait", task: 1, kind: "sleep", label: "sleep 5 ms", external: false },
      { t: 5000, type: "wait", task: 1, kind: "promise", label: "a promise", external: true },
      {
        t: 5000,
        type: "wait",
        task: 1,
        kind: "task",
        label: "task child#2",
        external: false,
        target: { name: "child#2", task: 2 },
      },
      {
        t: 5000,
        type: "wait",
        task: 1,
        kind: "future",
        label: 'future "the answer"',
        external: true,
        target: { name: 'future "the answer"', object: 1 },
      },
      { t: 5000, type: "wait", task: 3, kind: "sleep", label: "sleep 1 ms", external: false },
      {
        t: 6000,
        type: "wait",
        task: 1,
        kind: "group",
        label: 'group "tasks", 1 of 1 left',
        external: false,
        target: { name: 'group "tasks"', object: 2 },
      },
    ]);
  });

  const named = { name: "x" };
  const waiters: [kind: string, target: string | undefined, program: Program][] = [
    [
      "start",
      "server#2",
      () =>
        taskGroup(function* (group) {
          yield* group.start(function* server(ready) {
            yield* sleep(1);
            ready();
          });
        }),
    ],
    ["tasks", undefined, () => all([() => sleep(1)])],
    [
      "tasks",
      undefined,
      function* () {
        for (const next of asCompleted([() => sleep(1)])) yield* next;
      },
    ],
    ["promise", undefined, () => until(new Promise((settle) => setTimeout(settle)))],
    ["select", undefined, () => select([sleep(1)])],
    ["lock", 'lock "x"', () => holdAndWait(new Lock(named))],
    ["semaphore", 'semaphore "x"', () => holdAndWait(new Semaphore(1, named))],
    ["limiter", 'capacity limiter "x"', () => holdAndWait(new CapacityLimiter(1, named))],
    [
      "rate",
      'rate limiter "x"',
      function* () {
        const limiter = new RateLimiter(1, 1000, named);
        yield* limiter.acquire();
        yield* limiter.acquire();
      },
    ],
    [
      "condition",
      'condition "x"',
      function* () {
        const condition = new Condition(named);
        createTask(function* () {
          yield* condition.lock.with(function* () {
            condition.notify();
            yield* cede();
          });
        });
        yield* condition.lock.with(() => condition.wait());
      },
    ],
    [
      "event",
      'event "x"',
      () =>
        wokenBy(
          new Event(named),
          (event) => event.wait(),
          (event) => event.set(),
        ),
    ],
    [
      "barrier",
      'barrier "x"',
      function* () {
        const barrier = new Barrier(2, named);
        createTask(() => barrier.wait());
        yield* barrier.wait();
      },
    ],
    [
      "once",
      'once "x"',
      function* () {
        const once = new Once(() => sleep(1), named);
        createTask(() => once.get());
        yield* cede();
        yield* once.get();
      },
    ],
    [
      "receive",
      'channel "x"',
      () =>
        wokenBy(
          new Channel<number>(1, named),
          (channel) => channel.receive(),
          (channel) => channel.trySend(1),
        ),
    ],
    [
      "send",
      'channel "x"',
      () =>
        wokenBy(
          new Channel<number>(0, named),
          (channel) => channel.send(1),
          (channel) => channel.tryReceive(),
        ),
    ],
    [
      "join",
      'channel "x"',
      function* () {
        const channel = new Channel<number>(1, named);
        channel.trySend(1);
        channel.tryReceive();
        yield* wokenBy(
          channel,
          () => channel.join(),
          () => channel.taskDone(),
        );
      },
    ],
    [
      "receive",
      'a subscription of broadcast "x"',
      function* () {
        const broadcast = new Broadcast<number>(named);
        const subscription = broadcast.subscribe(1);
        yield* wokenBy(
          broadcast,
          () => subscription.receive(),
          () => broadcast.trySend(1),
        );
      },
    ],
    [
      "watch",
      'watch "x"',
      () =>
        wokenBy(
          new Watch(0, named),
          (watch) => watch.changed(),
          (watch) => watch.set(1),
        ),
    ],
    [
      "resource",
      "the resource pool",
      function* () {
        yield* use(
          resource(function* pool(provide) {
            yield* sleep(1);
            yield* provide(1);
          }),
        );
      },
    ],
    ["other", undefined, () => waitAllParked()],
  ];
  test.each(waiters)("of the kind %s, for %s", async (kind, name, program) => {
    const waits = (await traceOf(program, "wait")) as { kind: string; target?: { name: string } }[];
    expect(waits.map((wait) => [wait.kind, wait.target?.name])).toContainEqual([kind, name]);
  });

  test("two that go by the same words are told apart", async () => {
    const waits = await traceOf(function* () {
      for (const event of [new Event(), new Event()]) {
        yield* wokenBy(
          event,
          () => event.wait(),
          () => event.set(),
        );
      }
    }, "wait");
    expect(waits).toMatchObject([
      { target: { name: "an event", object: 1 } },
      { target: { name: "an event", object: 2 } },
    ]);
  });
});
