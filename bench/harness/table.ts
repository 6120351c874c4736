import type { Result } from "./rounds.ts";

/**
 * The results as aligned columns, numbers to the right. `measure`: the system that all are compared with, by their minima, the
 * numbers that noise moves least.
 */
export function table(results: readonly Result[], unit: string, measure = "native"): string {
  const other = results.find(({ system }) => system === measure);
  const isTime = unit === "ns"; // else the processor's time says how often was collected, for the measuring
  const head = [
    "",
    `min ${unit}`,
    `× ${measure}`,
    `median ${unit}`,
    ...(isTime ? ["CPU ns"] : []),
    "peak MB",
  ];
  const rows = results.map(({ system, min, median, cpu, peak }) => [
    system,
    digits(min),
    other === undefined ? "" : (min / other.min).toFixed(2),
    digits(median),
    ...(isTime ? [digits(cpu)] : []),
    (peak / 1e6).toFixed(0),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  return [head, ...rows]
    .map(([name, ...cells]) =>
      [name!.padEnd(widths[0]!), ...cells.map((cell, column) => cell.padStart(widths[column + 1]!))].join(
        "   ",
      ),
    )
    .join("\n");
}

function digits(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0);
}
