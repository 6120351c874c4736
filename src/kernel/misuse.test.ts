import { describe, expect, test } from "vitest";
import {
  all,
  asCompleted,
  cede,
  coroutine,
  createTask,
  Future,
  InvalidStateError,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  until,
  type Awaitable,
} from "../index.ts";
import { park } from "../lowlevel.ts";
import { runVirtual } from "../testing/index.ts";

const answer = coroutine(function* answer(): Awaitable<number> {
  yield* sleep(1);
  return 42;
});

describe("S20: what is awaitable is no collection", () => {
  const byHand = (what: string) =>
    new TypeError(
      `Cannot iterate over ${what}: it is polled by the loop, not by \`for … of\`, spread, or a call of ` +
        "`next()`. Write `yield*`; an iterator written by hand must pass its argument on, as in " +
        "`next(value) { return inner.next(value) }`.",
    );
  const ways: [string, (it: Awaitable<unknown>) => unknown][] = [
    [
      "for … of",
      (it) => {
        for (const _ of it);
      },
    ],
    ["spread", (it) => [...it]],
    [
      "destructuring",
      (it) => {
        const [_] = it;
      },
    ],
    ["Array.from", (it) => Array.from(it)],
    ["a call of next()", (it) => it[Symbol.iterator]().next()],
  ];

  describe.each(ways)("%s", (_, iterate) => {
    test.each([
      ["a sleep", () => sleep(5), "sleep 5 ms"],
      ["a sleep for ever", () => sleepForever(), "sleep for ever"],
      ["cede()", () => cede(), "cede()"],
      ["a coroutine", () => answer(), "a coroutine"],
      ["a group", () => taskGroup(function* () {}), "a coroutine"],
      ["a timeout", () => timeout(5, () => sleep(5)), "a coroutine"],
      ["all", () => all([]), "a coroutine"],
      ["a future", () => new Future("f"), 'future "f"'],
      ["a promise's wait", () => until(Promise.resolve()), "a promise"],
      ["park", () => park({ label: "a tick" }, () => {}), "a tick"],
    ])("over %s is explained", async (_, make, what) => {
      expect(() => iterate(make())).toThrow(byHand(what));
      const inside = runVirtual(function* () {
        iterate(make());
      });
      await expect(inside).rejects.toThrow(byHand(what));
    });

    test("over a task is explained, and over one that is done", async () => {
      await runVirtual(function* () {
        const task = createTask(answer());
        const label = byHand(`task ${task.name}`);
        expect(() => iterate(task)).toThrow(label);
        yield* task;
        expect(() => iterate(task)).toThrow(label);
      });
    });

    test("over the next of asCompleted is explained", async () => {
      await runVirtual(function* () {
        for (const next of asCompleted([sleep(1)])) {
          expect(() => iterate(next)).toThrow(byHand("the next of 1 to complete"));
        }
      });
    });
  });

  test("for await over a task is explained", async () => {
    const iterated = (async () => {
      for await (const _ of sleep(5) as unknown as AsyncIterable<unknown>);
    })();
    await expect(iterated).rejects.toThrow(byHand("sleep 5 ms"));
  });

  test("the methods of a coroutine are the loop's", () => {
    const one = answer() as unknown as Generator<unknown, unknown>;
    for (const call of [() => one.next(), () => one.return(1), () => one.throw(new Error("no"))]) {
      expect(call).toThrow(byHand("the coroutine answer(…)"));
    }
  });

  test("an iterator written by hand that passes its argument on is an awaitable like any other", async () => {
    const traced: Awaitable<number> = {
      [Symbol.iterator]() {
        const inner = answer()[Symbol.iterator]();
        return { next: (value) => inner.next(value) };
      },
    };
    expect(await runVirtual(() => traced)).toBe(42);
  });

  test("an iterator written by hand that passes nothing on is told so", async () => {
    const traced: Awaitable<number> = {
      [Symbol.iterator]() {
        const inner = answer()[Symbol.iterator]();
        return { next: () => (inner.next as () => IteratorResult<undefined, number>)() };
      },
    };
    await expect(runVirtual(() => traced)).rejects.toThrow(byHand("a coroutine"));
  });
});

describe("an awaitable is polled by yield* only", () => {
  const polled = (what: string) =>
    new RegExp(
      `^Cannot poll ${what}: main#\\d+ is already parked. Awaitables are polled by \`yield\\*\` only; to wait for ` +
        "several at once, use `all`, `asCompleted` or a `taskGroup`.$",
    );
  const poll = (it: Iterator<unknown, unknown, void>) => it.next(undefined);

  test("two waits polled by hand in one step are refused", async () => {
    const caught: unknown[] = [];
    const program = runVirtual(function* () {
      const [one, two] = [sleep(1)[Symbol.iterator](), sleep(2)[Symbol.iterator]()];
      poll(one);
      try {
        poll(two);
      } catch (error) {
        caught.push(error);
      }
    });
    await expect(program).rejects.toThrow(
      new InvalidStateError(
        "Cannot go on with a generator: it polled an awaitable by hand and left it parked. Await with " +
          "`yield*`; to wait for several at once, use `all`, `asCompleted` or a `taskGroup`.",
      ),
    );
    expect(String((caught[0] as Error).message)).toMatch(polled("sleep 2 ms"));
  });

  test("two coroutines polled by hand in one step are refused", async () => {
    const caught: Error[] = [];
    const program = runVirtual(
      coroutine(function* main() {
        const [one, two] = [answer()[Symbol.iterator](), answer()[Symbol.iterator]()];
        poll(one);
        try {
          poll(two);
        } catch (error) {
          caught.push(error as Error);
        }
      }),
    );
    await expect(program).rejects.toThrow("Cannot go on with coroutine main: it polled an awaitable by hand");
    expect(caught[0]!.message).toMatch(polled("a coroutine"));
  });

  test("polling on what has parked, without giving way, is refused", async () => {
    for (const make of [() => sleep(1), () => answer()]) {
      const caught: Error[] = [];
      const program = runVirtual(function* () {
        const it = make()[Symbol.iterator]();
        poll(it);
        try {
          poll(it);
        } catch (error) {
          caught.push(error as Error);
        }
      });
      await expect(program).rejects.toThrow(InvalidStateError);
      expect(caught[0]!.message).toMatch(polled("(sleep 1 ms|a coroutine)"));
    }
  });

  // It collected the parked signal for ever.
  test("a loop over a plain helper that waits ends with an error", async () => {
    function* helper() {
      yield* sleep(1);
    }
    const program = runVirtual(function* () {
      for (const _ of helper());
    });
    const error: unknown = await program.catch((error: unknown) => error);
    expect(error).toMatchObject({ message: expect.stringContaining("and left it parked") as unknown });
    expect(suppressedErrors(error)).toMatchObject([
      { message: expect.stringMatching(polled("sleep 1 ms")) as unknown },
    ]);
  });

  test("a poll outside every task is refused, and a second one too", async () => {
    const outside = (what: string) =>
      new InvalidStateError(
        `Cannot wait for ${what}: no task is running here. Await it with \`yield*\` in a coroutine that ` +
          "`run` or `createTask` started.",
      );
    for (const [make, what] of [
      [() => sleep(1), "sleep 1 ms"],
      [() => answer(), "a coroutine"],
      [() => cede(), "cede()"],
    ] as const) {
      const it = make()[Symbol.iterator]();
      expect(() => poll(it)).toThrow(outside(what));
    }
    let parked!: Iterator<unknown, unknown, void>;
    await runVirtual(function* () {
      parked = answer()[Symbol.iterator]();
      poll(parked);
    }).catch(() => {});
    expect(() => poll(sleep(3)[Symbol.iterator]())).toThrow(outside("sleep 3 ms"));
  });

  test("a plain generator looped over outside a task is refused", () => {
    function* helper() {
      yield* sleep(1);
    }
    expect(() => [...helper()]).toThrow("Cannot wait for sleep 1 ms: no task is running here.");
  });
});
