import { describe, expect, test } from "vitest";
import {
  createTask,
  Future,
  moveOnAfter,
  run,
  runSync,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  until,
  type Awaitable,
} from "../index.ts";
import { cancelEverywhere, runTest, runVirtual, transcript, waitAllParked } from "./index.ts";

function* turns(n: number): Awaitable<void> {
  for (let i = 0; i < n; i++) yield;
}

describe("waitAllParked", () => {
  test("ends once every other task is parked, however many turns that takes, and before time jumps", async () => {
    const log = transcript();
    await runVirtual(function* () {
      const busy = createTask(function* busy() {
        yield* turns(100);
        log("parks");
        yield* sleep(1000);
        log("goes on");
      });
      yield* waitAllParked();
      log(`sees that it waits for ${busy.waitingFor}`);
      yield* busy;
    });
    expect(log.lines).toEqual([
      "0 busy#2 parks",
      "0 main#1 sees that it waits for sleep 1000 ms",
      "1000 busy#2 goes on",
    ]);
  });

  test("what is due now is not parked", async () => {
    const log = transcript({ tasks: false });
    await runVirtual(function* () {
      createTask(function* () {
        for (let i = 0; i < 3; i++) yield* sleep(0);
        log("slept");
        yield* sleepForever();
      });
      yield* waitAllParked();
      log("parked");
    });
    expect(log.lines).toEqual(["0 slept", "0 parked"]);
  });

  test("of several tasks at once ends for all of them, and each may wait so again", async () => {
    const log = transcript();
    await runTest(
      () =>
        taskGroup(function* (group) {
          for (const name of ["a", "b", "c"]) {
            const wait = function* () {
              for (let i = 0; i < 2; i++) {
                yield* waitAllParked();
                log(`${i}`);
                yield* turns(3);
              }
            };
            group.createTask(wait, { name });
          }
        }),
      { shuffle: false },
    );
    expect(log.lines).toEqual(["0 a#2 0", "0 b#3 0", "0 c#4 0", "0 a#2 1", "0 b#3 1", "0 c#4 1"]);
  });

  test("ends also for those that were woken by it, when these have parked again", async () => {
    const log = transcript();
    await runTest(() =>
      taskGroup(function* (group) {
        const gate = new Future<void>();
        group.createTask(function* opens() {
          yield* waitAllParked();
          gate.setResult();
          yield* waitAllParked();
          log("all parked");
        });
        group.createTask(function* passes() {
          yield* gate;
          yield* turns(5);
          log("passed");
        });
      }),
    );
    expect(log.lines).toEqual(["0 passes#3 passed", "0 opens#2 all parked"]);
  });

  test("takes no notice of a promise that somebody waits for", async () => {
    await runTest(function* () {
      let settle!: () => void;
      const promise = new Promise<void>((resolve) => (settle = resolve));
      const task = createTask(() => until(promise));
      yield* waitAllParked();
      expect(task.waitingFor).toBe("a promise");
      settle();
      yield* task;
    });
  });

  test("works in real time, and in a runSync", async () => {
    const program = function* () {
      const order: string[] = [];
      createTask(function* () {
        yield* turns(10_000); // longer than a slice of the loop's time
        order.push("turns");
      });
      yield* waitAllParked();
      return [...order, "parked"];
    };
    expect(await run(program)).toEqual(["turns", "parked"]);
    expect(runSync(program)).toEqual(["turns", "parked"]);
  });

  test("a slice that ends with the last turn does not forget it", async () => {
    await run(function* () {
      createTask(function* () {
        const end = performance.now() + 5;
        while (performance.now() < end); // a slice is shorter
      });
      yield* waitAllParked();
    });
  });

  test("S5: is a checkpoint", async () => {
    await runTest(function* () {
      const task = createTask(function* () {
        task.cancel("myself");
        yield* waitAllParked();
        expect.unreachable();
      });
      yield* sleep(1);
      expect(task.state).toBe("done");
    });
  });

  test("S7: cancelled while it waits, it leaves nothing behind", async () => {
    let here = 0;
    await cancelEverywhere(
      function* () {
        here++;
        try {
          createTask(() => turns(3));
          yield* waitAllParked();
          yield* shield(() => waitAllParked());
          yield* moveOnAfter(0, () => waitAllParked());
        } finally {
          here--;
        }
      },
      { check: () => expect(here).toBe(0) },
    );
  });

  test("two that wait for it alone are no deadlock", async () => {
    await runTest(function* () {
      const other = createTask(() => waitAllParked());
      yield* waitAllParked();
      yield* other;
    });
  });
});
