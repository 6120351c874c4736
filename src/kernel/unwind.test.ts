import { describe, expect, test } from "vitest";
import {
  cancelScope,
  cede,
  coroutine,
  createTask,
  currentTask,
  moveOnAfter,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  type Awaitable,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import type { CancelNode } from "./cancel.ts";

const pause = coroutine(function* pause(ms: number): Awaitable<void> {
  yield* sleep(ms);
});

/** Cancels `body`'s task once it waits, and whoever awaits that finds it cleaned up. */
async function cancelled(body: Awaitable<unknown> | (() => Awaitable<unknown>)): Promise<void> {
  await runVirtual(function* () {
    const task = createTask(body);
    yield* sleep(1);
    yield* task.cancel();
    expect(task.cancelled).toBe(true);
  });
}

describe("Unwinding reaches frames", () => {
  test("S1: that were called by a function's inner name, as a method, through super, through plain helpers", async () => {
    const log = transcript({ tasks: false });
    const cleanUp = coroutine(function* cleanUp(name: string): Awaitable<void> {
      yield* sleep(1);
      log(name);
    });
    const recursive = coroutine(function* inner(n: number): Awaitable<void> {
      try {
        if (n > 0) yield* inner(n - 1);
        else yield* sleepForever();
        log("wrong");
      } finally {
        yield* cleanUp(`inner ${n}`);
      }
    });
    class Base {
      readonly name: string = "base";
      *work(): Awaitable<void> {
        try {
          yield* recursive(1);
          log("wrong");
        } finally {
          yield* cleanUp(`Base.work of ${this.name}`);
        }
      }
      static {
        coroutine(Base.prototype.work);
      }
    }
    class Derived extends Base {
      override readonly name = "derived";
      override *work(): Awaitable<void> {
        try {
          yield* super.work();
          log("wrong");
        } finally {
          yield* cleanUp(`Derived.work of ${this.name}`);
        }
      }
      static {
        coroutine(Derived.prototype.work);
      }
    }
    // A plain helper is part of its caller's frame: right while its finally does not suspend.
    function* helper(): Awaitable<void> {
      try {
        yield* new Derived().work();
        log("wrong");
      } finally {
        log("helper");
      }
    }
    await cancelled(function* () {
      try {
        yield* helper();
        log("wrong");
      } finally {
        yield* cleanUp("body");
      }
    });
    expect(log.lines).toEqual([
      "2 inner 0",
      "3 inner 1",
      "4 Base.work of derived",
      "5 Derived.work of derived",
      "5 helper",
      "6 body",
    ]);
  });

  test("S1: whatever stands around the wait: loops, conditions, arguments, destructuring, switch", async () => {
    const lines: string[] = [];
    const never = coroutine(function* never(): Awaitable<number[]> {
      try {
        return yield* sleepForever();
      } finally {
        yield* sleep(1);
        lines.push("never");
      }
    });
    const bodies: (() => Awaitable<unknown>)[] = [
      function* () {
        for (;;) {
          try {
            yield* never();
          } catch {
            lines.push("wrong");
            continue;
          }
        }
      },
      function* () {
        const [first = 1] = yield* never();
        lines.push(`wrong ${first}`);
      },
      function* () {
        if ((yield* never()).length > 0 || lines.push("wrong")) lines.push("wrong");
      },
      function* () {
        lines.push(`wrong ${String(yield* never())}`);
      },
      function* () {
        switch ((yield* never()).length) {
          default:
            lines.push("wrong");
        }
      },
      function* () {
        for (const item of yield* never()) lines.push(`wrong ${item}`);
      },
      function* () {
        return [...(yield* never()), lines.push("wrong")];
      },
      function* () {
        try {
          throw new Error("first");
        } catch {
          yield* never();
          lines.push("wrong");
        }
      },
      function* () {
        label: for (;;) {
          for (;;) {
            yield* never();
            lines.push("wrong");
            break label;
          }
        }
      },
    ];
    for (const body of bodies) await cancelled(body);
    expect(lines).toEqual(bodies.map(() => "never"));
  });

  test("S1: and closes the iterators of loops that it leaves, at once", async () => {
    const log = transcript({ tasks: false });
    function* items(): Generator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        log("items closed");
      }
    }
    await cancelled(function* () {
      try {
        for (const item of items()) yield* sleep(item === 3 ? 1000 : 0);
      } finally {
        yield* sleep(1);
        log("cleaned up");
      }
    });
    expect(log.lines).toEqual(["1 items closed", "2 cleaned up"]);
  });

  test("S2: with several finally blocks each, all of which wait", async () => {
    const log = transcript({ tasks: false });
    const three = coroutine(function* three(name: string, inner?: () => Awaitable<unknown>): Awaitable<void> {
      try {
        try {
          try {
            yield* inner?.() ?? sleepForever();
            log("wrong");
          } finally {
            yield* sleep(1);
            log(`${name} 1`);
          }
          log("wrong");
        } finally {
          yield;
          yield* sleep(1);
          log(`${name} 2`);
        }
      } finally {
        yield* pause(1);
        log(`${name} 3`);
      }
    });
    await cancelled(() => three("outer", () => three("inner")));
    expect(log.lines).toEqual(["2 inner 1", "3 inner 2", "4 inner 3", "5 outer 1", "6 outer 2", "7 outer 3"]);
  });

  test("S2: and leaves nothing in the tree of what can be cancelled", async () => {
    await runVirtual(function* () {
      const main = currentTask() as unknown as CancelNode;
      for (let i = 0; i < 3; i++) {
        yield* moveOnAfter(1, function* () {
          try {
            yield* pause(5);
          } finally {
            yield* pause(1);
            yield* taskGroup(function* (group) {
              group.createTask(pause(1));
            });
          }
        });
        expect(main.firstChild).toBe(null);
      }
    });
  });

  test("S1: 100,000 deep, each with a finally that waits, in time that grows with the depth", async () => {
    let entered = 0;
    let cleaned = 0;
    const deep = coroutine(function* deep(n: number): Awaitable<void> {
      entered++;
      try {
        if (n > 1) yield* deep(n - 1);
        else yield* sleepForever();
      } finally {
        yield;
        cleaned++;
      }
    });
    await cancelled(deep(100_000));
    expect([entered, cleaned]).toEqual([100_000, 100_000]);
  });

  const nestings: Record<string, (body: () => Awaitable<unknown>) => Awaitable<unknown>> = {
    timeouts: (body) => timeout(60_000, body),
    scopes: (body) => cancelScope(body),
    groups: (body) => taskGroup(body),
  };
  test.each(Object.keys(nestings))(
    "S1: of 40,000 %s in one another, in time that grows with their number",
    async (kind) => {
      const nested = (n: number): Awaitable<unknown> =>
        n === 0 ? sleepForever() : nestings[kind]!(() => nested(n - 1));
      await cancelled(() => nested(40_000));
    },
  );

  test("S1: of 20,000 tasks at once, each with a finally that waits", async () => {
    let cleaned = 0;
    await cancelled(() =>
      taskGroup(function* (group) {
        for (let i = 0; i < 20_000; i++) {
          group.createTask(function* () {
            try {
              yield* sleepForever();
            } finally {
              yield* cede();
              cleaned++;
            }
          });
        }
      }),
    );
    expect(cleaned).toBe(20_000);
  });

  test("S1: of a chain of 2,000 groups, each in a task of the one before", async () => {
    let cleaned = 0;
    const link = coroutine(function* link(n: number): Awaitable<void> {
      try {
        if (n === 0) yield* sleepForever();
        yield* taskGroup(function* (group) {
          group.createTask(link(n - 1));
        });
      } finally {
        yield* sleep(1);
        cleaned++;
      }
    });
    await cancelled(link(2000));
    expect(cleaned).toBe(2001);
  });
});
