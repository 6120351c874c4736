/** Something made once, by tasks that are cancelled, in many orders: it is made by one at a time, and by nobody twice. */
import { describe, expect, test } from "vitest";
import { cancelScope, cede, moveOnAfter, Once, type Awaitable } from "../../src/index.ts";
import { cancelEverywhere } from "../../src/testing/index.ts";
import { randomSchedules, Room, sideBySide } from "../support/explored.ts";

let once = new Once(cede);
let made = 0;

/** Makes something in so many steps, which fails the first so many times. */
function begin(steps: number, failures = 0): void {
  made = 0;
  const room = new Room();
  let left = failures;
  once = new Once(function* () {
    yield* room.stay(steps);
    if (left-- > 0) throw new Error("failed");
    made++;
  });
}

const asking = function* (): Awaitable<void> {
  try {
    yield* once.get();
  } catch (error) {
    if ((error as Error).message !== "failed") throw error;
  }
};

const programs: Record<string, () => Awaitable<unknown>> = {
  "three ask": sideBySide(asking, asking, asking),
  "one does not wait for long": sideBySide(() => moveOnAfter(0, asking), asking, asking),
  "some go on to ask": sideBySide(
    () => moveOnAfter(1, asking),
    function* () {
      yield* asking();
      yield* asking();
    },
    asking,
  ),
};

describe("a once", () => {
  test.each(Object.entries(programs))(
    "cancelled everywhere: %s",
    { timeout: 60_000 },
    async (name, program) => {
      await cancelEverywhere(
        () => {
          begin(2, name === "some go on to ask" ? 1 : 0);
          return cancelScope(program);
        },
        {
          schedules: 8,
          check() {
            expect(once.statistics).toMatchObject({ runner: undefined, waiting: 0 });
            expect(made).toBe(once.done ? 1 : 0);
          },
        },
      );
    },
  );

  test("is made by one at a time, and by nobody twice, in many orders", { timeout: 60_000 }, async () => {
    await randomSchedules(function* (draw) {
      begin(draw(3), draw(2));
      const task = () => moveOnAfter(draw(2) === 0 ? 0 : 100, asking);
      yield* sideBySide(task, task, task, task)();
      expect(once.statistics).toMatchObject({ runner: undefined, waiting: 0 });
      yield* asking();
      yield* asking();
      expect([once.done, made]).toEqual([true, 1]);
    });
  });
});
