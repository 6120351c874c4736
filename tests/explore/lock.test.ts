/** Locks in every order of small programs, in many orders of bigger ones, and cancelled everywhere. */
import { describe, expect, test } from "vitest";
import { cancelScope, cede, Lock, moveOnAfter, taskGroup, type Awaitable } from "../../src/index.ts";
import { cancelEverywhere } from "../../src/testing/index.ts";
import { History, type Model } from "../support/linearizable.ts";
import { disturbed, everyOrder, randomSchedules, Room, sideBySide } from "../support/explored.ts";

const free = { owner: undefined, waiting: 0, broken: false };

type Ask = "acquire" | "tryAcquire" | "release";

/** Who holds it. */
const model: Model<string | null, Ask, boolean> = {
  initial: null,
  step(owner, { by, input, result }) {
    if (input === "release") return owner === by ? { state: null } : null;
    if (result) return owner === null ? { state: by } : null;
    return owner === null ? null : { state: owner };
  },
};

describe("a lock", () => {
  const room = new Room();
  const lock = new Lock();
  const programs: Record<string, () => Awaitable<unknown>> = {
    "three tasks with `with`": sideBySide(
      ...[0, 1, 2].map((steps) => () => lock.with(() => room.stay(steps))),
    ),
    "three tasks with `using`": sideBySide(
      ...[0, 1, 2].map(
        (steps) =>
          function* () {
            using _guard = yield* lock.acquire();
            yield* room.stay(steps);
          },
      ),
    ),
    "cleanup that waits": sideBySide(
      ...[0, 1].map(
        (steps) => () =>
          lock.with(function* () {
            try {
              yield* room.stay(steps);
            } finally {
              yield* cede();
              yield* room.stay(1);
            }
          }),
      ),
    ),
    "one that acquires it in its cleanup": sideBySide(
      () => lock.with(() => room.stay(2)),
      function* () {
        try {
          yield;
        } finally {
          yield* lock.with(() => room.stay(1));
        }
      },
    ),
    "waiters that do not wait for long": sideBySide(
      () => lock.with(() => room.stay(2)),
      () => moveOnAfter(0, () => lock.with(() => room.stay(1))),
      function* () {
        yield* moveOnAfter(1, () => lock.with(() => room.stay(1)));
        lock.tryAcquire()?.release();
      },
    ),
  };

  test.each(Object.entries(programs))("cancelled everywhere: %s", { timeout: 60_000 }, async (_, program) => {
    await cancelEverywhere(() => cancelScope(program), {
      schedules: 8,
      check() {
        expect(lock.statistics).toEqual(free);
        expect(room.isEmpty).toBe(true);
      },
    });
  });

  test(
    "every order of three tasks of three operations, one of which is cancelled",
    { timeout: 60_000 },
    async () => {
      await everyOrder(function* () {
        const lock = new Lock();
        const room = new Room();
        const work = function* (): Awaitable<void> {
          yield* lock.with(() => room.stay(1));
          using guard = lock.tryAcquire();
          if (guard !== undefined) yield* room.stay(0);
        };
        yield* taskGroup(function* (group) {
          const victim = group.createTask(work);
          group.createTask(() => lock.with(() => room.stay(1)));
          group.createTask(function* () {
            yield;
            void victim.cancel();
            yield* lock.with(() => room.stay(0));
          });
        });
        expect(lock.statistics).toEqual(free);
      });
    },
  );

  test("is linearizable, with cancellations, in many orders", { timeout: 60_000 }, async () => {
    await randomSchedules(function* (draw) {
      const lock = new Lock();
      const history = new History<Ask, boolean>();
      const work = (by: string) =>
        function* (): Awaitable<void> {
          for (let n = 0; n < 3; n++) {
            if (draw(3) === 0) {
              if (!history.note(by, "tryAcquire", () => lock.tryAcquire() !== undefined)) continue;
            } else {
              yield* history.record(by, "acquire", acquired(lock));
            }
            try {
              for (let step = draw(3); step > 0; step--) yield;
            } finally {
              history.note(by, "release", () => (lock.release(), true));
            }
          }
        };
      yield* disturbed(draw, work);
      history.check(model);
      expect(lock.statistics).toEqual(free);
    });
  });
});

function* acquired(lock: Lock): Awaitable<boolean> {
  yield* lock.acquire();
  return true;
}
