import { run, sleep, suppressedErrors, taskGroup } from "../../../../src/index.ts";

await run(function* () {
  try {
    yield* taskGroup(function* (group) {
      group.createTask(function* () {
        yield* sleep(10);
        throw new Error("first");
      });
      group.createTask(function* () {
        try {
          yield* sleep(1000);
        } finally {
          yield* sleep(5);
          throw new Error("second");
        }
      });
    });
  } catch (error) {
    const kept = suppressedErrors(error).map((each) => (each as Error).message);
    console.log(
      `thrown: ${(error as Error).message}; other error: ${kept.includes("second") ? "kept" : "lost"}`,
    );
  }
});
