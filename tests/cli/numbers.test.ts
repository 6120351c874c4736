import { expect, test } from "vitest";
import { numberIn, wholeNumberIn } from "../../src/cli/numbers.ts";

const LARGEST = Number.MAX_SAFE_INTEGER;

test.each([
  ["0", 0, 0],
  ["007", 7, 7],
  [`${LARGEST}`, LARGEST, LARGEST],
  ["9007199254740992", LARGEST + 1, NaN],
  ["0.5", 0.5, NaN],
  ["1e6", 1e6, NaN],
  ["1e999", Infinity, NaN],
  ["", NaN, NaN],
  [" 1", NaN, NaN],
  ["-1", NaN, NaN],
  ["0x10", NaN, NaN],
  ["Infinity", NaN, NaN],
  ["5s", NaN, NaN],
])("%j is %d as a number, and %d as a whole one", (text, number, whole) => {
  expect([numberIn(text), wholeNumberIn(text)]).toEqual([number, whole]);
});
