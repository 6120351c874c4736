import { describe, expect, test } from "vitest";
import { failureOf, lostUpdate, sideBySide, steps } from "../../tests/support/explored.ts";
import { cede, sleep, taskGroup } from "../index.ts";
import { replay } from "./index.ts";

describe("replay", () => {
  test("runs the same schedule again, a thousand times of a thousand", async () => {
    const main = lostUpdate(() => sleep(1));
    const failure = (await failureOf(main, { strategy: "random-walk" }))!;
    for (let i = 0; i < 1000; i++) {
      const again = await replay(main, failure.replay, { throws: false });
      expect(again!.replay).toBe(failure.replay);
    }
  });

  test("tells that a program does not fail any more", async () => {
    let mistaken = true;
    const main = function* () {
      yield;
      if (mistaken) throw new Error("mistaken");
    };
    const { replay: schedule } = (await failureOf(main))!;
    await expect(replay(main, schedule)).rejects.toThrow(
      /^The program fails in the 1st schedule: Error: mistaken/,
    );
    mistaken = false;
    expect(await replay(main, schedule)).toBeUndefined();
  });

  test("says at which step a program diverges", async () => {
    let extra = 0;
    const main = function* () {
      const order: string[] = [];
      yield* taskGroup(function* (group) {
        for (const name of ["a", "b", "c"]) {
          group.createTask(function* () {
            for (let i = 0; i < extra; i++) yield;
            yield;
            order.push(name);
          });
        }
      });
      if (order.join("") === "cba") throw new Error("backwards");
    };
    const { replay: schedule } = (await failureOf(main))!;
    extra = 1;
    await expect(replay(main, schedule)).rejects.toThrow(
      /^Cannot replay: the program takes other steps than when it was recorded, from step \d on \(\d+ steps, \d+ then\)\./,
    );
    extra = -1;
    const shorter = function* () {
      yield* sideBySide(steps(1))();
    };
    await expect(replay(shorter, "1:3.3:0:5:00000")).rejects.toThrow(
      /^Cannot replay: the program takes other steps/,
    );
    await expect(replay(sideBySide(steps(2), steps(2)), "1:3.9:0:5:00000")).rejects.toThrow(
      "Cannot replay: at step 3 task 9 is to run, but only",
    );
  });

  test.each(["", "1", "1:7.x:0:3:000", "2::0:3:000", "hello", "1:7:0:3:000"])(
    "refuses %o, which is no replay string",
    async (text) => {
      await expect(replay(() => cede(), text)).rejects.toThrow(
        `Cannot replay ${JSON.stringify(text)}: it is no replay string.`,
      );
    },
  );
});
