import { Command } from "commander";
import { DEFAULTS, parseOptions, type RawOptions } from "../fetch/options.ts";

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
      const options = parseOptions(urls, raw);
      // Loaded when it is needed: the other commands start without it.
      const { fetchPages } = await import("../fetch/fetch-pages.ts");
      process.exitCode = await fetchPages(options);
    });
}

const HELP = `
URLs are read from standard input also when it is a pipe and none is named.
A time-out begins with the request: waiting for a connection counts too.
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
