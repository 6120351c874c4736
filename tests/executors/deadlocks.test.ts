/** A job whose tasks wait for each other: on a thread, too, the loop can tell, whatever else runs there. */
import { describe, expect, test } from "vitest";
import { allSettled, createTask, DeadlockError, EventLoop, sleep, type Awaitable } from "cede";
import { inline, type Jobs } from "cede/executors";
import * as module from "./deadlocks.ts";
import { onThreads } from "./on-threads.ts";

const LIMIT = 30_000;

const openings: readonly (readonly [string, () => Awaitable<Jobs<typeof module>>])[] = [
  ["inline", () => inline(module)],
  ["threads", () => onThreads<typeof module>("./deadlocks.ts", { workers: 1 })],
];

describe.each(openings)("%s", (_, open) => {
  test.each(["locks", "joins"] as const)(
    "S23: %s in a circle fail the job alone",
    { timeout: LIMIT },
    (name) =>
      EventLoop.run(function* () {
        const jobs = yield* open();
        const beside = createTask(jobs.wait());
        const [circle] = yield* allSettled([jobs[name]()]);
        expect(circle).toMatchObject({ reason: { name: "DeadlockError", waiting: [{}, {}] } });
        expect((circle as { reason: unknown }).reason).toBeInstanceOf(DeadlockError);
        yield* jobs.open();
        expect(yield* beside).toBe("opened");
      }),
  );
  test("S23: what another job may end is none", { timeout: LIMIT }, () =>
    EventLoop.run(function* () {
      const jobs = yield* open();
      const waits = createTask(jobs.wait());
      yield* sleep(20); // nothing else runs there
      yield* jobs.open();
      expect(yield* waits).toBe("opened");
    }),
  );
});
