import { duration } from "./units.ts";

// Time runs to the right, one column is a fixed share of the scale. Half cells (╸ ╺) double the resolution.

/** A bar from `startMs` for `ms`, as text no longer than `width`; never empty, so that a fast page shows. */
export function bar(startMs: number, ms: number, scaleMs: number, width: number, body = "━"): string {
  const halves = width * 2;
  if (halves < 1) return "";
  const at = (time: number) => Math.round((Math.min(Math.max(time, 0), scaleMs) / (scaleMs || 1)) * halves);
  const from = Math.min(at(startMs), halves - 1);
  const to = Math.max(at(startMs + ms), from + 1);
  const firstWhole = Math.ceil(from / 2);
  const lastWhole = Math.floor(to / 2);
  if (body !== "━") {
    const cell = Math.floor(from / 2);
    return " ".repeat(cell) + body.repeat(Math.max(1, lastWhole - cell));
  }
  return (
    " ".repeat(Math.floor(from / 2)) +
    (from % 2 === 1 ? "╺" : "") +
    body.repeat(Math.max(0, lastWhole - firstWhole)) +
    (to % 2 === 1 && to - 1 >= firstWhole * 2 ? "╸" : "")
  );
}

/** Labels of round times above the bars: `0     200 ms    400 ms`. */
export function axis(scaleMs: number, width: number): string {
  if (width < 10) return "";
  const step = roundStep(scaleMs / (width / 9));
  let line = "0";
  for (let time = step; time < scaleMs; time += step) {
    const column = Math.round((time / scaleMs) * width);
    const label = tick(time);
    if (column + label.length > width) break;
    if (column > line.length) line = line.padEnd(column) + label;
  }
  if (line !== "0") return line;
  // Not even one round time fits: then the end of the scale.
  const end = duration(scaleMs);
  return end.length + 2 <= width ? line.padEnd(width - end.length) + end : line;
}

/** 1, 2, 2.5 or 5 times a power of ten: the next one up. */
function roundStep(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(ms, 1)));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= ms) ?? power * 10;
}

function tick(ms: number): string {
  return ms < 1000 ? `${ms} ms` : ms < 60_000 ? `${Number((ms / 1000).toFixed(2))} s` : duration(ms);
}
