import { createTask, run, sleep } from "../../../../src/index.ts";

let main = "ended well";
try {
  await run(function* () {
    createTask(function* () {
      yield* sleep(10);
      throw new Error("boom");
    });
    yield* sleep(200);
  });
} catch (error) {
  main = `failed with ${(error as Error).message}`;
}
console.log(`program: ${main}`);
