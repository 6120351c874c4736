import { expect, test } from "vitest";
import { bars, barLines } from "../../bench/explore/bars.ts";
import { bugs } from "../../bench/explore/bugs/index.ts";
import { correct } from "../../bench/explore/correct/index.ts";
import { measureBug, measureCorrect, measureCounts, type BugResult } from "../../bench/explore/measure.ts";
import { peerBugs } from "../../bench/explore/peer-bugs.ts";

const found = new Map<string, BugResult>();

test("explore finds the known bugs with each of three seeds, and each string fails again", async () => {
  const budget = { seeds: 3, schedules: 2000 };
  for (const bug of bugs)
    found.set(bug.name, await measureBug(bug, budget, { replays: 3, strategies: false }));
  const results = [...found.values()];
  expect(results.filter((bug) => bug.found < bug.seeds)).toEqual([]);
  expect(results.filter(({ replays: { of, same } }) => same < of)).toEqual([]);
}, 60_000);

test("making a failing schedule simple never adds a switch", () => {
  expect([...found.values()].filter(({ grown }) => grown > 0)).toEqual([]);
});

test("explore raises no alarm in correct programs", async () => {
  expect(correct.length).toBeGreaterThan(100);
  const alarms: string[] = [];
  for (const program of correct) {
    const { alarm } = await measureCorrect(program, 300);
    if (alarm !== undefined) alarms.push(`${program.name}: ${alarm}`);
  }
  expect(alarms).toEqual([]);
}, 60_000);

test("depth first runs each of the C(m + n, n) orders of two tasks once, and of three", async () => {
  for (const { expected, schedules, different, exhausted } of await measureCounts([
    [1, 1],
    [3, 2],
    [4, 4],
    [2, 2, 2],
  ])) {
    expect({ schedules, different, exhausted }).toEqual({
      schedules: expected,
      different: expected,
      exhausted: true,
    });
  }
});

test("names are different, and peers have the name of a bug", () => {
  const names = [...bugs, ...correct].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of Object.keys(peerBugs)) expect(names).toContain(name);
});

test("a bar that is missed says by whom", () => {
  const missed = { ...[...found.values()][0]!, name: "a", found: 2, seeds: 3 };
  const counts = [{ steps: [1, 1], expected: 2, schedules: 2, different: 1, exhausted: true }];
  const speeds = [{ program: "two tasks", strategy: "random-walk" as const, perSecond: 19_999 }];
  const results = {
    bugs: [missed],
    correct: [{ name: "b", schedules: 1, exhausted: true, ms: 1 }],
    counts,
    speeds,
  };
  expect(barLines(bars(results)).split("\n")).toEqual([
    "MISS  each bug is found with each seed: 0 of 1; not a",
    "ok    making a schedule simple never adds a switch: 1 of 1",
    "ok    a string fails in the same way each time (3 replays): 1 of 1",
    "ok    no alarm in a correct program: 1 of 1",
    "MISS  depth first runs each of all the orders once: 0 of 1",
    "MISS  20,000 executions a second of two tasks: 19,999",
  ]);
});
