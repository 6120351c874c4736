import { expect, expectTypeOf, test } from "vitest";
import { EventLoop, Future, run, runningLoop, type Task } from "../index.ts";
import { runVirtual } from "../testing/index.ts";
import { inline } from "./index.ts";

const module = { add: (a: number, b: number) => a + b };

test("a job is called by its name, in a task of its own", async () => {
  const seen = await runVirtual(function* () {
    const jobs = yield* inline(module);
    const task = runningLoop().runInExecutor(jobs, "add", 1, 2);
    expectTypeOf(task).toEqualTypeOf<Task<number>>();
    return [task.name, yield* task];
  });
  expect(seen).toEqual([expect.stringMatching(/^add#\d+$/), 3]);
});

test("it can be called from outside every task, and awaited there", async () => {
  const loop = new EventLoop();
  const open = new Future<{ add: (a: number, b: number) => never }>("the jobs");
  const end = new Future<void>("the end");
  const program = loop.runUntilComplete(function* () {
    open.setResult((yield* inline(module)) as never);
    yield* end;
  });
  const jobs = await open;
  expect(await loop.runInExecutor(jobs, "add", 3, 4)).toBe(7);
  end.setResult();
  await program;
});

test("what is no executor, or no job, is refused where it is called", async () => {
  await run(function* () {
    const loop = runningLoop();
    expect(() => loop.runInExecutor({} as { add(): never }, "add")).toThrow(
      new TypeError("Cannot run add in an executor: this has no such job."),
    );
    expect(() => loop.runInExecutor(null as never, "add" as never)).toThrow("Cannot run add in an executor");
  });
});
