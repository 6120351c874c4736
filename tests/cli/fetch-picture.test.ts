import { describe, expect, test } from "vitest";
import { liveFrame } from "../../src/cli/fetch/live-frame.ts";
import { comparison, summary } from "../../src/cli/fetch/summary.ts";
import { failures, finalTable, Table } from "../../src/cli/fetch/table.ts";
import { coloured, plain } from "../../src/cli/render/palette.ts";
import { stripVTControlCharacters } from "node:util";
import { run } from "./model.ts";

// Exact pictures of one run whose every time is fixed. Look at a change here as you would at a screen.

describe("the table that stays on the screen", () => {
  test("40 columns wide", () => {
    expect(final(40)).toEqual([
      "                            0     1.20 s",
      "✓ 200    98 ms  /weather    ━",
      "✓ 200   200 ms  /search     ━━",
      "✓ 200   246 ms  /a/…e.html  ━━╸",
      "✗ 503   299 ms  /ne…page=2  ━━━",
      "  the server answered 503 Service",
      "  Unavailable (3 attempts)",
      "✓ 200   397 ms  /maps       ━━━━",
      "✓ 200   494 ms  /help       ━━━━━",
      "✗  --   1.20 s  /mail       ━━━━━━━━━━━━",
      "  timed out after 1.19 s without an",
      "  answer",
      "Run time 1.20 s, cumulative 2.93 s,",
      "slowest 1.20 s (/mail).",
      "5 of 7 pages fetched, 2 failed.",
    ]);
  });

  test("80 columns wide", () => {
    expect(final(80)).toEqual([
      "                                                   0           500 ms      1 s",
      "✓ 200    98 ms    999 B  /weather                  ━━╸",
      "✓ 200   200 ms  14.2 kB  /search                   ━━━━━",
      "✓ 200   246 ms   1.5 MB  /a/very/l…/the/page.html  ━━━━━━",
      "✗ 503   299 ms      0 B  /news?page=2              ━━━━━━━╸",
      "      the server answered 503 Service Unavailable (3 attempts)",
      "✓ 200   397 ms  14.2 kB  /maps                     ━━━━━━━━━╸",
      "✓ 200   494 ms  14.2 kB  /help                     ━━━━━━━━━━━━",
      "✗  --   1.20 s      0 B  /mail                     ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
      "      timed out after 1.19 s without an answer",
      "Run time 1.20 s, cumulative 2.93 s, slowest 1.20 s (/mail).",
      "5 of 7 pages fetched, 2 failed.",
    ]);
  });

  test("140 columns wide", () => {
    expect(final(140)).toEqual([
      "                                                                 0            200 ms      400 ms       600 ms      800 ms       1 s",
      "✓ 200    98 ms    999 B  /weather                                ━━━━━━╸",
      "✓ 200   200 ms  14.2 kB  /search                                 ━━━━━━━━━━━━╸",
      "✓ 200   246 ms   1.5 MB  /a/very/long/way/down/to/the/page.html  ╺━━━━━━━━━━━━━━╸",
      "✗ 503   299 ms      0 B  /news?page=2                            ━━━━━━━━━━━━━━━━━━━",
      "      the server answered 503 Service Unavailable (3 attempts)",
      "✓ 200   397 ms  14.2 kB  /maps                                   ━━━━━━━━━━━━━━━━━━━━━━━━━",
      "✓ 200   494 ms  14.2 kB  /help                                   ╺━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸",
      "✗  --   1.20 s      0 B  /mail                                   ╺━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
      "      timed out after 1.19 s without an answer",
      "Run time 1.20 s, cumulative 2.93 s, slowest 1.20 s (/mail).",
      "5 of 7 pages fetched, 2 failed.",
    ]);
  });

  test("no row is wider than its terminal", () => {
    for (let width = 20; width <= 200; width++) {
      for (const line of [...final(width), ...live(width, 24)])
        expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  test("colour adds nothing but colour", () => {
    const progress = run({ finished: true });
    const painted = finalTable(new Table(progress.urls, coloured), progress, 80);
    expect(painted.map(stripVTControlCharacters)).toEqual(
      finalTable(new Table(progress.urls, plain), progress, 80),
    );
    expect(painted[1]).toContain("\u001b[32m✓\u001b[39m");
  });

  test("failed pages are said again under a long table", () => {
    const progress = run({ finished: true });
    expect(failures(new Table(progress.urls, plain), progress, 80)).toEqual([
      "",
      "Failed:",
      "✗ 503   299 ms      0 B  /news?page=2              ━━━━━━━╸",
      "      the server answered 503 Service Unavailable (3 attempts)",
      "✗  --   1.20 s      0 B  /mail                     ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
      "      timed out after 1.19 s without an answer",
      "",
    ]);
  });
});

describe("the picture of a run under way", () => {
  test("40 columns, 24 rows", () => {
    expect(live(40, 24)).toEqual([
      "                            0     500 ms",
      "✓ 200    98 ms  /weather    ━━╸",
      "✓ 200   200 ms  /search     ━━━━━",
      "✓ 200   246 ms  /a/…e.html  ━━━━━━",
      "✗ 503   299 ms  /ne…page=2  ━━━━━━━",
      "  the server answered 503 Service",
      "  Unavailable (3 attempts)",
      "✓ 200   397 ms  /maps       ━━━━━━━━━╸",
      "·       495 ms  /mail       ┄┄┄┄┄┄┄┄┄┄┄┄",
      "·       494 ms  /help       ┄┄┄┄┄┄┄┄┄┄┄┄",
      "5 of 7, 1 failed  500 ms",
    ]);
  });

  test("80 columns, 24 rows", () => {
    expect(live(80, 24)).toEqual([
      "                                                   0           200 ms     400 ms",
      "✓ 200    98 ms    999 B  /weather                  ━━━━━━",
      "✓ 200   200 ms  14.2 kB  /search                   ━━━━━━━━━━━╸",
      "✓ 200   246 ms   1.5 MB  /a/very/l…/the/page.html  ━━━━━━━━━━━━━━╸",
      "✗ 503   299 ms      0 B  /news?page=2              ━━━━━━━━━━━━━━━━━╸",
      "      the server answered 503 Service Unavailable (3 attempts)",
      "✓ 200   397 ms  14.2 kB  /maps                     ━━━━━━━━━━━━━━━━━━━━━━━",
      "·       495 ms           /mail                     ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
      "·       494 ms           /help                     ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
      "5 of 7, 1 failed  500 ms",
    ]);
  });

  test("80 columns, 8 rows", () => {
    expect(live(80, 8)).toEqual([
      "                                                   0           200 ms     400 ms",
      "✓ 200   246 ms   1.5 MB  /a/very/l…/the/page.html  ━━━━━━━━━━━━━━╸",
      "✗ 503   299 ms      0 B  /news?page=2              ━━━━━━━━━━━━━━━━━╸",
      "      the server answered 503 Service Unavailable (3 attempts)",
      "✓ 200   397 ms  14.2 kB  /maps                     ━━━━━━━━━━━━━━━━━━━━━━━",
      "·       495 ms           /mail                     ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
      "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━────────────────  5 of 7, 1 failed  500 ms",
    ]);
  });

  test("140 columns, 24 rows", () => {
    expect(live(140, 24)).toEqual([
      "                                                                 0              100 ms         200 ms         300 ms         400 ms",
      "✓ 200    98 ms    999 B  /weather                                ╺━━━━━━━━━━━━━━",
      "✓ 200   200 ms  14.2 kB  /search                                 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
      "✓ 200   246 ms   1.5 MB  /a/very/long/way/down/to/the/page.html  ╺━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸",
      "✗ 503   299 ms      0 B  /news?page=2                            ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
      "      the server answered 503 Service Unavailable (3 attempts)",
      "✓ 200   397 ms  14.2 kB  /maps                                   ╺━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
      "·       495 ms           /mail                                    ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
      "·       494 ms           /help                                    ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
      "5 of 7, 1 failed  500 ms",
    ]);
  });

  test("80 columns, 3 rows", () => {
    expect(live(80, 3)).toEqual([
      "                                                   0           200 ms     400 ms",
      "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━────────────────  5 of 7, 1 failed  500 ms",
    ]);
  });

  test("it never needs more rows than there are, with one left for the cursor", () => {
    for (let height = 3; height <= 30; height++) expect(live(80, height).length).toBeLessThan(height);
  });
});

test("an interrupted run says what was not finished", () => {
  const progress = run();
  progress.end();
  expect(finalTable(new Table(progress.urls, plain), progress, 60).slice(-3)).toEqual([
    "✓ 200   397 ms  14.2 kB  /maps            ━━━━━━━━━━━━━━╸",
    "·       495 ms           /mail            ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
    "·       494 ms           /help            ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
  ]);
  expect(summary(progress, () => "/maps", plain, 80)).toEqual([
    "Run time 500 ms, cumulative 1.24 s, slowest 397 ms (/maps).",
    "Interrupted: 5 of 7 pages done, 1 failed, 2 not finished.",
  ]);
});

test("two runs are compared to one scale", () => {
  const runs = [
    { how: "concurrently", runMs: 1200 },
    { how: "one after another", runMs: 2929 },
  ];
  expect(comparison(runs, plain, 60)).toEqual([
    "concurrently        1.20 s  ━━━━━━━━━━━━━",
    "one after another   2.93 s  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
    "One after another took 2.4 times as long.",
  ]);
  expect(comparison(runs.slice(0, 1), plain, 60)).toEqual([]);
  expect(comparison(runs, plain, 60, false)).toEqual([
    "concurrently        1.20 s",
    "one after another   2.93 s",
    "One after another took 2.4 times as long.",
  ]);
  expect(comparison(runs, plain, 24)).toEqual([
    "concurrently      1.20 s",
    "one a…r another   2.93 s",
    "One after another took",
    "2.4 times as long.",
  ]);
  expect(comparison(runs.toReversed(), plain, 60).at(-1)).toBe("One after another was 2.4 times faster.");
  expect(comparison([runs[0]!, runs[0]!], plain, 60).at(-1)).toBe("One after another took as long.");
});

function final(width: number): string[] {
  const progress = run({ finished: true });
  const table = new Table(progress.urls, plain);
  return [
    ...finalTable(table, progress, width),
    ...summary(progress, (url) => table.nameOf(url), plain, width),
  ];
}

function live(width: number, height: number): string[] {
  const progress = run();
  return liveFrame(progress, new Table(progress.urls, plain), plain, { width, height });
}
