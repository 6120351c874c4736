/** Events, set, cleared and waited for, in many orders, and cancelled everywhere. */
import { describe, expect, test } from "vitest";
import { cancelScope, Event, moveOnAfter, select, sleep, type Awaitable } from "../../src/index.ts";
import { cancelEverywhere } from "../../src/testing/index.ts";
import { randomSchedules, sideBySide } from "../support/explored.ts";

let event = new Event();

const programs: Record<string, () => Awaitable<unknown>> = {
  "two wait, one sets it": sideBySide(
    () => event.wait(),
    () => event.wait(),
    function* () {
      yield;
      event.set();
    },
  ),
  "waits that are short, or selected": sideBySide(
    () => moveOnAfter(0, () => event.wait()),
    () => moveOnAfter(1, () => event.wait()),
    () => select([event.wait(), sleep(1)]),
    function* () {
      yield* sleep(1);
      event.set();
    },
  ),
  "set, and cleared again": sideBySide(
    () => event.wait(),
    function* () {
      yield* event.wait();
      event.clear();
      yield;
      event.set();
    },
    function* () {
      event.set();
      yield;
    },
  ),
};

describe("an event", () => {
  test.each(Object.entries(programs))("cancelled everywhere: %s", { timeout: 60_000 }, async (_, program) => {
    await cancelEverywhere(
      () => {
        event = new Event();
        return cancelScope(program);
      },
      { schedules: 8, check: () => expect(event.statistics.waiting).toBe(0) },
    );
  });

  test("wakes everybody who waited, in many orders", { timeout: 60_000 }, async () => {
    await randomSchedules(function* (draw) {
      event = new Event();
      const task = function* (): Awaitable<void> {
        for (let n = 0; n < 3; n++) {
          const what = draw(4);
          if (what === 0) event.set();
          else if (what === 1) event.clear();
          else yield* moveOnAfter(draw(3), () => event.wait());
          if (draw(2) === 0) yield;
        }
      };
      yield* sideBySide(task, task, task, task)();
      expect(event.statistics.waiting).toBe(0);
    });
  });
});
