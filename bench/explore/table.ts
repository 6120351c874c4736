/** Aligned columns: the first to the left, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  return [head, ...rows]
    .map(([name, ...cells]) =>
      [name!.padEnd(widths[0]!), ...cells.map((cell, column) => cell.padStart(widths[column + 1]!))]
        .join("   ")
        .trimEnd(),
    )
    .join("\n");
}

/** The middle one; what was not found counts as `Infinity`. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A number of schedules, of which at most so many were run. */
export function upTo(most: number, value: number): string {
  return value === Infinity ? `> ${grouped(most)}` : grouped(value);
}

export function grouped(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}
