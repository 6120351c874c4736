import { expect, test } from "vitest";
import {
  createTask,
  moveOnAfter,
  runningLoop,
  Schedule,
  shield,
  sleep,
  sleepForever,
  supervise,
  suppressedErrors,
  type Awaitable,
  type RestartPolicy,
  type SupervisedGroup,
  type SuperviseOptions,
} from "../index.ts";
import { cancelEverywhere, explore, runVirtual } from "../testing/index.ts";
import { failureOf } from "../../tests/support/failure.ts";
import { caught } from "../../tests/support/small.ts";

const now = (): number => runningLoop().time();

/** Fails each time after so many milliseconds, and notes when it begins. */
function worker(starts: number[], takes: number | ((n: number) => number) = 10, failures = Infinity) {
  return function* worker(): Awaitable<string> {
    starts.push(now());
    const n = starts.length;
    yield* sleep(typeof takes === "number" ? takes : takes(n));
    if (n > failures) return `start ${n}`;
    throw new Error(`failure ${n}`);
  };
}

/** Runs one worker under a policy, with failures noted; gives when it began, and how it all ended. */
async function supervised(
  restart: RestartPolicy,
  takes?: number | ((n: number) => number),
  failures?: number,
): Promise<{ starts: number[]; told: string[]; end: string }> {
  const starts: number[] = [];
  const told: string[] = [];
  const options: SuperviseOptions = {
    restart,
    onFailure: (error, { name }, next) =>
      told.push(
        `${now()} ${name.replace(/#\d+/, "")}: ${(error as Error).message}` +
          (next === undefined ? "" : `, restart ${next.count} in ${next.delay}`),
      ),
  };
  const end = await runVirtual(() =>
    supervise(function* (group) {
      group.createTask(worker(starts, takes, failures));
    }, options),
  ).then(
    () => "ended",
    (error: unknown) => String(error),
  );
  return { starts, told, end };
}

test("a task that fails begins anew after the delay, and is told of", async () => {
  expect(await supervised({ limit: 5, delay: Schedule.exponential(100) }, 10, 2)).toEqual({
    starts: [0, 110, 320],
    told: ["10 worker: failure 1, restart 1 in 100", "120 worker: failure 2, restart 2 in 200"],
    end: "ended",
  });
});

test("a task that fails once more than the limit fails the group with its last error", async () => {
  const { starts, told, end } = await supervised({ limit: 2, delay: Schedule.fixed(5) });
  expect(starts).toEqual([0, 15, 30]);
  expect(told).toHaveLength(2);
  expect(end).toBe("Error: failure 3");
  expect((await supervised({ limit: 0 })).starts).toEqual([0]);
});

test("only restarts within the time count, to the millisecond", async () => {
  const policy = { limit: 1, within: 100, delay: Schedule.fixed(0) };
  // Fails at 90, restarted then; the next failure comes 100 ms later, when that one has just ceased to count.
  expect((await supervised(policy, (n) => (n === 1 ? 90 : n === 2 ? 100 : 99))).starts).toEqual([0, 90, 190]);
});

test("delays begin anew once no restart counts any more", async () => {
  const takes = (n: number): number => (n === 3 ? 1000 : 10);
  const { told } = await supervised({ limit: 3, within: 500, delay: Schedule.exponential(100) }, takes, 4);
  expect(told.map((line) => line.split(", ")[1])).toEqual([
    "restart 1 in 100",
    "restart 2 in 200",
    "restart 1 in 100",
    "restart 2 in 200",
  ]);
});

test("a delay that ends is a limit, too", async () => {
  const { starts, end } = await supervised({ limit: Infinity, delay: Schedule.fixed(5).limit(3) });
  expect(starts).toHaveLength(4);
  expect(end).toBe("Error: failure 4");
});

test("delays double from 100 ms on, unless given", async () => {
  expect((await supervised({ limit: 3 }, 0)).starts).toEqual([0, 100, 300, 700]);
});

test("each task has its own count; the others and the body go on meanwhile", async () => {
  const [a, b]: [number[], number[]] = [[], []];
  const value = await runVirtual(() =>
    supervise(
      function* (group) {
        group.createTask(worker(a, 10, 2));
        group.createTask(worker(b, 25, 2));
        yield* sleep(20);
        return now();
      },
      { restart: { limit: 2, delay: Schedule.fixed(0) }, onFailure: () => {} },
    ),
  );
  expect(value).toBe(20);
  expect([a, b]).toEqual([
    [0, 10, 20],
    [0, 25, 50],
  ]);
});

test("a task may have a policy of its own, or none", async () => {
  const [own, none]: [number[], number[]] = [[], []];
  await runVirtual(() =>
    supervise(
      function* (group: SupervisedGroup) {
        group.createTask(worker(own, 10, 1), { restart: { limit: 1, delay: Schedule.fixed(1) } });
        group.createTask(worker(none), { restart: false });
      },
      { restart: { limit: 0 }, onFailure: () => {} },
    ),
  );
  expect([own, none]).toEqual([[0, 11], [0]]);
});

test("it stays the same task: whoever awaits it gets its result, or its last error", async () => {
  await runVirtual(() =>
    supervise(
      function* (group) {
        const task = group.createTask(worker([], 10, 2));
        expect(task.name).toMatch(/^worker#/);
        yield* sleep(12);
        expect(task.waitingFor).toBe("its restart 1, 5 ms after: Error: failure 1");
        expect(yield* task).toBe("start 3");
      },
      { restart: { limit: 2, delay: Schedule.fixed(5) }, onFailure: () => {} },
    ),
  );
});

test("one in the background begins anew as long as the others run", async () => {
  const starts: number[] = [];
  await runVirtual(() =>
    supervise(
      function* (group) {
        group.createTask(worker(starts), { background: true });
        yield* sleep(35);
      },
      { restart: { limit: 9, delay: Schedule.fixed(5) }, onFailure: () => {} },
    ),
  );
  expect(starts).toEqual([0, 15, 30]);
});

test("S11: awaiting a task that fails too often does not un-fail the group", async () => {
  const error = await failureOf(
    runVirtual(() =>
      supervise(
        function* (group) {
          yield* caught(group.createTask(worker([])));
          yield* sleepForever();
        },
        { restart: { limit: 1 }, onFailure: () => {} },
      ),
    ),
  );
  expect(error.message).toBe("failure 2");
});

test("what a try has opened is closed before the next begins", async () => {
  const lines: string[] = [];
  await runVirtual(() =>
    supervise(
      function* (group) {
        group.createTask(function* () {
          lines.push(`opened at ${now()}`);
          try {
            if (lines.length < 3) throw new Error("failed");
          } finally {
            yield* sleep(7);
            lines.push(`closed at ${now()}`);
          }
        });
      },
      { restart: { limit: 3, delay: Schedule.fixed(3) }, onFailure: () => {} },
    ),
  );
  expect(lines).toEqual(["opened at 0", "closed at 7", "opened at 10", "closed at 17"]);
});

test("a task that is cancelled does not begin anew, neither while it runs nor while it waits to", async () => {
  const starts: number[] = [];
  await runVirtual(() =>
    supervise(
      function* (group) {
        const [runs, waits] = [group.createTask(worker(starts)), group.createTask(worker(starts, 1))];
        yield* sleep(5);
        yield* runs.cancel();
        yield* waits.cancel();
        expect(waits.cancelled && runs.cancelled).toBe(true);
      },
      { restart: { limit: 9 }, onFailure: () => {} },
    ),
  );
  expect(starts).toEqual([0, 0]);
});

test("restarts are reported where there is no `onFailure`", async () => {
  const reports: string[] = [];
  await runVirtual(
    () =>
      supervise(
        function* (group) {
          group.createTask(worker([], 10, 1));
        },
        { restart: { limit: 1 } },
      ),
    { onReport: ({ kind, message }) => reports.push(`${kind}: ${message.replace(/#\d+/, "")}`) },
  );
  expect(reports).toEqual([
    "task-failed: worker failed, and begins anew in 100 ms, restart 1: Error: failure 1",
  ]);
});

test("an `onFailure` that throws fails the group at once: nothing begins anew", async () => {
  const starts: number[] = [];
  const error = await failureOf(
    runVirtual(() =>
      supervise(
        function* (group) {
          group.createTask(worker(starts));
        },
        {
          restart: { limit: 9 },
          onFailure() {
            throw new Error("enough");
          },
        },
      ),
    ),
  );
  expect(error.message).toBe("enough");
  expect(starts).toEqual([0]);
});

test("what `group.start` starts is not restarted", async () => {
  let starts = 0;
  const error = await failureOf(
    runVirtual(() =>
      supervise(
        function* (group) {
          yield* group.start(function* () {
            starts++;
            throw new Error("not ready");
          });
        },
        { restart: { limit: 9 } },
      ),
    ),
  );
  expect([error.message, starts]).toEqual(["not ready", 1]);
});

test("a policy that is none, and what cannot begin anew, are refused", async () => {
  const body = function* () {};
  expect(() => supervise(body, { restart: { limit: -1 } })).toThrow(
    "Cannot restart a task -1 times: `limit` is a whole number from 0, or Infinity.",
  );
  expect(() => supervise(body, { restart: { limit: 1, within: NaN } })).toThrow(
    "Cannot count restarts within NaN ms",
  );
  expect(() => supervise(body, { restart: { limit: 1, delay: 5 as never } })).toThrow("Cannot restart by 5");
  const error = await failureOf(
    runVirtual(() =>
      supervise(
        function* (group) {
          group.createTask(sleep(1));
        },
        { restart: { limit: 1 } },
      ),
    ),
  );
  expect(error.message).toBe(
    "Cannot restart sleep 1 ms: it is awaited once. Give the function instead, `() => …`, or `{ restart: false }`.",
  );
});

test("in every order of steps, and wherever it is cancelled, what was opened is closed", async () => {
  let open = 0;
  const program = function* (): Awaitable<void> {
    open = 0;
    yield* moveOnAfter(100, () =>
      supervise(
        function* (group) {
          let tries = 0;
          const task = group.createTask(function* () {
            open++;
            try {
              yield;
              if (tries++ < 2) throw new Error("failed");
            } finally {
              yield* shield(() => sleep(1));
              open--;
            }
          });
          createTask(function* () {
            yield;
            yield;
            void task.cancel();
          });
        },
        { restart: { limit: 2, delay: Schedule.fixed(1) }, onFailure: () => {} },
      ),
    );
    expect(open).toBe(0);
  };
  await explore(program, { budget: { schedules: 1000 } });
  const points = await cancelEverywhere(program, { schedules: 8, check: () => expect(open).toBe(0) });
  expect(points).toBeGreaterThan(0);
});

test("a task that begins anew many times within its time does not take longer for each", async () => {
  let starts = 0;
  const restart: RestartPolicy = { limit: Infinity, within: 1e9, delay: Schedule.fixed(1) };
  const options: SuperviseOptions = { restart, onFailure: () => {} };
  await runVirtual(() =>
    supervise(function* (group) {
      group.createTask(function* () {
        if (++starts < 60_000) throw new Error("failed");
      });
    }, options),
  );
  expect(starts).toBe(60_000);
});

test("restarts that do not count any more are left out one by one, however many there are", async () => {
  const counts: number[] = [];
  const restart: RestartPolicy = { limit: Infinity, within: 25, delay: Schedule.fixed(10) };
  await runVirtual(() =>
    supervise(
      function* (group) {
        group.createTask(worker([], (n) => (n === 8 ? 100 : 0), 11));
      },
      { restart, onFailure: (_error, _task, next) => counts.push(next!.count) },
    ),
  );
  expect(counts).toEqual([1, 2, 3, 3, 3, 3, 3, 1, 2, 3, 3]);
});

test("without a limit restarts are counted to the thousandth part of their time", async () => {
  let counted = 0;
  let most = 0;
  const restart: RestartPolicy = { limit: Infinity, within: 5000, delay: Schedule.fixed(1) };
  await runVirtual(() =>
    supervise(
      function* (group) {
        group.createTask(worker([], 0, 12_000));
      },
      {
        restart,
        onFailure(_error, _task, next) {
          counted = next!.count;
          most = Math.max(most, counted);
        },
      },
    ),
  );
  expect(most).toBe(5000);
  expect(counted).toBeGreaterThanOrEqual(4995);
});

test("S12 a failure is kept beside the one of a schedule that fails", async () => {
  const delay = Schedule.from(() => () => {
    throw new Error("of the schedule");
  });
  let told: unknown;
  await runVirtual(() =>
    supervise(
      function* (group) {
        group.createTask(worker([]));
      },
      { restart: { limit: 3, delay }, onFailure: (error) => (told = error) },
    ),
  );
  expect(String(told)).toBe("Error: of the schedule");
  expect(suppressedErrors(told).map(String)).toEqual(["Error: failure 1"]);
});
