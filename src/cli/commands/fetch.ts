import { call, coroutine, run, until, type Awaitable } from "cede";
import { Command } from "commander";
import { startDemoServer } from "../fetch/demo-server.ts";
import { fetchAll, type Job } from "../fetch/fetch-all.ts";
import { JsonView } from "../fetch/json-view.ts";
import { LiveView } from "../fetch/live-view.ts";
import { DEFAULTS, parseOptions, type FetchOptions, type RawOptions } from "../fetch/options.ts";
import { PlainView } from "../fetch/plain-view.ts";
import { Progress } from "../fetch/report.ts";
import { Folder } from "../fetch/save.ts";
import { readUrls, standardInput } from "../fetch/sources.ts";
import type { Run, View } from "../fetch/view.ts";
import { Interrupted, withInterruption } from "../interruption.ts";
import { coloured, plain } from "../render/palette.ts";
import { describeTerminal } from "../render/terminal.ts";
import { printable } from "../render/text.ts";
import { count, plural } from "../render/units.ts";

export function fetchCommand(): Command {
  return new Command("fetch")
    .summary("request many pages at once")
    .description("Requests many pages at once, and shows each as it is done.")
    .usage("[options] URL…")
    .argument("[urls...]", "what to request; - reads more from standard input, one a line")
    .option("--from <file>", "read URLs from a file, one a line (may be repeated)", collect)
    .option("--concurrency <n>", "how many at once (default: all)")
    .option(
      "--timeout <ms>",
      `for one attempt, to the last byte; 0 for none (default: ${DEFAULTS.timeoutMs})`,
    )
    .option("--retries <n>", `after network errors, time-outs, 429 and 5xx (default: ${DEFAULTS.retries})`)
    .option("--max-bytes <n>", `give up on a longer body (default: ${DEFAULTS.maxBytes})`)
    .option("--sequential", "one after another")
    .option("--compare", "run it again one after another, and show both")
    .option("--json", "print one object instead, see below")
    .option("-o, --output <dir>", "save each body in a file of its own")
    .option("--demo", "request pages with fixed latencies from a server made for it")
    .addHelpText("after", HELP)
    .action(async (urls: string[], raw: RawOptions) => {
      process.exitCode = await fetchPages(parseOptions(urls, raw));
    });
}

const HELP = `
URLs are read from standard input also when it is a pipe and none is named.
A retry waits 100 ms, then 200, 400 … up to 2 s. A page that answers 4xx or 5xx has failed.
Exit code: 0 all pages answered, 1 some failed, 2 the command cannot be run as written,
130 and 143 after SIGINT (Ctrl-C) and SIGTERM, with what was done until then.

With --json:
  {runMs, cumulativeMs, slowestMs, pages: [{url, status, ms, startMs, bytes, error?, retries?, file?}]}
  pages         in the order in which they were done; all times in milliseconds
  url           as it was given
  status        of the answer, null when none came
  ms            to the last byte, retries and their delays included
  startMs       since the start of the run
  bytes         of the body, decoded
  error         why the page failed; absent when it did not
  retries       how often it was requested again; absent when it was not
  file          with -o, where the body was saved
  sequential    with --compare, such an object for the second run, one after another
  unfinished    after an interruption, the URLs that were not done

Examples:
  cede fetch https://example.com/ https://example.org/
  cede fetch --from urls.txt --concurrency 20 --retries 2 -o pages
  cede fetch --demo --compare`;

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** The job from options to exit code. */
async function fetchPages(options: FetchOptions): Promise<number> {
  const view = chooseView(options);
  const runs: Run[] = [];
  return withInterruption(async (signal) => {
    let code = 0;
    let folder: Folder | undefined;
    try {
      folder = await run(() => fetchRuns(options, view, runs), { signal });
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      code = error.exitCode;
    }
    view.close(runs, folder && saved(folder, runs[0]!.progress));
    if (code === 0 && runs.some(({ progress }) => progress.failed > 0)) code = 1;
    return code;
  });
}

const fetchRuns = coroutine(function* fetchRuns(
  options: FetchOptions,
  view: View,
  runs: Run[],
): Awaitable<Folder | undefined> {
  const demo = options.demo ? yield* until(startDemoServer()) : undefined;
  try {
    const urls = demo?.urls ?? (yield* call((signal) => readUrls(options, standardInput, signal)));
    const { output } = options;
    const folder = output === undefined ? undefined : yield* until(Folder.prepare(output, urls));
    const job: Job = { ...options, folder };
    yield* watched(urls, job, view, runs);
    // The bodies are there already; the second run is for its times.
    if (options.compare) yield* watched(urls, { ...job, concurrency: 1, folder: undefined }, view, runs);
    return folder;
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

function chooseView(options: FetchOptions): View {
  if (options.json) return new JsonView(process.stdout);
  const terminal = describeTerminal(process.stdout);
  const palette = terminal.colour ? coloured : plain;
  return terminal.animated
    ? new LiveView(process.stdout, palette)
    : new PlainView(process.stdout, palette, options.compare);
}

function saved(folder: Folder, progress: Progress): string {
  const files = progress.pages.filter((page) => page.file !== undefined).length;
  return `Saved ${plural(files, "page")} in ${printable(folder.path)}`;
}
