// The short suite: what must work wherever the built package is installed. It is copied beside an
// installed package, knows no runtime's own modules, and prints the closing line that the check reads.
import * as lowlevel from "cede/lowlevel";
import * as testing from "cede/testing";
import { TimeoutError, all, coroutine, createTask, run, sleep, taskGroup, timeout, toAsync } from "cede";

const double = coroutine(function* double(n) {
  yield* sleep(1);
  return 2 * n;
});

const tests = {
  *"a coroutine calls a coroutine and gets its result"() {
    equal(yield* double(21), 42);
  },

  *"all() runs its parts at the same time"() {
    const log = [];
    const part = coroutine(function* part(name, ms) {
      log.push(`${name} starts`);
      yield* sleep(ms);
      log.push(`${name} ends`);
      return name;
    });
    equal(yield* all([part("a", 20), part("b", 1)]), ["a", "b"]);
    equal(log, ["a starts", "b starts", "b ends", "a ends"]);
  },

  *"a timeout cancels, and cleanup that waits is finished first"() {
    const log = [];
    try {
      yield* timeout(5, function* () {
        try {
          yield* sleep(60_000);
        } finally {
          yield* sleep(1);
          log.push("cleaned up");
        }
      });
    } catch (error) {
      log.push(error instanceof TimeoutError ? "timed out" : error);
    }
    equal(log, ["cleaned up", "timed out"]);
  },

  *"a group ends when all its tasks have ended"() {
    const done = [];
    yield* taskGroup(function* (group) {
      for (const n of [3, 1, 2]) {
        group.createTask(function* () {
          yield* sleep(n * 5);
          done.push(n);
        });
      }
    });
    equal(done, [1, 2, 3]);
  },

  *"a task is cancelled while it waits"() {
    const task = createTask(() => sleep(60_000));
    yield* sleep(1);
    task.cancel();
    yield* sleep(1);
    equal(task.done, true);
  },

  *"the other entries are there"() {
    equal(Object.keys(lowlevel).length > 0 && Object.keys(testing).length > 0, true);
  },
};

let passed = 0;
let failed = 0;
for (const [name, body] of Object.entries(tests)) await test(name, () => run(body));
await test("toAsync() makes an ordinary async function", async () => equal(await toAsync(double)(4), 8));

console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) throw new Error("The short suite failed");

async function test(name, body) {
  try {
    await body();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.error(`${name}:`, error);
  }
}

function equal(actual, expected) {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`got ${is}, not ${should}`);
}
