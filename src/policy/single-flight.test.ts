import { expect, test } from "vitest";
import {
  all,
  ContextVar,
  coroutine,
  createTask,
  EventLoop,
  moveOnAfter,
  runningLoop,
  singleFlight,
  sleep,
  sleepForever,
  type Awaitable,
} from "../index.ts";
import { cancelEverywhere, explore, runVirtual, VirtualClock } from "../testing/index.ts";
import { failureOf } from "../../tests/support/failure.ts";
import { caught } from "../../tests/support/small.ts";

interface Runs {
  begun: number;
  ended: number;
  cancelled: number;
}

/** A function that takes 100 ms, and counts its runs. */
function slow(runs: Runs = { begun: 0, ended: 0, cancelled: 0 }, cleanup = 0) {
  const load = singleFlight(
    coroutine(function* load(key: unknown): Awaitable<string> {
      runs.begun++;
      let done = false;
      try {
        yield* sleep(100);
        if (key === "bad") throw new Error("failed");
        done = true;
        return `${String(key)} ${runs.begun}`;
      } finally {
        if (!done) yield* sleep(cleanup);
        if (done) runs.ended++;
        else runs.cancelled++;
      }
    }),
  );
  return { load, runs };
}

test("calls with one key share one run while it is under way; one with another key has its own", async () => {
  const { load, runs } = slow();
  const results = await runVirtual(function* () {
    const late = createTask(function* () {
      yield* sleep(99);
      return yield* load("a");
    });
    return yield* all([load("a"), load("a"), load("b"), late]);
  });
  expect(results).toEqual(["a 2", "a 2", "b 2", "a 2"]);
  expect(runs).toEqual({ begun: 2, ended: 2, cancelled: 0 });
});

test("nothing is kept after: neither a result nor an error", async () => {
  const { load, runs } = slow();
  await runVirtual(function* () {
    yield* load("a");
    yield* load("a");
    yield* caught(load("bad"));
    yield* caught(load("bad"));
  });
  expect(runs.begun).toBe(4);
});

test("all who share a run get the same error", async () => {
  const { load } = slow();
  const errors = await runVirtual(() => all([caught(load("bad")), caught(load("bad"))]));
  expect(errors[0]).toEqual(new Error("failed"));
  expect(errors[1]).toBe(errors[0]);
});

test("one who is cancelled leaves the others theirs, whoever came first", async () => {
  const { load, runs } = slow();
  await runVirtual(function* () {
    const first = createTask(() => load("a"));
    const second = createTask(() => load("a"));
    yield* sleep(50);
    yield* first.cancel();
    expect(runningLoop().time()).toBe(50);
    expect(yield* second).toBe("a 1");
    expect(runningLoop().time()).toBe(100);
  });
  expect(runs).toEqual({ begun: 1, ended: 1, cancelled: 0 });
});

test("the deadline of the first one is not that of the others", async () => {
  const { load } = slow();
  await runVirtual(function* () {
    const first = createTask(() => moveOnAfter(10, () => load("a")));
    const second = createTask(() => load("a"));
    expect((yield* first).expired).toBe(true);
    expect(yield* second).toBe("a 1");
  });
});

test("once all who wait are cancelled the run is, and the last one waits for its cleanup", async () => {
  const { load, runs } = slow(undefined, 7);
  await runVirtual(function* () {
    const waiters = [createTask(() => load("a")), createTask(() => load("a"))];
    yield* sleep(50);
    yield* waiters[0]!.cancel();
    expect(runs.cancelled).toBe(0);
    yield* waiters[1]!.cancel();
    expect(runs.cancelled).toBe(1);
    expect(runningLoop().time()).toBe(57);
  });
});

test("one who comes while a run is being cancelled has a new one begun after its cleanup", async () => {
  const { load, runs } = slow(undefined, 7);
  await runVirtual(function* () {
    const first = createTask(() => load("a"));
    yield* sleep(50);
    void first.cancel();
    yield;
    expect(yield* load("a")).toBe("a 2");
    expect(runningLoop().time()).toBe(157);
  });
  expect(runs).toEqual({ begun: 2, ended: 1, cancelled: 1 });
});

test("a cleanup that fails fails the last one who waited", async () => {
  const load = singleFlight(function* () {
    try {
      yield* sleepForever();
    } finally {
      throw new Error("cleanup");
    }
  });
  await runVirtual(function* () {
    const task = createTask(() => load());
    yield* sleep(1);
    expect(yield* caught(task.cancel() as Awaitable<unknown>)).toEqual(new Error("cleanup"));
  });
});

test("a run that ends lets go of what it shares: others begin anew", async () => {
  const { load, runs } = slow();
  const host = new VirtualClock();
  const loop = new EventLoop({ host });
  const ended = loop.runUntilComplete(() => moveOnAfter(50, () => load("a")));
  const other = loop.runUntilComplete(function* () {
    yield* sleep(20);
    return [yield* load("a"), runningLoop().time()];
  });
  host.runAll();
  expect((await ended).expired).toBe(true);
  // The other one waits, too, so the first leaves the run alone; but it ends with the run that owns it.
  expect(await other).toEqual(["a 2", 150]);
  expect(runs).toEqual({ begun: 2, ended: 1, cancelled: 1 });
});

test("cleanup of a run that ends, where nothing new can begin, is told so", async () => {
  const { load } = slow();
  const lines: string[] = [];
  await runVirtual(function* () {
    createTask(function* () {
      try {
        yield* sleepForever();
      } finally {
        lines.push(String(yield* caught(load("a"))));
      }
    });
    yield* sleep(1);
  });
  expect(lines[0]).toMatch(/^CancelledError: task load#\d+ was cancelled/);
});

test("calls of several runs share one, as requests of a server do", async () => {
  const { load, runs } = slow();
  const host = new VirtualClock();
  const loop = new EventLoop({ host });
  const requests = [1, 2, 3].map(() => loop.runUntilComplete(() => load("a")));
  host.runAll();
  expect(await Promise.all(requests)).toEqual(["a 1", "a 1", "a 1"]);
  expect(runs.begun).toBe(1);
});

test("a run has the context of whoever came first", async () => {
  const user = new ContextVar<string>("user", { default: "nobody" });
  const load = singleFlight(
    coroutine(function* load() {
      yield* sleep(1);
      return user.get();
    }),
  );
  const results = await runVirtual(() =>
    all(
      ["ann", "bob"].map((name) =>
        coroutine(function* () {
          user.set(name);
          return yield* load();
        }),
      ),
    ),
  );
  expect(results).toEqual(["ann", "ann"]);
});

test("`key` tells calls apart, and `this` and all arguments are passed on", async () => {
  class Users {
    prefix = "user";
    load = singleFlight(
      function* (this: Users, id: number, fields: string[]): Awaitable<string> {
        yield* sleep(1);
        return `${this.prefix} ${id} ${fields.join("+")}`;
      },
      { key: (id, fields) => `${id} ${fields.join()}` },
    );
  }
  const users = new Users();
  const results = await runVirtual(() =>
    all([users.load(1, ["a"]), users.load(1, ["b"]), users.load(1, ["a"])]),
  );
  expect(results).toEqual(["user 1 a", "user 1 b", "user 1 a"]);
});

test("a run that asks for itself is told so", async () => {
  const load: (key: string) => Awaitable<string> = singleFlight(
    coroutine(function* again(key: string): Awaitable<string> {
      return yield* load(key);
    }),
  );
  expect((await failureOf(runVirtual(() => load("a")))).message).toMatch(
    /Cannot await task again#\d+ from inside itself/,
  );
});

test("what is no function is refused", () => {
  expect(() => singleFlight(sleep(1) as never)).toThrow(
    "Cannot share the runs of sleep 1 ms: it takes a function",
  );
  expect(() => singleFlight(() => sleep(1), { key: 3 as never })).toThrow("Cannot tell calls apart by 3");
});

const program = (runs: Runs) =>
  function* () {
    Object.assign(runs, { begun: 0, ended: 0, cancelled: 0 });
    const { load } = slow(runs, 3);
    const waiters = ["a", "a", "b"].map((key) => createTask(() => load(key)));
    const canceller = createTask(function* () {
      yield;
      void waiters[0]!.cancel();
    });
    yield* canceller;
    yield* caught(waiters[0]!);
    expect(yield* waiters[1]!).toMatch(/^a/);
    yield* waiters[2]!;
    expect(runs.begun).toBe(runs.ended + runs.cancelled);
  };

test("in every order of steps, every run that begins ends", async () => {
  const runs: Runs = { begun: 0, ended: 0, cancelled: 0 };
  await explore(program(runs), { budget: { schedules: 1000 } });
});

test("wherever it is cancelled, every run that begins ends", async () => {
  const runs: Runs = { begun: 0, ended: 0, cancelled: 0 };
  const points = await cancelEverywhere(program(runs), {
    schedules: 8,
    check: () => expect(runs.begun).toBe(runs.ended + runs.cancelled),
  });
  expect(points).toBeGreaterThan(0);
});
