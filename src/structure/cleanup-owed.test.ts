// A task may be given something in the very moment in which its cleanup is abandoned: what it was given it takes,
// and gives back, so that nothing is lost.
import { describe, expect, test } from "vitest";
import {
  coroutine,
  createTask,
  defer,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  type Awaitable,
} from "../index.ts";
import { park, type ParkedWait } from "../lowlevel.ts";
import { abandoned, bound, outcome, twice } from "../../tests/support/cleanup-bounds.ts";
import type { Log } from "../../tests/support/small.ts";

/** A lock that is handed over directly, to the one who has waited longest. */
class HandMade {
  free = true;
  readonly #waiting: ParkedWait<void>[] = [];

  acquire(): Awaitable<void> {
    return park({ label: "the lock" }, (wait) => {
      if (this.free) {
        this.free = false;
        wait.complete();
        return;
      }
      this.#waiting.push(wait);
      return () => void this.#waiting.splice(this.#waiting.indexOf(wait), 1);
    });
  }

  release(): void {
    for (let wait = this.#waiting.shift(); wait !== undefined; wait = this.#waiting.shift())
      if (wait.complete()) return;
    this.free = true;
  }
}

/** Has the lock, and lets go of it only when it is told to return once more. */
const holder = coroutine(function* holder(lock: HandMade): Awaitable<void> {
  yield* lock.acquire();
  yield* twice(() => lock.release());
});

/** Needs the lock for its cleanup. */
const taker = coroutine(function* taker(lock: HandMade, log: Log, ms: number): Awaitable<void> {
  try {
    yield* sleepForever();
  } finally {
    yield* held(lock, log, ms);
  }
});

const held = coroutine(function* held(lock: HandMade, log: Log, ms: number): Awaitable<void> {
  yield* lock.acquire();
  log("has it");
  try {
    if (ms > 0) yield* sleep(ms);
    log("is done");
  } finally {
    lock.release();
    log("gives it back");
  }
});

describe("S7: whoever is given something in the moment in which its cleanup is abandoned", () => {
  test("takes it, and gives it back: in a run that shuts down", async () => {
    const lock = new HandMade();
    const lines = await outcome(function* (log) {
      createTask(holder(lock));
      createTask(taker(lock, log, 5));
      createTask(() => shield(shielded), { name: "shielded" });
      function* shielded(): Awaitable<void> {
        yield* sleep(15); // it comes after the other
        yield* held(lock, log, 5);
      }
      yield* sleep(10);
    }, 20);
    const why = "exceeded its bound and was abandoned while it waited for";
    expect(lines).toEqual([
      `30 The cleanup of holder ${why} sleep for ever.`,
      "30 has it",
      "30 gives it back",
      `30 The cleanup of taker ${why} sleep 5 ms.`,
      "30 has it",
      "30 gives it back",
      `30 The cleanup of shielded ${why} sleep 5 ms.`,
      "undefined",
    ]);
    expect(lock.free).toBe(true);
  });

  test("ends by itself if it needs nothing more: it was not abandoned", async () => {
    const lock = new HandMade();
    const lines = await outcome(function* (log) {
      createTask(holder(lock));
      createTask(function* () {
        defer(() => log("left"));
        yield* taker(lock, log, 0);
      });
      yield* sleep(10);
    }, 20);
    expect(lines.slice(1)).toEqual(["30 has it", "30 is done", "30 gives it back", "30 left", "undefined"]);
    expect(lock.free).toBe(true);
  });

  test.each(["task", "part of a task"])("is a %s, in a scope with a bound", async (what) => {
    const lock = new HandMade();
    const body = (awaitable: () => Awaitable<unknown>): Awaitable<unknown> =>
      moveOnAfter(
        10,
        () =>
          what === "task"
            ? taskGroup(function* (group) {
                group.createTask(awaitable, { name: "taker" });
              })
            : awaitable(),
        bound,
      );
    const lines = await outcome(function* (log) {
      yield* taskGroup(function* (group) {
        group.createTask(() => moveOnAfter(10, () => holder(lock), bound), { name: "first" });
        yield* sleep(0);
        yield* body(() => taker(lock, log, 5));
        log("goes on");
        yield* lock.acquire();
      });
    });
    const place = what === "task" ? "taker" : "coroutine held in main";
    expect(lines).toEqual([
      `30 ${abandoned("coroutine twice in first")}`,
      "30 has it",
      "30 gives it back",
      `30 ${abandoned(place, "sleep 5 ms")}`,
      "30 goes on",
      "undefined",
    ]);
  });

  test("leaves the scope if it needs nothing more there, and is not cut further out", async () => {
    const lock = new HandMade();
    const lines = await outcome(function* (log) {
      yield* taskGroup(function* (group) {
        group.createTask(() => moveOnAfter(10, () => holder(lock), bound), { name: "first" });
        yield* sleep(0);
        const { expired } = yield* moveOnAfter(10, () => taker(lock, log, 0), bound);
        log(`expired: ${expired}`);
        yield* sleep(5);
        log("goes on");
      });
    });
    expect(lines.slice(1)).toEqual([
      "30 has it",
      "30 is done",
      "30 gives it back",
      "30 expired: true",
      "35 goes on",
      "undefined",
    ]);
  });
});
