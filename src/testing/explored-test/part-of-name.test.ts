import { expect, it } from "vitest";
import { isPartOfName } from "./part-of-name.ts";

it.for([
  ["inner", "outer > inner", true],
  ["outer > inner", "outer inner", true],
  ["outer inner", "outer > inner", true],
  ["outer > in", "all > outer > inner", true],
  ["a>b", "a b", false], // no sign that joins: it is in the name
  ["inner > outer", "outer > inner", false],
  ["Inner", "outer > inner", false],
] as const)("%j in %j: %j", ([part, name, expected]) => {
  expect(isPartOfName(part, name)).toBe(expected);
});
