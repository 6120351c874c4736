import { Progress, type Page } from "../../src/cli/fetch/report.ts";

const SITE = "http://127.0.0.1:8080";

/** A run whose every time is fixed: five pages done, one of them failed, and two that are waited for. */
export function run({ finished = false } = {}): Progress {
  const urls = [
    "/search",
    "/news?page=2",
    "/weather",
    "/maps",
    "/a/very/long/way/down/to/the/page.html",
    "/mail",
    "/help",
  ];
  let now = 1000;
  const progress = new Progress(
    urls.map((path) => SITE + path),
    () => now,
  );
  const done = (index: number, startMs: number, ms: number, rest: Partial<Page> = {}) => {
    progress.finish(index, { url: progress.urls[index]!, status: 200, ms, startMs, bytes: 14_200, ...rest });
  };
  for (let index = 0; index < urls.length; index++) {
    now = 1000 + index;
    progress.begin(index);
  }
  done(2, 2, 98, { bytes: 999 });
  done(0, 0, 200);
  done(4, 4, 246, { bytes: 1_500_000 });
  done(1, 1, 299, {
    status: 503,
    bytes: 0,
    error: "the server answered 503 Service Unavailable",
    retries: 2,
  });
  done(3, 3, 397);
  now = 1500;
  if (finished) {
    done(6, 6, 494);
    done(5, 5, 1195, { status: null, bytes: 0, error: "timed out after 1.19 s without an answer" });
    now = 2200;
    progress.end();
  }
  return progress;
}
