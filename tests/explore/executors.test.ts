/** Jobs on this loop in many orders, and cancelled everywhere: each call ends once, and none is left. */
import { describe, expect, test } from "vitest";
import {
  cancelScope,
  cede,
  Channel,
  coroutine,
  defer,
  moveOnAfter,
  Schedule,
  sleep,
  taskGroup,
  type Awaitable,
  type Sender,
} from "cede";
import {
  currentJob,
  Executor,
  ExecutorClosedError,
  inline,
  transfer,
  type InlineOptions,
  type Jobs,
} from "cede/executors";
import { cancelEverywhere, explore } from "cede/testing";
import { disturbed, randomSchedules } from "../support/explored.ts";

/** What jobs have open, and what they have told. */
class World {
  open = 0;
  most = 0;
  calls = 0;
  ended = 0;
  readonly told: unknown[] = [];
  executor: Executor | undefined;
}

const jobsOf = (world: World) => ({
  add: (a: number, b: number) => a + b,
  bytes: (length: number) => {
    const bytes = new Uint8Array(length);
    return transfer(bytes, [bytes.buffer]);
  },
  work: coroutine(function* work(steps: number): Awaitable<number> {
    world.most = Math.max(world.most, ++world.open);
    defer(function* () {
      yield* cede();
      world.open--;
    });
    for (let step = 1; step <= steps; step++) {
      yield* cede();
      currentJob()!.progress(step);
    }
    return steps;
  }),
  send: coroutine(function* send(to: Sender<number>, count: number): Awaitable<void> {
    world.open++;
    try {
      for (let n = 1; n <= count; n++) yield* to.send(n);
      to.close();
    } finally {
      world.open--;
    }
  }),
  flaky: coroutine(function* flaky(): Awaitable<string> {
    yield;
    if (++world.calls % 2 === 1) throw new RangeError("the first time");
    return "the second time";
  }),
});
type AllJobs = Jobs<ReturnType<typeof jobsOf>>;

/** A program with jobs, as often as it is run. */
function withJobs(options: InlineOptions, body: (jobs: AllJobs, world: World) => Awaitable<unknown>) {
  const state = { world: new World() };
  const main = function* (): Awaitable<void> {
    const world = (state.world = new World());
    const jobs = yield* inline(jobsOf(world), options);
    world.executor = Executor.of(jobs);
    yield* body(jobs, world);
  };
  const check = (): void => {
    const { world } = state;
    expect(world.open).toBe(0);
    if (world.executor !== undefined)
      expect(world.executor.statistics).toMatchObject({ running: 0, waiting: 0 });
  };
  return { main, check, state };
}

const programs: Record<string, [InlineOptions, (jobs: AllJobs, world: World) => Awaitable<unknown>]> = {
  "three in two places": [
    { concurrency: 2 },
    function* (jobs, world) {
      yield* taskGroup(function* (group) {
        for (const steps of [1, 2, 0]) group.createTask(() => jobs.work(steps));
      });
      if (world.most > 2) throw new Error(`${world.most} at once`);
    },
  ],
  "a deadline, a failure and a retry": [
    { concurrency: 1 },
    function* (jobs) {
      const results: unknown[] = [];
      yield* taskGroup(function* (group) {
        group.createTask(() => moveOnAfter(1, () => jobs.work(3)));
        group.createTask(function* () {
          results.push(yield* jobs.flaky.with({ retry: Schedule.fixed(1).limit(2) })());
        });
        group.createTask(() => jobs.work.with({ priority: 1 })(1));
      });
      if (results.join() !== "the second time") throw new Error(`It was ${results.join()}.`);
    },
  ],
  "a stream": [
    {},
    function* (jobs) {
      const channel = new Channel<number>(1);
      const items: number[] = [];
      yield* taskGroup(function* (group) {
        group.createTask(() => jobs.send(channel.sender(), 3));
        for (let next = yield* channel.receiveOrEnd(); !next.done; next = yield* channel.receiveOrEnd()) {
          items.push(next.value);
        }
      });
      if (items.join() !== "1,2,3") throw new Error(`It was ${items.join()}.`);
    },
  ],
  "a stream whose receiver leaves": [
    {},
    function* (jobs) {
      const channel = new Channel<number>(0);
      yield* taskGroup(function* (group) {
        const receiver = channel.receiver();
        const sending = group.createTask(function* () {
          try {
            yield* jobs.send(channel.sender(), 5);
          } catch (error) {
            if ((error as Error).name !== "BrokenChannelError") throw error;
          }
        });
        yield* receiver.receive();
        receiver.close();
        yield* sending;
      });
    },
  ],
  "one that is cancelled, once or twice": [
    { concurrency: 1 },
    function* (jobs) {
      yield* taskGroup(function* (group) {
        const task = group.createTask(() => jobs.work(3));
        const other = group.createTask(() => jobs.work(1));
        yield;
        void task.cancel();
        yield;
        yield* task.cancel();
        yield* other;
      });
    },
  ],
  "closed by hand while it runs": [
    { drainTimeout: 1 },
    function* (jobs) {
      yield* taskGroup(function* (group) {
        group.createTask(function* () {
          try {
            yield* jobs.work(1);
          } catch (error) {
            if (!(error instanceof ExecutorClosedError)) throw error; // it came too late
          }
        });
        yield* cede();
        yield* Executor.of(jobs).close();
        yield* sleep(1);
      });
    },
  ],
  "what is moved, and what is told": [
    {},
    function* (jobs, world) {
      const bytes = yield* jobs.bytes(4);
      if (bytes.length !== 4) throw new Error("it has gone");
      yield* jobs.work.with({ onProgress: (step) => world.told.push(step) })(2);
      if (world.told.join() !== "1,2") throw new Error(`It told ${world.told.join()}.`);
      if ((yield* jobs.add(1, 2)) !== 3) throw new Error("it cannot add");
    },
  ],
};

describe("jobs on this loop", () => {
  test.each(Object.entries(programs))(
    "in many orders: %s",
    { timeout: 60_000 },
    async (_, [options, body]) => {
      const { main, check } = withJobs(options, body);
      await explore(
        function* () {
          yield* main();
          check();
        },
        { budget: { schedules: 200 }, patience: 0 },
      );
    },
  );
  test.each(Object.entries(programs))(
    "cancelled everywhere: %s",
    { timeout: 60_000 },
    async (_, [options, body]) => {
      const { main, check } = withJobs(options, body);
      await cancelEverywhere(() => cancelScope(main), { schedules: 2, check });
    },
  );
  test("at random, with four tasks that are disturbed", { timeout: 60_000 }, async () => {
    await randomSchedules((draw) => {
      const { main, check } = withJobs({ concurrency: 1 + draw(3) }, (jobs, world) =>
        disturbed(
          draw,
          () =>
            function* () {
              yield* jobs.work.with({ priority: draw(2) })(draw(3));
              if (draw(2) === 0) yield* moveOnAfter(draw(2), () => jobs.work(2));
              world.ended++;
            },
        ),
      );
      return (function* () {
        yield* main();
        check();
      })();
    });
  });
});
