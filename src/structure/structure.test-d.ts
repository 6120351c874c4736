import { describe, expectTypeOf, test } from "vitest";
import {
  cancelScope,
  coroutine,
  moveOnAfter,
  shield,
  sleep,
  taskGroup,
  timeout,
  type Awaitable,
  type CancelScope,
  type Task,
  type TaskGroup,
} from "../index.ts";

const one = coroutine(function* one() {
  yield;
  return 1;
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
