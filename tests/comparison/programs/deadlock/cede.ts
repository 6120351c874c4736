import { createTask, run, type Awaitable, type Task } from "../../../../src/index.ts";

try {
  await run(function* () {
    const a: Task<void> = createTask(
      function* (): Awaitable<void> {
        yield* b;
      },
      { name: "a" },
    );
    const b: Task<void> = createTask(
      function* (): Awaitable<void> {
        yield* a;
      },
      { name: "b" },
    );
    yield* a;
  });
} catch (error) {
  const { name, message } = error as Error;
  const named = /\ba#?\d*\b/.test(message) && /\bb#?\d*\b/.test(message);
  console.log(`thrown: ${name}; tasks: ${named ? "both named" : "not named"}`);
}
