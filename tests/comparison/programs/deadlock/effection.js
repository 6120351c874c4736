import { run, spawn } from "effection";

try {
  await run(function* () {
    const a = yield* spawn(function* () {
      yield* b;
    });
    const b = yield* spawn(function* () {
      yield* a;
    });
    yield* a;
  });
} catch (error) {
  const { name, message } = error;
  const named = /\ba\b/.test(message) && /\bb\b/.test(message);
  console.log(`thrown: ${name}; tasks: ${named ? "both named" : "not named"}`);
}
