import { describe, expect, test } from "vitest";
import {
  all,
  allTasks,
  coroutine,
  createTask,
  currentTask,
  EventLoop,
  InvalidStateError,
  runSync,
  sleep,
  sleepForever,
  taskGroup,
  type Awaitable,
  type Task,
} from "../index.ts";
import { runVirtual, transcript } from "../testing/index.ts";
import { after, failing } from "../../tests/support/small.ts";

const turns = coroutine(function* turns(n: number): Awaitable<void> {
  for (let i = 0; i < n; i++) yield;
});

describe("a life", () => {
  test("ready, running, parked, done", async () => {
    const states: string[] = [];
    await runVirtual(function* () {
      const task: Task<string> = createTask(function* () {
        states.push(task.state);
        yield* sleep(5);
        states.push(task.state);
        return "result";
      });
      states.push(task.state);
      yield;
      states.push(task.state, String(task.waitingFor), String(task.done));
      yield* task;
      states.push(task.state, String(task.waitingFor), String(task.done), task.result());
    });
    expect(states).toEqual([
      "ready",
      "running",
      "parked",
      "sleep 5 ms",
      "false",
      "running",
      "done",
      "undefined",
      "true",
      "result",
    ]);
  });

  test("its name is its function's, or the given one, and its number", async () => {
    await runVirtual(function* () {
      const one = createTask(after(1, 1));
      const two = createTask(after(1, 1), { name: "crawl" });
      const three = createTask(() => after(1, 1));
      const four = createTask(sleep(1));
      const five = createTask(function* walk() {});
      expect([one, two, three, four, five].map((task) => task.name)).toEqual([
        `after#${one.id}`,
        `crawl#${two.id}`,
        `task#${three.id}`,
        `task#${four.id}`,
        `walk#${five.id}`,
      ]);
      expect(two.id).toBe(one.id + 1);
      expect(currentTask()!.name).toMatch(/^main#\d+$/);
    });
  });

  test("result() and error() wait until it is done", async () => {
    await runVirtual(function* () {
      const [good, bad] = [createTask(after(1, 7)), createTask(failing(1, "bad"))];
      bad.addDoneCallback(() => {}); // observed
      for (const read of [() => good.result(), () => good.error()]) {
        expect(read).toThrow(
          new InvalidStateError(
            `Cannot read the outcome of task ${good.name}: it is not done. Await it with \`yield*\` first.`,
          ),
        );
      }
      yield* sleep(2);
      expect([good.result(), good.error()]).toEqual([7, undefined]);
      expect(() => bad.result()).toThrow("bad");
      expect(bad.error()).toMatchObject({ message: "bad" });
      expect([good.cancelled, bad.cancelled]).toEqual([false, false]);
    });
  });

  test("S6: of a cancelled one, result() and error() are the CancelledError", async () => {
    await runVirtual(function* () {
      const task = createTask(sleepForever(), { name: "sleeper" });
      task.cancel("enough");
      yield;
      expect(task.cancelled).toBe(true);
      const [name, by] = [task.name, currentTask()!.name];
      expect(task.error()).toMatchObject({
        name: "CancelledError",
        message: `task ${name} was cancelled by ${by}: enough`,
        reason: "enough",
        task: name,
        by,
      });
      expect(() => task.result()).toThrow(`task ${name} was cancelled by ${by}: enough`);
    });
  });
});

test("S6: a reason may be anything", async () => {
  const messages = await runVirtual(function* () {
    const messages: string[] = [];
    for (const reason of [
      new Error("an error"),
      Symbol("s"),
      Object.create(null),
      0,
      null,
      undefined,
    ] as unknown[]) {
      const task = createTask(sleepForever(), { name: "gone" });
      yield* task.cancel(reason);
      expect(task.error()).toMatchObject({ reason });
      messages.push((task.error() as Error).message.replace(/#\d+/g, ""));
    }
    return messages;
  });
  const head = "task gone was cancelled by main";
  expect(messages).toEqual([
    `${head}: an error`,
    `${head}: Symbol(s)`,
    `${head}: an object`,
    `${head}: 0`,
    `${head}: null`,
    head,
  ]);
});

describe("S19: order", () => {
  test("a task starts in the next turn, first in, first out", async () => {
    const order: string[] = [];
    await runVirtual(function* () {
      for (const name of ["a", "b", "c"]) {
        createTask(function* () {
          order.push(name);
          createTask(function* () {
            order.push(`child of ${name}`);
          });
          yield;
          order.push(`${name} again`);
        });
      }
      order.push("main goes on");
      yield;
      order.push("main again");
      yield* turns(3);
    });
    expect(order).toEqual([
      "main goes on",
      "a",
      "b",
      "c",
      "main again",
      "child of a",
      "a again",
      "child of b",
      "b again",
      "child of c",
      "c again",
    ]);
  });

  test("those who await one task are woken in the order they came", async () => {
    const order: number[] = [];
    await runVirtual(function* () {
      const task = createTask(after(5, "x"));
      for (let i = 0; i < 5; i++) {
        createTask(function* () {
          yield* task;
          order.push(i);
        });
      }
      yield* sleep(10);
    });
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test("S20: a bare yield and cede() are one turn each", async () => {
    const order: string[] = [];
    const walk = coroutine(function* walk(name: string) {
      for (let i = 0; i < 3; i++) {
        order.push(`${name}${i}`);
        yield;
      }
    });
    await runVirtual(() => all([walk("a"), walk("b")]));
    expect(order).toEqual(["a0", "b0", "a1", "b1", "a2", "b2"]);
  });

  test("awaiting a task that is done takes no turn", async () => {
    const order: string[] = [];
    await runVirtual(function* () {
      const task = createTask(after(1, "x"));
      yield* task;
      createTask(function* () {
        order.push("other");
      });
      for (let i = 0; i < 3; i++) yield* task;
      order.push("main");
      yield;
    });
    expect(order).toEqual(["main", "other"]);
  });

  test("a chain of 100,000 tasks, each awaiting the one before, ends", () => {
    const result = runSync(function* () {
      let last: Task<number> = createTask(function* () {
        yield* turns(3);
        return 0;
      });
      for (let i = 0; i < 100_000; i++) {
        const before = last;
        last = createTask(function* () {
          return 1 + (yield* before);
        });
      }
      return yield* last;
    });
    expect(result).toBe(100_000);
  });

  test("a chain of 100,000 tasks, each given to the next as its body, ends", () => {
    const result = runSync(function* () {
      let last: Task<string> = createTask(function* () {
        yield* turns(3);
        return "at last";
      });
      for (let i = 0; i < 100_000; i++) last = createTask(last);
      return yield* last;
    });
    expect(result).toBe("at last");
  });
});

describe("awaiting", () => {
  test("oneself is refused at once", async () => {
    const program = runVirtual(function* () {
      const task: Task<void> = createTask(function* self(): Awaitable<void> {
        yield* task;
      });
      yield* task;
    });
    await expect(program).rejects.toThrow(
      /^Cannot await task self#\d+ from inside itself: it would wait for ever. Return, and let another task await it.$/,
    );
  });

  test("S6: a cancelled task is caught like any error, and cancelling the awaiter leaves the awaited alone", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      const slow = createTask(after(50, "slow"));
      const awaiter = createTask(slow);
      yield;
      awaiter.cancel("no time");
      try {
        yield* awaiter;
      } catch (error) {
        log(`${(error as Error).name}: ${String((error as { reason?: unknown }).reason)}`);
      }
      log(yield* slow);
    });
    expect(log.lines).toEqual(["0 CancelledError: no time", "50 slow"]);
  });

  test("each awaiter of a failed task is thrown the same error", async () => {
    const caught = await runVirtual(function* () {
      const task = createTask(failing(5, "same"));
      const look = coroutine(function* look(): Awaitable<unknown> {
        try {
          return yield* task;
        } catch (error) {
          return error;
        }
      });
      return yield* all([look(), look(), look()]);
    });
    expect(new Set(caught).size).toBe(1);
  });
});

test("allTasks are those of the loop that have not ended", async () => {
  await runVirtual(function* () {
    const names = () => allTasks().map((task) => task.name.replace(/\d/g, ""));
    expect(names()).toEqual(["main#"]);
    const task = createTask(after(1, 1));
    yield* taskGroup(function* (group) {
      group.createTask(after(1, 1), { name: "child" });
      expect(names()).toEqual(["main#", "child#", "after#"]); // a task's own children come before the next
    });
    yield* task;
    expect(names()).toEqual(["main#"]);
  });
  expect(() => allTasks()).toThrow("Cannot tell the running loop: no task is running here.");
});

describe("S26: in async functions", () => {
  test("`await task` gives the result", async () => {
    const loop = new EventLoop();
    const task = loop.createTask(turns(3));
    expect(await loop.createTask(() => task)).toBeUndefined();
    expect(await loop.createTask(after(0, "result"))).toBe("result");
  });

  test("`await task` throws the error, and was the observer", async () => {
    const loop = new EventLoop();
    const task = loop.createTask(failing(0, "bad"));
    await expect(task).rejects.toThrow("bad");
    await expect(task.then(null)).rejects.toThrow("bad"); // again, now that it is done
  });

  test("`await` of a cancelled task throws a CancelledError", async () => {
    const loop = new EventLoop();
    const task = loop.createTask(sleepForever());
    task.cancel("gone");
    await expect(task).rejects.toMatchObject({ name: "CancelledError", reason: "gone", by: undefined });
  });

  test("then() takes what a promise's takes", async () => {
    const loop = new EventLoop();
    expect(await loop.createTask(after(0, 20)).then((n) => n + 1)).toBe(21);
    expect(await loop.createTask(failing(0, "bad")).then(null, () => "mended")).toBe("mended");
    expect(await Promise.all([loop.createTask(after(0, 1)), loop.createTask(after(0, 2))])).toEqual([1, 2]);
  });
});
