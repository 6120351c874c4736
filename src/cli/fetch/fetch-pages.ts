import { call, coroutine, EventLoop, until, type Awaitable } from "cede";
import { Interrupted, withInterruption } from "../interruption.ts";
import { coloured, plain } from "../render/palette.ts";
import { describeTerminal } from "../render/terminal.ts";
import { printable } from "../render/text.ts";
import { count, plural } from "../render/units.ts";
import { startDemoServer } from "./demo-server.ts";
import { fetchAll, type Job } from "./fetch-all.ts";
import { JsonView } from "./json-view.ts";
import type { FetchOptions } from "./options.ts";
import { PlainView } from "./plain-view.ts";
import { Progress } from "./report.ts";
import { Folder } from "./save.ts";
import { readUrls, standardInput } from "./sources.ts";
import type { Run, View } from "./view.ts";

/** The job from options to exit code. */
export async function fetchPages(options: FetchOptions): Promise<number> {
  const view = await chooseView(options);
  const runs: Run[] = [];
  return withInterruption(async (signal) => {
    let code = 0;
    try {
      // What a loop reports is for those who write programs; here it would land in the middle of a picture.
      const quiet = { signal, onReport: () => {} };
      await EventLoop.run(() => fetchRuns(options, view, runs), quiet);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      code = error.exitCode;
    }
    view.close(runs, saved(options.output, runs[0]));
    if (code === 0 && runs.some(({ progress }) => progress.failed > 0)) code = 1;
    return code;
  });
}

const fetchRuns = coroutine(function* fetchRuns(
  options: FetchOptions,
  view: View,
  runs: Run[],
): Awaitable<void> {
  const demo = options.demo ? yield* until(startDemoServer()) : undefined;
  try {
    const urls = demo?.urls ?? (yield* call((signal) => readUrls(options, standardInput, signal)));
    const { output } = options;
    const folder = output === undefined ? undefined : yield* until(Folder.prepare(output, urls));
    const job: Job = { ...options, folder };
    yield* watched(urls, job, view, runs);
    // The bodies are there already; the second run is for its times.
    if (options.compare) yield* watched(urls, { ...job, concurrency: 1, folder: undefined }, view, runs);
  } finally {
    demo?.close();
  }
});

const watched = coroutine(function* watched(
  urls: readonly string[],
  job: Job,
  view: View,
  runs: Run[],
): Awaitable<void> {
  const progress = new Progress(urls);
  const how = inWords(job.concurrency);
  runs.push({ how, progress });
  view.begin(progress, how);
  try {
    yield* fetchAll(progress, job, (page) => view.finished(page));
  } finally {
    progress.end();
    view.end();
  }
});

function inWords(concurrency: number): string {
  if (concurrency === 1) return "one after another";
  return concurrency === Infinity ? "concurrently" : `${count(concurrency)} at a time`;
}

/** Who shows it. What draws in place is loaded only where somebody watches. */
async function chooseView(options: FetchOptions): Promise<View> {
  const { stdout, stderr } = process;
  const terminal = describeTerminal(options.json ? stderr : stdout);
  const palette = terminal.colour ? coloured : plain;
  if (options.json) {
    const json = new JsonView(stdout);
    if (!terminal.animated) return json;
    const { ProgressLine } = await import("./progress-line.ts");
    return new ProgressLine(stderr, palette, json);
  }
  if (!terminal.animated) return new PlainView(stdout, palette, options.compare);
  const { LiveView } = await import("./live-view.ts");
  return new LiveView(stdout, palette);
}

/** Only the first run saves. */
function saved(folder: string | undefined, run: Run | undefined): string | undefined {
  if (folder === undefined || run === undefined) return undefined;
  const files = run.progress.pages.filter((page) => page.file !== undefined).length;
  return `Saved ${plural(files, "page")} in ${printable(folder)}`;
}
