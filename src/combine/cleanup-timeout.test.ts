import { describe, expect, test } from "vitest";
import {
  all,
  allSettled,
  any,
  asCompleted,
  coroutine,
  map,
  moveOnAfter,
  race,
  sleep,
  sleepForever,
  type Awaitable,
  type ScopeOptions,
} from "../index.ts";
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
  /** These are refused where they are called, inside a coroutine. */
  const inLoops: typeof programs = {
    "asCompleted, once its frame is left": [
      (log, options) => first(() => asCompleted([after(10, "first"), stuck(log)], options)),
      '"first"',
    ],
    "asCompleted, cancelled from further out": [
      (log, options) => {
        const one = first(() => asCompleted([stuck(log)], options));
        return moveOnAfter(10, () => one);
      },
      '{"expired":true}',
    ],
  };
  const every = { ...programs, ...inLoops };
  test.each(Object.keys(every))("%s", async (name) => {
    const [combined, end] = every[name]!;
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

test("S2, S16: whoever leaves a loop over asCompleted goes on while what is left is abandoned", async () => {
  const lines = await outcome(function* (log) {
    const unclean = coroutine(function* unclean(): Awaitable<never> {
      try {
        return yield* sleepForever();
      } finally {
        // oxlint-disable-next-line no-unsafe-finally -- the error of a cleanup, kept until the frame is left
        throw new Error("unclean");
      }
    });
    try {
      for (const next of asCompleted([after(10, "first"), stuck(log), unclean()], bound)) {
        log(yield* next);
        break;
      }
      yield* sleep(100);
      log("went on");
    } finally {
      log("ends");
    }
  });
  expect(lines).toEqual([
    "10 first",
    "10 inner begins",
    "30 told to return",
    "30 outer begins",
    `30 ${abandoned("stuck")}`,
    "110 went on",
    "110 ends",
    "Error: unclean",
  ]);
});

test("S2: asCompleted refuses what is no number of milliseconds", async () => {
  const main = () => first(() => asCompleted([after(1, 1)], { cleanupTimeout: -1 }));
  expect(await outcome(main)).toEqual([
    "RangeError: Cannot limit cleanup to -1 ms: a delay is a number of milliseconds, 0 or more (or Infinity).",
  ]);
});

/** The first result, and the loop is left. */
const first = coroutine(function* first<T>(begin: () => Iterable<Awaitable<T>>): Awaitable<T | undefined> {
  for (const next of begin()) return yield* next;
  return undefined;
});
