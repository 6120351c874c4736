// What the events of a trace file say. It stands outside src/, since places are of the program, not of the library.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  Broadcast,
  CapacityLimiter,
  Channel,
  createTask,
  Lock,
  Semaphore,
  sleep,
  taskGroup,
  type Awaitable,
} from "cede";
import { inline } from "cede/executors";
import { explore, replay, type TraceEvent } from "cede/testing";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { holdAndWait, traceOf, type Program } from "../support/traces.ts";

describe("resources", () => {
  test("a lock is handed over: released, and acquired by whoever waited longest", async () => {
    const events = await traceOf(
      function* () {
        const lock = new Lock({ name: "db" });
        yield* taskGroup(function* (group) {
          for (let n = 0; n < 2; n++) {
            group.createTask(function* writer() {
              using _guard = yield* lock.acquire();
              yield* sleep(1);
            });
          }
          yield* [];
        });
      },
      "step",
      "wait",
      "wake",
      "resource",
      "done",
    );
    const target = { name: 'lock "db"', object: 2 };
    const step = { type: "step", duration: 0, outOfTurn: false };
    const sleeps = { type: "wait", kind: "sleep", label: "sleep 1 ms", external: false };
    expect(events).toEqual([
      { t: 0, ...step, task: 1, why: "spawn", step: 1 },
      {
        t: 0,
        type: "wait",
        task: 1,
        kind: "group",
        label: 'group "tasks", 2 of 2 left',
        external: false,
        target: { name: 'group "tasks"', object: 1 },
      },
      { t: 0, ...step, task: 2, why: "spawn", by: 1, step: 2 },
      { t: 0, type: "resource", what: "acquire", target, task: 2, count: 1 },
      { t: 0, ...sleeps, task: 2 },
      { t: 0, ...step, task: 3, why: "spawn", by: 1, step: 3 },
      {
        t: 0,
        type: "wait",
        task: 3,
        kind: "lock",
        label: 'lock "db" held by writer#2',
        external: false,
        target,
      },
      { t: 1000, type: "wake", task: 2 },
      { t: 1000, ...step, task: 2, why: "wake", step: 4 },
      { t: 1000, type: "resource", what: "release", target, task: 2, count: 1 },
      { t: 1000, type: "wake", task: 3, by: 2 },
      { t: 1000, type: "resource", what: "acquire", target, task: 3, count: 1 },
      { t: 1000, type: "done", task: 2, outcome: "result" },
      { t: 1000, ...step, task: 3, why: "wake", by: 2, step: 5 },
      { t: 1000, ...sleeps, task: 3 },
      { t: 2000, type: "wake", task: 3 },
      { t: 2000, ...step, task: 3, why: "wake", step: 6 },
      { t: 2000, type: "resource", what: "release", target, task: 3, count: 1 },
      { t: 2000, type: "done", task: 3, outcome: "result" },
      { t: 2000, type: "wake", task: 1, by: 3 },
      { t: 2000, ...step, task: 1, why: "wake", by: 3, step: 7 },
      { t: 2000, type: "done", task: 1, outcome: "error" },
    ]);
  });

  /** Each as "what, by which task, count or depth". */
  const uses = async (program: Program): Promise<string[]> =>
    ((await traceOf(program, "resource")) as (TraceEvent & { type: "resource" })[]).map(
      ({ what, task, count, depth }) => `${what} by ${task} ${count ?? depth}`,
    );

  test("a bounded channel: who puts and who takes, and how many are in it then", async () => {
    const jobs = (capacity: number): Promise<string[]> =>
      uses(function* () {
        const channel = new Channel<number>(capacity);
        createTask(function* () {
          for (let n = 0; n < 3; n++) yield* channel.send(n);
        });
        yield* sleep(1);
        for (let n = 0; n < 4; n++) {
          if (n === 3) createTask(() => channel.send(n));
          yield* channel.receive();
        }
      });
    expect(await jobs(2)).toEqual([
      "put by 2 1",
      "put by 2 2",
      "take by 1 1",
      "put by 2 2", // the one who waited for room
      "take by 1 1",
      "take by 1 0",
      "put by 3 0", // handed over to the one who waited
      "take by 1 0",
    ]);
    expect(await jobs(0)).toEqual([
      "put by 2 0",
      "take by 1 0",
      "put by 2 0",
      "take by 1 0",
      "put by 2 0",
      "take by 1 0",
      "put by 3 0",
      "take by 1 0",
    ]);
  });

  test("what finds no room in a channel, or in a subscription, is dropped", async () => {
    const send = (overflow: "dropOldest" | "dropNewest"): Promise<string[]> =>
      uses(function* () {
        const channel = new Channel<number>(1, { overflow });
        yield* channel.send(1);
        yield* channel.send(2);
      });
    expect(await send("dropOldest")).toEqual(["put by 1 1", "drop by 1 0", "put by 1 1"]);
    expect(await send("dropNewest")).toEqual(["put by 1 1", "drop by 1 1"]);

    const publish = (overflow: "dropOldest" | "dropNewest"): Promise<string[]> =>
      uses(function* () {
        const broadcast = new Broadcast<number>();
        using subscription = broadcast.subscribe(1, { overflow });
        yield* broadcast.send(1);
        yield* broadcast.send(2);
        yield* subscription.receive();
      });
    expect(await publish("dropOldest")).toEqual(["put by 1 1", "drop by 1 0", "put by 1 1", "take by 1 0"]);
    expect(await publish("dropNewest")).toEqual(["put by 1 1", "drop by 1 1", "take by 1 0"]);
  });

  test("permits of a semaphore and tokens of a limiter, also what a callback of the loop releases", async () => {
    const semaphore = await uses(function* () {
      const slots = new Semaphore(3);
      yield* slots.acquire(2);
      createTask(() => slots.with(2, () => sleep(1)));
      createTask(() => sleep(1)).addDoneCallback(() => slots.release(2));
      yield* sleep(5);
    });
    expect(semaphore).toEqual([
      "acquire by 1 2",
      "release by undefined 2",
      "acquire by 2 2",
      "release by 2 2",
    ]);
    const limiter = await uses(() => holdAndWait(new CapacityLimiter(1)));
    expect(limiter).toEqual(["acquire by 2 1", "release by 2 1", "acquire by 3 1", "release by 3 1"]);
  });
});

test("what no caller can be told is a warning", async () => {
  const warnings = await traceOf(function* () {
    const lock = new Lock({ name: "db" });
    yield* createTask(function* careless() {
      yield* lock.acquire();
    });
  }, "warning");
  expect(warnings).toEqual([
    {
      t: 0,
      type: "warning",
      kind: "lock-broken",
      message: expect.stringMatching(/^careless#2 ended while it held lock "db"/) as string,
      task: 2,
    },
  ]);
});

describe("a file", () => {
  /** The lines that are written. */
  async function fileOf(write: (file: string) => Promise<unknown>): Promise<Record<string, unknown>[]> {
    const file = join(temporaryFolder(), "x.cedetrace");
    await write(file);
    return readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  function* program(): Awaitable<void> {
    const lock = new Lock();
    yield* taskGroup(function* (group) {
      yield* sleep(1); // from here on the library waits at the end of the group by itself
      for (let n = 0; n < 2; n++) {
        group.createTask(function* () {
          yield* lock.with(function* () {
            yield* sleep(1);
          });
        });
      }
    });
    throw new Error("the end");
  }

  test.each(["explore", "replay"])(
    "that %s writes says where each task was created, and where it waits",
    async (by) => {
      const { failure } = await explore(program, { throws: false });
      const lines = await fileOf((trace) =>
        by === "explore"
          ? explore(program, { throws: false, trace })
          : replay(program, failure!.replay, { throws: false, trace }),
      );
      const places = lines
        .filter(({ type }) => type === "spawn" || type === "wait")
        .map(({ place }) => place);
      expect(places).toHaveLength(8);
      for (const place of places) expect(place).toMatch(/trace\.test\.ts:\d+:\d+$/);
      expect(new Set(places).size).toBe(6); // two tasks are created in one place, and sleep in one
    },
  );

  test("has the same events as the failure", async () => {
    let events: readonly TraceEvent[] = [];
    const lines = await fileOf(async (trace) => {
      const { failure } = await explore(program, { throws: false, trace });
      events = failure!.trace;
    });
    expect(lines.slice(1)).toEqual(JSON.parse(JSON.stringify(events)));
  });

  test("says in its first line what it ran on", async () => {
    const [header] = await fileOf((trace) => explore(program, { throws: false, trace, seed: 7 }));
    const runtime = `node ${process.versions.node}`;
    expect(header).toEqual({ type: "trace", version: 1, clock: "virtual", seed: 7, runtime });
  });
});

describe("jobs", () => {
  test("a job is told with who waits for it, where it runs, and how it ended", async () => {
    const events = await traceOf(function* () {
      const jobs = yield* inline({ add: (a: number, b: number) => a + b });
      yield* jobs.add(1, 2);
    }, "job");
    const job = { t: 0, type: "job", id: "1", job: "add", executor: "inline", task: 1 };
    expect(events).toEqual([
      { ...job, what: "queued" },
      { ...job, what: "started", worker: "this loop" },
      { ...job, what: "ended", worker: "this loop", outcome: "result" },
    ]);
  });
});
