import { expect, test } from "vitest";
import { BAR_WORKLOADS, barLines, held } from "../../bench/harness/bars.ts";
import { workloads } from "../../bench/workloads/index.ts";

const result = (system: string, min: number, median = min) => ({ system, min, median, cpu: 0, peak: 0 });

test("the bars are told by minimum and median, and decided by the median", () => {
  const bars = held(
    new Map([
      ["spawn", [result("native", 100, 110), result("cede", 100, 121)]],
      ["switch", [result("native", 100), result("cede", 56)]],
      ["deep1", [result("native", 1), result("cede", 50)]],
      ["deep1000", [result("native", 1), result("cede", 75)]],
      ["pingpong", [result("bare", 80), result("cede", 100)]],
      ["prodcons", [result("bare", 50), result("cede", 65)]],
    ]),
  );
  expect(barLines(bars).split("\n")).toEqual([
    "MISS  median 1.10 (min 1.00) ≤ 1.00  spawn against native",
    "MISS  median 0.56 (min 0.56) ≤ 0.55  switch against native",
    "ok    median 1.50 (min 1.50) ≤ 1.60  deep1000 against deep1",
    "ok    median 1.25 (min 1.25) ≤ 1.50  pingpong against bare",
    "MISS  median 1.30 (min 1.30) ≤ 1.25  prodcons against bare",
  ]);
});

test("they stand on workloads that there are", () => {
  expect(BAR_WORKLOADS).toEqual(["spawn", "switch", "deep1000", "deep1", "pingpong", "prodcons"]);
  for (const name of BAR_WORKLOADS) expect(workloads.get(name)?.systems).toHaveProperty("cede");
  expect(() => held(new Map())).toThrow("Cannot tell the bars: spawn was not measured with cede.");
});
