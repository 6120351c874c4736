import { bugs } from "../bugs/index.ts";
import type { Correct } from "../support.ts";
import { combine } from "./combine.ts";
import { primitives } from "./primitives.ts";
import { scopes } from "./scopes.ts";
import { structure } from "./structure.ts";

/** What no order breaks: whoever calls one of these wrong raises a false alarm. */
export const correct: readonly Correct[] = [
  ...bugs.flatMap(({ name, repaired }) =>
    repaired === undefined ? [] : [{ name: `${name}, repaired`, program: repaired }],
  ),
  ...structure,
  ...scopes,
  ...combine,
  ...primitives,
];
