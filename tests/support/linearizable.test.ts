import { describe, expect, test } from "vitest";
import { isLinearizable, type Model, type Operation } from "./linearizable.ts";

/** A register: what was written last is read. */
const register: Model<number, number | "read", number> = {
  initial: 0,
  step: (state, { input, result }) =>
    input === "read" ? (result === state ? { state } : null) : { state: input },
};

const operation = (
  called: number,
  returned: number,
  input: number | "read",
  result: number | "cancelled" = 0,
): Operation<number | "read", number> => ({ by: "somebody", input, result, called, returned });

describe("a history is linearizable", () => {
  test("if each operation could have had its effect between its call and its return", () => {
    expect(isLinearizable([], register)).toBe(true);
    // The write overlaps both reads: it may come between them.
    expect(
      isLinearizable([operation(0, 9, 1), operation(1, 2, "read", 0), operation(3, 4, "read", 1)], register),
    ).toBe(true);
  });

  test("not if one reads what was there before a write that had returned", () => {
    expect(isLinearizable([operation(0, 1, 1), operation(2, 3, "read", 0)], register)).toBe(false);
    // 1 was seen, so it is there; 0 cannot come back.
    expect(
      isLinearizable([operation(0, 9, 1), operation(1, 2, "read", 1), operation(3, 4, "read", 0)], register),
    ).toBe(false);
  });

  test("not if what was cancelled has had an effect", () => {
    const write = operation(0, 1, 1, "cancelled");
    expect(isLinearizable([write, operation(2, 3, "read", 0)], register)).toBe(true);
    expect(isLinearizable([write, operation(2, 3, "read", 1)], register)).toBe(false);
  });
});
