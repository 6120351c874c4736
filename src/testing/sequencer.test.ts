import { describe, expect, test } from "vitest";
import { cede, createTask, defer, DeadlockError, moveOnAfter, sleep, taskGroup } from "../index.ts";
import { cancelEverywhere, runTest, Sequencer, transcript } from "./index.ts";

describe("a sequencer", () => {
  test.each([undefined, 1, 2, 3, 4])(
    "brings pieces of several tasks into one order (shuffled: %s)",
    async (seed) => {
      const order = new Sequencer();
      const said: string[] = [];
      await runTest(
        () =>
          taskGroup(function* (group) {
            group.createTask(function* () {
              yield* order.at(2);
              said.push("c");
              yield* order.at(3);
              said.push("d");
            });
            group.createTask(function* () {
              yield* order.at(0);
              said.push("a");
              yield* order.at(4);
              said.push("e");
            });
            group.createTask(function* () {
              yield* order.at(1);
              said.push("b");
            });
          }),
        seed === undefined ? {} : { seed },
      );
      expect(said).toEqual(["a", "b", "c", "d", "e"]);
    },
  );

  test("a body's position is over when it ends, and gives its result", async () => {
    const order = new Sequencer();
    const log = transcript();
    await runTest(() =>
      taskGroup(function* (group) {
        group.createTask(function* late() {
          yield* order.at(1);
          log("after it");
        });
        group.createTask(function* early() {
          const value = yield* order.at(0, function* () {
            yield* sleep(100);
            log("slept");
            return 42;
          });
          expect(value).toBe(42);
        });
      }),
    );
    expect(log.lines).toEqual(["100 early#3 slept", "100 late#2 after it"]);
  });

  test("a body that fails, or is cancelled, is over, too: after its cleanup", async () => {
    const order = new Sequencer();
    const log = transcript({ tasks: false });
    await runTest(() =>
      taskGroup(function* (group) {
        group.createTask(function* () {
          yield* order.at(2);
          log("third");
        });
        group.createTask(function* () {
          yield* moveOnAfter(5, () =>
            order.at(1, function* () {
              defer(() => sleep(10));
              yield* sleep(1000);
            }),
          );
        });
        try {
          yield* order.at(0, function* () {
            yield* cede();
            throw new Error("no");
          });
        } catch (error) {
          log((error as Error).message);
        }
      }),
    );
    expect(log.lines).toEqual(["0 no", "15 third"]);
  });
});

test("S7: cancelled at any point, a sequencer holds nobody up", async () => {
  await cancelEverywhere(function* () {
    const order = new Sequencer();
    yield* taskGroup(function* (group) {
      for (const position of [2, 0, 1]) {
        group.createTask(function* () {
          yield* order.at(position, () => sleep(5));
          yield* order.at(position + 3);
        });
      }
    });
  });
});

describe("misuse of a sequencer is told", () => {
  test("one position twice", async () => {
    const order = new Sequencer();
    const twice = runTest(function* () {
      yield* order.at(0);
      yield* order.at(0);
    });
    await expect(twice).rejects.toThrow(
      "Cannot wait for position 0: main#1 has taken it. Each is for one piece of code.",
    );
  });

  test("what is no position", async () => {
    for (const position of [-1, 0.5, NaN, "1" as never]) {
      await expect(runTest(() => new Sequencer().at(position))).rejects.toThrow(RangeError);
    }
  });

  test("a position that was cancelled before its turn: those that wait after it fail, and those that come later", async () => {
    const order = new Sequencer();
    await runTest(function* () {
      const after = createTask(() => order.at(2));
      const { expired } = yield* moveOnAfter(5, () => order.at(1));
      expect(expired).toBe(true);
      for (const [position, at] of [
        [2, after] as const,
        [3, order.at(3)] as const,
        [0, order.at(0)] as const,
      ]) {
        let failure: unknown;
        try {
          yield* at;
        } catch (error) {
          failure = error;
        }
        expect(failure).toMatchObject({
          name: "InvalidStateError",
          message: `Cannot reach position ${position}: main#1 was cancelled before it reached position 1.`,
        });
      }
    });
  });

  test("a position that nobody takes: the deadlock says which", async () => {
    const order = new Sequencer();
    const stuck = runTest(() =>
      taskGroup(function* (group) {
        group.createTask(() => order.at(0), { name: "first" });
        group.createTask(() => order.at(2), { name: "last" });
      }),
    );
    await expect(stuck).rejects.toThrow(DeadlockError);
    await expect(stuck).rejects.toThrow(
      "last#3 waits for position 2 of a sequencer, which is at 1 (nobody has taken it)",
    );
  });
});
