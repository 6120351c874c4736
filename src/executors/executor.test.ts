/** What an executor says of its calls. The rest is in the cases that all executors keep. */
import { expect, test } from "vitest";
import { Channel, createTask, currentTask, Schedule, sleep, sleepForever, type Sender } from "../index.ts";
import { runVirtual } from "../testing/index.ts";
import { Executor, inline } from "./index.ts";

const module = { add: (a: number, b: number) => a + b };

test("a call that waits for its delay to pass waits, and runs when it has", () =>
  runVirtual(function* () {
    const jobs = yield* inline(module);
    const add = jobs.add.with({ delay: 200 });
    const [call, cancelled] = [createTask(add(1, 2)), createTask(add(3, 4))];
    yield* sleep(50);
    expect(Executor.of(jobs).statistics).toMatchObject({ waiting: 2, running: 0, completed: 0 });
    yield* cancelled.cancel();
    expect(Executor.of(jobs).statistics).toMatchObject({ waiting: 1, running: 0, cancelled: 1 });
    expect(yield* call).toBe(3);
    expect(Executor.of(jobs).statistics).toMatchObject({ waiting: 0, running: 0, completed: 1 });
  }));

test("S2: a call by an id and with a sender is refused, before it is tried", () =>
  runVirtual(function* () {
    const jobs = yield* inline({
      *count(to: number, sender: Sender<number>) {
        for (let n = 1; n <= to; n++) yield* sender.send(n);
      },
    });
    const channel = new Channel<number>(5);
    const retry = Schedule.fixed(1).limit(5);
    expect(() => jobs.count.with({ id: "one", retry })(5, channel.sender())).toThrow(
      new TypeError(
        "Cannot call job count by an id and with a sender: of two calls of one id only one could be given its items. Leave " +
          "out the id, or have the job return what it would send.",
      ),
    );
    yield* jobs.count(5, channel.sender());
    expect(Executor.of(jobs).statistics).toMatchObject({ completed: 1, failed: 0 });
  }));

test("S8: of the time that cleanup has, half is for what the jobs clean up", async () => {
  const done: string[] = [];
  const long = {
    *waits() {
      try {
        yield* sleepForever();
      } finally {
        yield* sleep(1000);
        done.push("cleaned up");
      }
    },
  };
  await expect(
    runVirtual(function* () {
      const main = currentTask()!;
      const jobs = yield* inline(long); // `drainTimeout` is as long as a run has to shut down
      createTask(() => jobs.waits());
      createTask(function* () {
        yield* sleep(10);
        main.cancel();
      });
      yield* sleepForever();
    }),
  ).rejects.toThrow();
  expect(done).toEqual(["cleaned up"]);
});
