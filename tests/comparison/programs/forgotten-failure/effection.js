import { run, sleep, spawn } from "effection";

let main = "ended well";
try {
  await run(function* () {
    yield* spawn(function* () {
      yield* sleep(10);
      throw new Error("boom");
    });
    yield* sleep(200);
  });
} catch (error) {
  main = `failed with ${error.message}`;
}
console.log(`program: ${main}`);
