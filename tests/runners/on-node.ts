// Run by `node --test`: what a user of that runner writes. The tests named "fails …" are to fail.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createTask, Future, sleep, timeout } from "cede";
import { runTest, Sequencer, transcript, waitAllParked } from "cede/testing";

describe("runTest", () => {
  test("passes: an hour takes no time", () =>
    runTest(function* () {
      yield* timeout(3_600_001, () => sleep(3_600_000));
    }));

  test("passes: pieces in order", async () => {
    const log = transcript();
    const order = new Sequencer();
    await runTest(function* () {
      const other = createTask(function* other() {
        yield* order.at(0);
        log("first");
      });
      yield* order.at(1);
      log("second");
      yield* waitAllParked();
      yield* other;
    });
    assert.deepEqual(log.lines, ["0 other#2 first", "0 main#1 second"]);
  });

  test("fails: a deadlock", () => runTest(() => new Future<void>("the answer")));

  test("fails: a task is left", () =>
    runTest(function* () {
      createTask(() => sleep(1000), { name: "poll" });
      yield* sleep(1);
    }));

  test("fails: an assertion, in an order of its own", () =>
    runTest(
      function* () {
        yield* sleep(1);
        assert.equal(1, 2);
      },
      { seed: 42 },
    ));
});
