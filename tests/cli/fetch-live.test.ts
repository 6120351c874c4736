import type { WriteStream } from "node:tty";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { JsonView } from "../../src/cli/fetch/json-view.ts";
import { LiveView } from "../../src/cli/fetch/live-view.ts";
import { ProgressLine } from "../../src/cli/fetch/progress-line.ts";
import { Progress, type Page } from "../../src/cli/fetch/report.ts";
import { plain } from "../../src/cli/render/palette.ts";

// What is written to a terminal, from the first picture to the last. Time is the test's own.

let now = 0;
beforeEach(() => {
  now = 0;
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});
afterEach(() => vi.restoreAllMocks());

function terminal(): { stream: WriteStream; written: () => string } {
  let written = "";
  const stream = { isTTY: true, columns: 60, rows: 12, write: (text: string) => ((written += text), true) };
  return {
    stream: stream as unknown as WriteStream,
    written: () => {
      const since = written;
      written = "";
      return since;
    },
  };
}

function pageDone(progress: Progress, index: number, ms: number): void {
  progress.finish(index, {
    url: progress.urls[index]!,
    status: 200,
    ms,
    startMs: 0,
    bytes: 10,
  } satisfies Page);
}

test("the picture grows in place and gives way to the table", () => {
  const { stream, written } = terminal();
  const view = new LiveView(stream, plain);
  const progress = new Progress(["http://a/1", "http://a/2"], () => now);
  view.begin(progress, "concurrently");
  expect(written()).toBe("2 pages, concurrently, from http://a\n");

  progress.begin(0);
  progress.begin(1);
  now = 60;
  vi.advanceTimersByTime(60);
  const first = written();
  expect(stripVTControlCharacters(first)).toContain("·        60 ms           /1  ┄┄┄");
  expect(first).toContain("0 of 2  60 ms");

  pageDone(progress, 1, 100);
  now = 400;
  vi.advanceTimersByTime(340);
  expect(stripVTControlCharacters(written())).toContain("✓ 200   100 ms     10 B  /2  ━━━");

  pageDone(progress, 0, 500);
  now = 500;
  progress.end();
  view.end();
  const last = written();
  expect(stripVTControlCharacters(last).trim().split("\n").slice(-4)).toEqual([
    "✓ 200   100 ms     10 B  /2  ━━━━━━",
    "✓ 200   500 ms     10 B  /1  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
    "Run time 500 ms, cumulative 600 ms, slowest 500 ms (/1).",
    "Both pages fetched.",
  ]);

  view.close([{ how: "concurrently", progress }], "Saved 2 pages in x");
  expect(written()).toBe("Saved 2 pages in x\n");
  vi.advanceTimersByTime(5000);
  expect(written()).toBe("");
});

test("a second run stands apart, and both are compared", () => {
  const { stream, written } = terminal();
  const view = new LiveView(stream, plain);
  const runs = ["concurrently", "one after another"].map((how, index) => {
    const progress = new Progress(["http://a/1"], () => now);
    view.begin(progress, how);
    now += 100 * (index + 1);
    pageDone(progress, 0, 100);
    progress.end();
    view.end();
    return { how, progress };
  });
  expect(written()).toContain("1 page fetched.\n\n1 page, one after another\n");
  view.close(runs, undefined);
  expect(written().split("\n")).toEqual([
    "",
    "concurrently        100 ms  ━━━━━━━━━━━━━━━━",
    "one after another   200 ms  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
    "One after another took 2.0 times as long.",
    "",
  ]);
});

test("--json shows one line of progress on standard error, and takes it away", () => {
  const { stream, written } = terminal();
  let json = "";
  const view = new ProgressLine(stream, plain, new JsonView({ write: (text) => void (json += text) }));
  const progress = new Progress(["http://a/1", "http://a/2"], () => now);
  view.begin(progress);
  pageDone(progress, 0, 10);
  now = 60;
  vi.advanceTimersByTime(60);
  expect(stripVTControlCharacters(written())).toBe(
    "━━━━━━━━━━━━━━━━━━━━━━───────────────────────  1 of 2  60 ms\n",
  );
  pageDone(progress, 1, 60);
  progress.end();
  view.end();
  expect(stripVTControlCharacters(written()).trim()).toBe("");
  expect(json).toBe("");
  view.close([{ how: "concurrently", progress }], undefined);
  expect(JSON.parse(json)).toMatchObject({ runMs: 60, cumulativeMs: 70, slowestMs: 60 });
});
