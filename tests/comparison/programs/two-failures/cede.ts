import { all, coroutine, run, sleep, suppressedErrors } from "../../../../src/index.ts";

const fail = coroutine(function* fail(name: string) {
  yield* sleep(10);
  throw new Error(name);
});

await run(function* () {
  try {
    yield* all([fail("first"), fail("second")]);
  } catch (error) {
    const kept = suppressedErrors(error).some((each) => (each as Error).message === "second");
    console.log(`thrown: ${(error as Error).message}; other error: ${kept ? "kept" : "lost"}`);
  }
});
