import { coroutine, run, sleep, timeout } from "../../../../src/index.ts";

let cleanup = "still running";

const work = coroutine(function* work() {
  try {
    yield* sleep(1000);
  } finally {
    yield* sleep(50);
    cleanup = "ended";
  }
});

await run(function* () {
  try {
    yield* timeout(10, work);
  } catch (error) {
    console.log(`thrown: ${(error as Error).name}; cleanup by then: ${cleanup}`);
  }
});
