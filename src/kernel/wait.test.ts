import { describe, expect, test } from "vitest";
import {
  cancelScope,
  cede,
  coroutine,
  createTask,
  Future,
  shield,
  sleep,
  taskGroup,
  timeout,
  type Awaitable,
} from "../index.ts";
import { park, type ParkedWait, type Signal } from "../lowlevel.ts";
import { runVirtual } from "../testing/index.ts";

/** What a task sees that waits for a future inside a scope, and then gives way once. */
type Event = "set" | "fail" | "cancel the task" | "cancel the scope" | "cancel the scope around";

async function seen(events: readonly Event[], inTurns = false): Promise<string> {
  const lines: string[] = [];
  await runVirtual(function* () {
    const future = new Future<string>();
    const scopes: { cancel(): void }[] = [];
    const task = createTask(function* () {
      const { cancelled } = yield* cancelScope(function* (outer) {
        const { cancelled } = yield* cancelScope(function* (inner) {
          scopes.push(inner, outer);
          try {
            lines.push(yield* future);
          } catch (error) {
            lines.push((error as Error).message);
          }
          yield* cede();
          lines.push("body ends");
        });
        lines.push(cancelled ? "inner cancelled" : "inner ended");
        yield;
        lines.push("outer body ends");
      });
      lines.push(cancelled ? "outer cancelled" : "outer ended");
      yield;
      lines.push("task ends");
    });
    const actions: Record<Event, () => unknown> = {
      set: () => future.setResult("value"),
      fail: () => future.setError(new Error("failed")),
      "cancel the task": () => task.cancel(),
      "cancel the scope": () => scopes[0]!.cancel(),
      "cancel the scope around": () => scopes[1]!.cancel(),
    };
    yield* sleep(1);
    for (const event of events) {
      if (!inTurns) actions[event]();
      else {
        createTask(function* () {
          actions[event]();
        });
      }
    }
    yield* sleep(5);
    if (task.cancelled) lines.push("task cancelled");
  });
  return lines.join(", ");
}
const VALUES: Record<string, string> = { set: "value", fail: "failed" };
/** From the inside out: the outermost of those that come takes all. */
const CANCELS: Record<string, string> = {
  "cancel the scope": "inner cancelled, outer body ends, outer ended, task ends",
  "cancel the scope around": "outer cancelled, task ends",
  "cancel the task": "task cancelled",
};

describe("S7: exactly one of complete, fail and cancel wins a wait", () => {
  test.each<[Event, string]>([
    ["set", "value, body ends, inner ended, outer body ends, outer ended, task ends"],
    ["fail", "failed, body ends, inner ended, outer body ends, outer ended, task ends"],
    ...(Object.entries(CANCELS) as [Event, string][]),
  ])("alone: %s", async (event, expected) => {
    expect(await seen([event])).toBe(expected);
  });

  const cancels = Object.keys(CANCELS) as Event[];
  const pairs = cancels.flatMap((cancel) => [
    ...Object.keys(VALUES).map(
      (value) => [value as Event, cancel, `${VALUES[value]}, ${CANCELS[cancel]}`] as const,
    ),
    ...Object.keys(VALUES).map((value) => [cancel, value as Event, CANCELS[cancel]!] as const),
    ...cancels
      .filter((other) => other !== cancel)
      .map((other) => {
        const outermost = Math.max(cancels.indexOf(cancel), cancels.indexOf(other));
        return [cancel, other, CANCELS[cancels[outermost]!]!] as const;
      }),
  ]);
  test.each(pairs)("in one turn: %s, then %s", async (first, second, expected) => {
    expect(await seen([first, second])).toBe(expected);
    expect(await seen([first, second], true)).toBe(expected);
  });

  test("a giver whose claim is refused goes on to the next: nothing is lost, in whatever order they are cancelled", async () => {
    for (const gone of [[0], [1], [2], [0, 1], [1, 0], [1, 2], [0, 1, 2]]) {
      const waiting: ParkedWait<string>[] = [];
      const got: string[] = [];
      await runVirtual(function* () {
        const tasks = [0, 1, 2].map((i) =>
          createTask(function* () {
            const item = yield* park<string>({ label: "an item" }, (wait) => void waiting.push(wait));
            got.push(`${i} ${item}`);
          }),
        );
        yield;
        for (const i of gone) void tasks[i]!.cancel();
        const items = ["a", "b", "c"];
        for (const wait of waiting) if (wait.complete(items[0]!)) items.shift();
        for (const i of gone) void tasks[i]!.cancel();
        yield;
        const stay = [0, 1, 2].filter((i) => !gone.includes(i));
        expect(got).toEqual(stay.map((i, n) => `${i} ${"abc"[n]}`));
        expect(items).toEqual(["a", "b", "c"].slice(stay.length));
      });
    }
  });

  test("whoever ends a wait twice is refused the second time, also while it is arranged, also after the end", async () => {
    const answers: boolean[] = [];
    const wait = park<number>({ label: "a number" }, (wait) => {
      answers.push(wait.complete(1), wait.complete(2), wait.fail(new Error("no")));
      queueMicrotask(() => answers.push(wait.complete(3), wait.fail(new Error("no"))));
    });
    expect(await runVirtual(() => wait)).toBe(1);
    await Promise.resolve();
    expect(answers).toEqual([true, false, false, false, false]);
  });
});

describe("S5: a cede is complete only when its task is resumed: a cancellation that comes first wins", () => {
  test.each<[string, () => Awaitable<void>]>([
    ["a bare yield", coroutine(function* () { yield; })], // prettier-ignore
    ["cede()", () => cede()],
  ])("%s", async (_, giveWay) => {
    const lines: string[] = [];
    await runVirtual(function* () {
      const task = createTask(function* () {
        try {
          yield* giveWay();
          lines.push("wrong");
        } finally {
          lines.push("finally");
        }
      });
      yield;
      expect(task.state).toBe("ready");
      void task.cancel();
      yield* task.cancel();
      expect(task.cancelled).toBe(true);
    });
    expect(lines).toEqual(["finally"]);
  });

  test("what comes a moment later finds it resumed", async () => {
    const lines: string[] = [];
    await runVirtual(function* () {
      const task = createTask(function* () {
        yield;
        lines.push("resumed");
        yield;
        lines.push("wrong");
      });
      yield;
      createTask(function* () {
        void task.cancel(); // behind it in the queue
      });
      yield* sleep(1);
    });
    expect(lines).toEqual(["resumed"]);
  });
});

describe("S8: a `finally` on its normal way out is cut short by a cancellation", () => {
  const leaving = coroutine(function* leaving(lines: string[], error: Error | null): Awaitable<string> {
    try {
      try {
        if (error !== null) throw error;
        return "result";
      } finally {
        lines.push("begins");
        yield* sleep(5);
        lines.push("wrong");
      }
    } catch {
      lines.push("wrong: caught");
      return "wrong";
    } finally {
      yield* sleep(5); // this one runs because of the cancellation: it completes
      lines.push("outer finally");
    }
  });
  test.each([
    ["and its result with it", null],
    ["and an error in flight is lost: nobody can see it", new Error("in flight")],
  ])("%s", async (_, error) => {
    const lines: string[] = [];
    await runVirtual(function* () {
      const task = createTask(leaving(lines, error));
      yield* sleep(1);
      yield* task.cancel();
      expect([task.cancelled, task.error()]).toMatchObject([true, { name: "CancelledError" }]);
    });
    expect(lines).toEqual(["begins", "outer finally"]);
  });

  test("a shield in it holds it, and what was in flight arrives", async () => {
    const error = await runVirtual(function* () {
      const task = createTask(function* (): Awaitable<void> {
        try {
          throw new Error("in flight");
        } finally {
          yield* shield(() => sleep(5));
        }
      });
      yield* sleep(1);
      try {
        yield* task.cancel();
      } catch (error) {
        return error;
      }
    });
    expect(error).toEqual(new Error("in flight"));
  });
});

describe("an awaitable that is polled by hand", () => {
  const poll = <T>(it: Iterator<Signal | undefined, T, void>): IteratorResult<Signal | undefined, T> =>
    it.next(undefined);
  /** What `yield*` does, in part: it hands on neither `return` nor `throw`. */
  function* byHand<T>(awaitable: Awaitable<T>): Generator<Signal | undefined, T, void> {
    const it = awaitable[Symbol.iterator]();
    let result = poll(it);
    while (!result.done) {
      yield result.value;
      result = poll(it);
    }
    return result.value;
  }

  test("and handed on to the loop is awaited like any other", async () => {
    const sum = coroutine(function* sum(a: number, b: number): Awaitable<number> {
      yield* sleep(1);
      yield;
      return a + b;
    });
    const failing = coroutine(function* failing(): Awaitable<never> {
      yield* sleep(1);
      throw new Error("failed");
    });
    expect(await runVirtual(() => byHand(sum(1, 2)))).toBe(3);
    await expect(runVirtual(() => byHand(failing()))).rejects.toThrow("failed");
    await runVirtual(() => byHand(cede()));
  });

  test("is cancelled like any other: the claim is not the iterator's", async () => {
    const lines: string[] = [];
    const work = coroutine(function* work(): Awaitable<void> {
      try {
        yield* byHand(
          park<void>({ label: "a tick" }, () => {
            lines.push("arranged");
            return () => lines.push("undone");
          }),
        );
      } finally {
        yield* byHand(sleep(1));
        lines.push("work cleaned up");
      }
    });
    await runVirtual(function* () {
      const task = createTask(function* () {
        try {
          yield* byHand(work());
          lines.push("wrong");
        } finally {
          yield* byHand(sleep(1));
          lines.push("task cleaned up");
        }
      });
      yield;
      yield* task.cancel();
    });
    expect(lines).toEqual(["arranged", "undone", "work cleaned up", "task cleaned up"]);
  });

  const cedes = coroutine(function* cedes(): Awaitable<void> {
    yield;
  });
  const parks: Record<string, () => Awaitable<unknown>> = {
    "a sleep": () => sleep(1),
    "cede()": () => cede(),
    "a coroutine that gives way": () => cedes(),
    "a group that is empty": () => taskGroup(function* () {}),
    "a timeout": () => timeout(5, cedes),
  };
  const both = Object.entries(parks).flatMap(([one, first]) =>
    Object.entries(parks).map(([two, second]) => [one, two, first, second] as const),
  );
  test.each(both)("is refused while another is parked: after %s, %s", async (_, what, first, second) => {
    const messages: string[] = [];
    await runVirtual(function* () {
      poll(first()[Symbol.iterator]());
      try {
        poll(second()[Symbol.iterator]());
      } catch (error) {
        messages.push((error as Error).message.split(":", 1)[0]!);
      }
    }).catch(() => {});
    const label = { "a sleep": "sleep 1 ms", "cede()": "cede()" }[what] ?? "a coroutine";
    expect(messages).toEqual([`Cannot poll ${label}`]);
  });

  test("is refused in a later step as well, and the wait that was there is taken back", async () => {
    const lines: string[] = [];
    const program = runVirtual(function* () {
      poll(park({ label: "a tick" }, () => () => lines.push("undone"))[Symbol.iterator]());
      yield;
      for (const second of [sleep(1), cedes()]) {
        try {
          poll(second[Symbol.iterator]());
        } catch (error) {
          lines.push((error as Error).message.split(":", 1)[0]!);
        }
      }
    });
    await expect(program).rejects.toThrow("it polled an awaitable by hand and left it parked");
    expect(lines).toEqual(["Cannot poll sleep 1 ms", "Cannot poll a coroutine", "undone"]);
  });
});
