/** A capacity limiter whose total changes, in many orders, and cancelled everywhere. */
import { describe, expect, test } from "vitest";
import { cancelScope, CapacityLimiter, moveOnAfter, type Awaitable } from "../../src/index.ts";
import { cancelEverywhere } from "../../src/testing/index.ts";
import { randomSchedules, Room, sideBySide } from "../support/explored.ts";

let limiter = new CapacityLimiter(2);
let room = new Room(2);
const fresh = { total: 2, borrowed: 0, waiting: 0, borrowers: [] };

const stay = (steps: number) => () => limiter.with(() => room.stay(steps));
const change = (...totals: number[]) =>
  function* (): Awaitable<void> {
    for (const total of totals) {
      limiter.total = total;
      yield;
    }
  };

const programs: Record<string, () => Awaitable<unknown>> = {
  "four tasks": sideBySide(stay(0), stay(1), stay(2), stay(1)),
  "a total that changes": sideBySide(stay(1), stay(1), stay(1), change(1, 0, 2)),
  "waits that are short": sideBySide(
    stay(2),
    stay(2),
    () => moveOnAfter(0, stay(1)),
    () => moveOnAfter(1, stay(1)),
    change(1, 2),
  ),
};

describe("a capacity limiter", () => {
  test.each(Object.entries(programs))("cancelled everywhere: %s", { timeout: 60_000 }, async (_, program) => {
    await cancelEverywhere(
      () => {
        [limiter, room] = [new CapacityLimiter(2), new Room(2)];
        return cancelScope(program);
      },
      {
        schedules: 8,
        check() {
          expect({ ...limiter.statistics, total: 2 }).toEqual(fresh);
          expect(room.isEmpty).toBe(true);
        },
      },
    );
  });

  test("lends no more than there are, and all of them, in many orders", { timeout: 60_000 }, async () => {
    await randomSchedules(function* (draw) {
      [limiter, room] = [new CapacityLimiter(2), new Room(2)];
      const task = function* (): Awaitable<void> {
        for (let n = 0; n < 3; n++) yield* moveOnAfter(draw(2) === 0 ? 0 : 100, stay(draw(3)));
      };
      yield* sideBySide(task, task, task, task, change(draw(3), draw(3), 2))();
      expect(limiter.statistics).toEqual(fresh);
    });
  });
});
