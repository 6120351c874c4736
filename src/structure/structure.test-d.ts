import { describe, expectTypeOf, test } from "vitest";
import {
  cancelScope,
  coroutine,
  createTask,
  Future,
  moveOnAfter,
  shield,
  sleep,
  supervise,
  taskGroup,
  timeout,
  timeoutAt,
  waitFor,
  type Awaitable,
  type CancelScope,
  type Ready,
  type Task,
  type SupervisedGroup,
  type TaskGroup,
} from "../index.ts";

const one = coroutine(function* one() {
  yield;
  return 1;
});

const later = coroutine(function* later(then: () => void): Awaitable<void> {
  yield;
  then();
});

describe("taskGroup", () => {
  test("gives what its body gives", () => {
    expectTypeOf(taskGroup(() => one())).toEqualTypeOf<Awaitable<number>>();
    expectTypeOf(
      taskGroup(function* (group) {
        expectTypeOf(group).toEqualTypeOf<TaskGroup>();
        expectTypeOf(group.createTask(one())).toEqualTypeOf<Task<number>>();
        expectTypeOf(group.createTask(() => sleep(1))).toEqualTypeOf<Task<void>>();
        const task = group.createTask(function* () {
          yield;
          return "text";
        });
        return yield* task;
      }),
    ).toEqualTypeOf<Awaitable<string>>();
  });

  test("has a body that may leave the group out, and must be awaitable", () => {
    taskGroup(one);
    // @ts-expect-error -- an async function
    taskGroup(async (group) => {
      group.cancel();
    });
    // @ts-expect-error -- yields a number
    taskGroup(function* () {
      yield 5;
    });
  });
});

describe("group.start", () => {
  test("gives what ready takes", () => {
    taskGroup(function* (group) {
      expectTypeOf(group.start(() => one())).toEqualTypeOf<Awaitable<void>>();
      const port = yield* group.start(function* (ready: Ready<number>) {
        yield;
        ready(80);
        // @ts-expect-error -- no port
        ready();
      });
      expectTypeOf(port).toEqualTypeOf<number>();
      const silent = group.start(function* (ready) {
        ready();
        // @ts-expect-error -- nothing was said to be given
        ready(80);
      });
      expectTypeOf(silent).toEqualTypeOf<Awaitable<void>>();
      expectTypeOf(group.start<string>((ready) => later(() => ready("ready")))).toEqualTypeOf<
        Awaitable<string>
      >();
      // Whatever is expected of it:
      const unknown: Awaitable<unknown> = group.start((ready) => later(() => ready()));
      return unknown;
    });
  });
});

describe("supervise", () => {
  test("gives what its body gives", () => {
    expectTypeOf(supervise(() => one())).toEqualTypeOf<Awaitable<number>>();
    supervise(
      function* (group) {
        expectTypeOf(group).toEqualTypeOf<SupervisedGroup>();
        expectTypeOf(group).toExtend<TaskGroup>();
      },
      {
        onFailure(error, task) {
          expectTypeOf(error).toEqualTypeOf<unknown>();
          expectTypeOf(task).toEqualTypeOf<Task<unknown>>();
        },
      },
    );
  });
});

describe("options", () => {
  test("are checked", () => {
    taskGroup(one, { errors: "all", name: "crawl", cleanupTimeout: 5 });
    // @ts-expect-error -- neither "first" nor "all"
    taskGroup(one, { errors: "some" });
    // @ts-expect-error -- no time
    cancelScope(one, { cleanupTimeout: "5 ms" });
    taskGroup(function* (group) {
      group.createTask(one, { background: true, name: "beat" });
      // @ts-expect-error -- whoever awaits what has no group knows when it ends
      createTask(one, { background: true });
    });
  });
});

describe("waitFor", () => {
  test("gives what is awaited", () => {
    expectTypeOf(waitFor(5, one())).toEqualTypeOf<Awaitable<number>>();
    expectTypeOf(waitFor(5, one)).toEqualTypeOf<Awaitable<number>>();
    expectTypeOf(waitFor(5, createTask(one), { cancel: true })).toEqualTypeOf<Awaitable<number>>();
    expectTypeOf(waitFor(5, new Future<Date>())).toEqualTypeOf<Awaitable<Date>>();
    expectTypeOf(timeoutAt(5, one)).toEqualTypeOf<Awaitable<number>>();
    // @ts-expect-error -- a promise
    waitFor(5, Promise.resolve(1));
  });
});

describe("scopes", () => {
  test("timeout and shield give what their body gives", () => {
    expectTypeOf(timeout(5, one)).toEqualTypeOf<Awaitable<number>>();
    expectTypeOf(shield(one)).toEqualTypeOf<Awaitable<number>>();
    timeout(5, (scope) => {
      expectTypeOf(scope).toEqualTypeOf<CancelScope>();
      return one();
    });
  });

  test("moveOnAfter and cancelScope tell what happened, and the value with it", () => {
    coroutine(function* () {
      const moved = yield* moveOnAfter(5, one);
      expectTypeOf(moved.value).toEqualTypeOf<number | undefined>();
      if (!moved.expired) expectTypeOf(moved.value).toEqualTypeOf<number>();
      const scoped = yield* cancelScope(() => one());
      if (scoped.cancelled) expectTypeOf(scoped.value).toEqualTypeOf<undefined>();
      else expectTypeOf(scoped.value).toEqualTypeOf<number>();
    });
  });
});
