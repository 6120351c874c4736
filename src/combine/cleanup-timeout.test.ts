import { describe, expect, test } from "vitest";
import { all, allSettled, any, map, moveOnAfter, race, type Awaitable, type ScopeOptions } from "../index.ts";
import { abandoned, bound, outcome, stuck } from "../../tests/support/cleanup-bounds.ts";
import { after, failing, type Log } from "../../tests/support/small.ts";

type Combined = (log: Log, options: ScopeOptions) => Awaitable<unknown>;

describe("S2: a cleanupTimeout bounds the cleanup of what was started together, and is no longer needed", () => {
  const programs: Record<string, [combined: Combined, end: string]> = {
    "race, once one has won": [(log, options) => race([after(10, "won"), stuck(log)], options), '"won"'],
    "race, of a record": [
      (log, options) => race({ winner: after(10, 1), loser: stuck(log) }, options),
      '{"key":"winner","value":1}',
    ],
    "any, once one has its result": [
      (log, options) => any([failing(5, "no"), after(10, "won"), stuck(log)], options),
      '"won"',
    ],
    "all, once one has failed": [
      (log, options) => all([stuck(log), failing(10, "failed")], options),
      "Error: failed",
    ],
    "allSettled, cancelled from further out": [
      (log, options) => {
        const settled = allSettled([stuck(log)], options);
        return moveOnAfter(10, () => settled);
      },
      '{"expired":true}',
    ],
    "map, once one has failed": [
      (log, options) =>
        map([stuck(log), failing(10, "failed")], (item: Awaitable<unknown>) => item, {
          ...options,
          concurrency: 2,
        }),
      "Error: failed",
    ],
  };
  test.each(Object.keys(programs))("%s", async (name) => {
    const [combined, end] = programs[name]!;
    const lines = await outcome((log) => combined(log, bound));
    expect(lines.map((line) => line.replace(/cleanup of \w+ /, "cleanup of it "))).toEqual([
      "10 inner begins",
      "30 told to return",
      "30 outer begins",
      `30 ${abandoned("it")}`,
      end,
    ]);
  });

  test.each(Object.keys(programs))(
    "%s: and is a number of milliseconds, or it is refused at once",
    (name) => {
      const [combined] = programs[name]!;
      expect(() => combined(() => {}, { cleanupTimeout: -1 })).toThrow(
        new RangeError(
          "Cannot limit cleanup to -1 ms: a delay is a number of milliseconds, 0 or more (or Infinity).",
        ),
      );
    },
  );
});
