import { describe, expect, test } from "vitest";
import {
  all,
  asCompleted,
  cancelScope,
  cede,
  coroutine,
  createTask,
  Future,
  map,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  type Awaitable,
} from "../index.ts";
import { cancelEverywhere, runVirtual } from "../testing/index.ts";

const pause = coroutine(function* pause(ms: number): Awaitable<void> {
  yield* sleep(ms);
});
const nested = coroutine(function* nested(depth: number): Awaitable<void> {
  if (depth > 0) return yield* nested(depth - 1);
  yield* sleep(1);
  yield;
});
/** Is cleaned up itself: a cleanup of a cleanup that ends by itself. */
const tidyPause = coroutine(function* tidyPause(): Awaitable<void> {
  try {
    yield* sleep(1);
  } finally {
    yield* pause(1);
  }
});
function* plainPause(): Awaitable<void> {
  try {
    yield* sleep(1);
  } finally {
    yield;
  }
}

/** Everything that a `finally` may wait for. */
const cleanups: Record<string, () => Awaitable<unknown>> = {
  "a sleep": () => sleep(1),
  "a sleep of no time": () => sleep(0),
  "cede()": () => cede(),
  "a coroutine": () => pause(1),
  "a coroutine that calls ten deep": () => nested(10),
  "a coroutine that calls 400 deep": () => nested(400),
  "a coroutine with a finally of its own": () => tidyPause(),
  "a plain helper, called anew": () => plainPause(),
  "a task": () => createTask(pause(1), { start: "always" }),
  "a group": () =>
    taskGroup(function* (group) {
      group.createTask(pause(2));
      group.createTask(tidyPause());
      yield* sleep(1);
    }),
  "a group whose body ends at once": () =>
    taskGroup(function* (group) {
      group.createTask(pause(1));
    }),
  "a timeout that does not expire": () => timeout(50, () => pause(1)),
  "a timeout that expires": () => moveOnAfter(1, () => tidyPause()),
  "a timeout of zero": () => moveOnAfter(0, () => sleep(5)),
  "a shield": () => shield(() => pause(1)),
  "a shield that ends at once": () => shield(function* () {}),
  "a scope that is cancelled": () =>
    cancelScope(function* (scope) {
      scope.cancel();
      yield* sleepForever();
    }),
  "a future that a task sets": () => {
    const future = new Future<void>();
    createTask(
      function* () {
        future.setResult();
      },
      { start: "always" },
    );
    return future;
  },
  all: () => all([pause(2), tidyPause()]),
  map: () => map([1, 2, 3], pause, { concurrency: 2 }),
  asCompleted: () => completeAll(),
};
const completeAll = coroutine(function* completeAll(): Awaitable<void> {
  for (const next of asCompleted([pause(2), pause(1)])) yield* next;
});

interface Log {
  readonly lines: string[];
  readonly wrong: string[];
}

/** Frames in frames; each catches whatever can be caught, and cleans up by waiting. */
const frames = coroutine(function* frames(
  depth: number,
  log: Log,
  clean: () => Awaitable<unknown>,
): Awaitable<void> {
  try {
    try {
      if (depth > 1) yield* frames(depth - 1, log, clean);
      else yield* sleepForever();
      log.wrong.push(`${depth} went on`);
    } catch {
      log.wrong.push(`${depth} caught`);
    }
    log.wrong.push(`${depth} went on behind its catch`);
    yield;
  } finally {
    log.lines.push(`(${depth}`);
    yield* clean();
    log.lines.push(`${depth})`);
  }
});

function expectedLines(depth: number): string[] {
  return Array.from({ length: depth }, (_, i) => [`(${i + 1}`, `${i + 1})`]).flat();
}

/** Cancels `body`'s task once it waits, and whoever awaits that finds it cleaned up. */
async function cancelled(body: Awaitable<unknown> | (() => Awaitable<unknown>)): Promise<void> {
  await runVirtual(function* () {
    const task = createTask(body);
    yield* sleep(1);
    yield* task.cancel();
    expect(task.cancelled).toBe(true);
  });
}

describe("S2: cleanup that suspends ends, frame by frame, inside out, past catch-alls, when it waits for", () => {
  test.each(Object.entries(cleanups))("%s: at every depth from 1 to 50", async (_, clean) => {
    for (let depth = 1; depth <= 50; depth++) {
      const log: Log = { lines: [], wrong: [] };
      await cancelled(frames(depth, log, clean));
      expect(log).toEqual({ lines: expectedLines(depth), wrong: [] });
    }
  });

  test.each(Object.entries(cleanups))("%s: at depth 400, past what runs inline", async (_, clean) => {
    const log: Log = { lines: [], wrong: [] };
    await cancelled(frames(400, log, clean));
    expect(log).toEqual({ lines: expectedLines(400), wrong: [] });
  });

  test.each(Object.entries(cleanups))(
    "%s: also when main is cancelled, and the run with it",
    async (_, clean) => {
      const log: Log = { lines: [], wrong: [] };
      const controller = new AbortController();
      const program = runVirtual(
        function* () {
          createTask(function* () {
            yield* sleep(1);
            controller.abort("enough");
          });
          yield* frames(5, log, clean);
        },
        { signal: controller.signal },
      );
      await expect(program).rejects.toBe("enough");
      expect(log).toEqual({ lines: expectedLines(5), wrong: [] });
    },
  );

  test.each(Object.entries(cleanups))("%s: also when a deadline ends it", async (_, clean) => {
    const log: Log = { lines: [], wrong: [] };
    await runVirtual(function* () {
      const { expired } = yield* moveOnAfter(1, () => frames(5, log, clean));
      expect(expired).toBe(true);
    });
    expect(log).toEqual({ lines: expectedLines(5), wrong: [] });
  });

  test.each(Object.entries(cleanups))("%s: wherever the program is cancelled", async (_, clean) => {
    let open = 0;
    const worker = coroutine(function* worker(depth: number): Awaitable<void> {
      open++;
      try {
        if (depth > 0) yield* worker(depth - 1);
        else yield* sleep(2);
      } finally {
        // On the normal way out, nobody but a shield holds a cancellation back.
        yield* shield(clean);
        open--;
      }
    });
    await cancelEverywhere(
      () =>
        taskGroup(function* (group) {
          group.createTask(worker(1));
          yield* timeout(100, () => worker(2));
        }),
      { check: () => expect(open).toBe(0) },
    );
  });
});
