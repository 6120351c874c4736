// Numbers as people read them, in at most seven characters, so that a column of them never jumps.

export const UNIT_WIDTH = 7;

/** `412 ms`, `1.02 s`, `59.9 s`, `2.1 min`, `12 min`, `2.5 h`. */
export function duration(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 9.995) return `${s.toFixed(2)} s`;
  if (s < 99.95) return `${s.toFixed(1)} s`;
  const min = s / 60;
  if (min < 9.95) return `${min.toFixed(1)} min`;
  if (min < 99.5) return `${min.toFixed(0)} min`;
  return min < 599 ? `${(min / 60).toFixed(1)} h` : `${(min / 60).toFixed(0)} h`;
}

/** `0 B`, `999 B`, `14.2 kB`, `120 kB`, `1.5 MB`: powers of a thousand. */
export function size(bytes: number): string {
  let value = bytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (unit === "B" ? value < 1000 : value < 999.5) {
      return unit === "B" ? `${value} B` : `${value.toFixed(value < 99.95 ? 1 : 0)} ${unit}`;
    }
    value /= 1000;
  }
  return `${value.toFixed(1)} TB`;
}

/** `2,000`, whatever the locale: output is compared and searched. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 page`, `2,000 pages`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}
