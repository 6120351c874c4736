/** Semaphores in every order of small programs, in many orders of bigger ones, and cancelled everywhere. */
import { describe, expect, test } from "vitest";
import {
  cancelScope,
  cede,
  defer,
  moveOnAfter,
  Semaphore,
  taskGroup,
  type Awaitable,
} from "../../src/index.ts";
import { cancelEverywhere } from "../../src/testing/index.ts";
import { disturbed, everyOrder, randomSchedules, Room, sideBySide } from "../support/explored.ts";
import { History, type Model } from "../support/linearizable.ts";

interface Ask {
  readonly what: "acquire" | "tryAcquire" | "release";
  readonly permits: number;
}

/** How many are free. What is refused may have come behind somebody who waited for many. */
const model: Model<number, Ask, boolean | "others wait"> = {
  initial: 3,
  step(free, { input: { what, permits }, result }) {
    if (what === "release") return { state: free + permits };
    if (result === true) return permits <= free ? { state: free - permits } : null;
    return result === "others wait" || permits > free ? { state: free } : null;
  },
};

describe("a semaphore", () => {
  const room = new Room(2);
  const semaphore = new Semaphore(2);
  const stay = (permits: number, steps: number) => () => semaphore.with(permits, () => room.stay(steps));
  const programs: Record<string, () => Awaitable<unknown>> = {
    "four tasks": sideBySide(stay(1, 0), stay(1, 1), stay(1, 2), stay(1, 1)),
    "one that wants all": sideBySide(stay(1, 1), stay(2, 1), stay(1, 1)),
    "one that wants all, and not for long": sideBySide(
      stay(1, 2),
      () => moveOnAfter(0, stay(2, 1)),
      () => moveOnAfter(1, stay(2, 1)),
      stay(1, 1),
    ),
    "released by hand, in cleanup that waits": sideBySide(
      ...[0, 1, 2].map(
        (steps) =>
          function* () {
            yield* semaphore.acquire();
            defer(function* () {
              yield* cede();
              semaphore.release();
            });
            yield* room.stay(steps);
          },
      ),
    ),
  };

  test.each(Object.entries(programs))("cancelled everywhere: %s", { timeout: 60_000 }, async (_, program) => {
    await cancelEverywhere(() => cancelScope(program), {
      schedules: 8,
      check() {
        expect(semaphore.statistics).toEqual({ available: 2, max: 2, waiting: 0 });
        expect(room.isEmpty).toBe(true);
      },
    });
  });

  test(
    "every order of three tasks of three operations, one of which is cancelled",
    { timeout: 60_000 },
    async () => {
      await everyOrder(function* () {
        const semaphore = new Semaphore(2);
        const room = new Room(2);
        yield* taskGroup(function* (group) {
          const victim = group.createTask(() => semaphore.with(2, () => room.stay(1)));
          group.createTask(function* () {
            yield* semaphore.with(() => room.stay(1));
            using guard = semaphore.tryAcquire(2);
            if (guard !== undefined) yield* room.stay(0);
          });
          group.createTask(function* () {
            yield;
            void victim.cancel();
            yield* semaphore.with(() => room.stay(0));
          });
        });
        expect(semaphore.statistics).toEqual({ available: 2, max: 2, waiting: 0 });
      });
    },
  );

  test("is linearizable, with cancellations, in many orders", { timeout: 60_000 }, async () => {
    await randomSchedules(function* (draw) {
      const semaphore = new Semaphore(3);
      const history = new History<Ask, boolean | "others wait">();
      const acquired = function* (permits: number): Awaitable<boolean> {
        yield* semaphore.acquire(permits);
        return true;
      };
      const taken = (permits: number): boolean | "others wait" => {
        const { waiting } = semaphore.statistics;
        return semaphore.tryAcquire(permits) !== undefined || (waiting > 0 && "others wait");
      };
      const work = (by: string) =>
        function* (): Awaitable<void> {
          for (let n = 0; n < 3; n++) {
            const permits = 1 + draw(3);
            if (draw(3) === 0) {
              const ask = { what: "tryAcquire", permits } as const;
              if (history.note(by, ask, () => taken(permits)) !== true) continue;
            } else {
              yield* history.record(by, { what: "acquire", permits }, acquired(permits));
            }
            try {
              for (let step = draw(3); step > 0; step--) yield;
            } finally {
              history.note(by, { what: "release", permits }, () => (semaphore.release(permits), true));
            }
          }
        };
      yield* disturbed(draw, work);
      history.check(model);
      expect(semaphore.statistics).toEqual({ available: 3, max: 3, waiting: 0 });
    });
  });
});
