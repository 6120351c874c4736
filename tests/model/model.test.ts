// Random programs do on Cede what they do on a model of its rules, step for step, and end as they end there:
// as they are, with everyone who is parked polled in vain at every point, and cancelled at a time or a point.
//
// Many more, from a random seed: npm run soak -- --trees 100000
import { expect, test } from "vitest";
import { shrunk } from "./compare.ts";
import { KINDS } from "./program.ts";
import { examine, type Examined } from "./trials.ts";

/** The trees of these seeds; no run of the check is unlike another. */
async function compare(first: number, trees: number, everywhere: boolean): Promise<Examined> {
  const examined: Examined = { trials: 0, events: 0, circles: 0, abandoned: 0, seen: new Set() };
  for (let seed = first; seed < first + trees; seed++) {
    const differing = await examine(seed, everywhere, examined);
    if (differing !== null) {
      expect.fail(`npm run soak -- --trees 1 --seed ${seed}\n${await shrunk(differing)}`);
    }
  }
  return examined;
}

test("2,000 random programs do what the rules say", async () => {
  const { trials, circles, abandoned, seen } = await compare(1, 2000, false);
  expect(trials).toBe(8000);
  // A comparison says nothing of what does not happen.
  expect(KINDS.filter((kind) => kind !== "fail" && !seen.has(kind))).toEqual([]);
  for (const text of [
    "timeout of",
    "cancelled",
    "before [",
    "expired-unheard",
    "task-failed",
    "late-error",
    "invalid state",
    "expired",
  ]) {
    expect([...seen]).toContain(text);
  }
  expect(circles).toBeLessThan(trials / 20);
  expect(abandoned).toBeGreaterThan(50);
  expect(abandoned).toBeLessThan(trials / 20);
}, 120_000);

test("150 random programs do what the rules say wherever they are cancelled", async () => {
  const { trials } = await compare(10_001, 150, true);
  expect(trials).toBeGreaterThan(1000);
}, 120_000);
